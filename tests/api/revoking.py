# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Keys that are revoked at one process while another remembers them, and what there is in the database."""

from app.domain.key import Role
from tests.api.calling import Caller

TABLES = (
    *("notice", "revision", "delivery", "audit", "endpoint", "service", "source", "channel", "channel_check"),
    *("idempotency_key", "alert_message", "approval", "secret", "bulletin_level", "bulletin_doubt"),
)
# Ordered: where the tables have grown, Postgres reads several at a time.
STATE = " union all ".join(
    f"select '{table}', md5(string_agg(each::text, '|' order by each::text)) from {table} each"  # noqa: S608 - ours
    for table in TABLES
)
STATE += " order by 1"


def number_of(caller: Caller) -> str:
    return str(caller.key)[10:22]


async def revoke(operator: Caller, caller: Caller) -> None:
    path = f"/v1/sources/{caller.slug}/keys" if caller.slug else "/v1/keys"
    answer = await operator.call("DELETE", f"{path}/{number_of(caller)}")
    assert answer.status == 204


async def of_role(operator: Caller, owner: Caller, role: Role) -> Caller:
    if role is Role.SOURCE:
        made = await operator.post(f"/v1/sources/{owner.slug}/keys", {})
        return operator.having(made.body["key"], owner.slug)
    return operator.having((await operator.post("/v1/keys", {"role": "operator", "label": "Ufficio"})).body["key"])


async def remembered(elsewhere: Caller, caller: Caller) -> Caller:
    """Let the other process know the key, whose revocation it is not told of."""
    there = elsewhere.having(caller.key, caller.slug)
    assert (await there.get("/v1/services?limit=1")).status == 200
    return there
