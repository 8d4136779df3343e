# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A family that goes is forgotten: its chat is in no table any more, while what was delivered still counts."""

import json

from app.database import Pool
from app.erasing import fingerprint
from app.tables import Notice
from tests.api.calling import Caller, fresh

CHAT = "47110815471108"


async def everywhere(pool: Pool) -> str:
    """Give every row of every table as text, bytes as they are read."""
    names = [table.name for table in Notice.metadata.sorted_tables]
    rows = [await pool.fetch(f"select row_to_json(t)::text as row from {name} t") for name in names]  # noqa: S608 - ours
    return "\n".join(row["row"] for table in rows for row in table)


async def a_family(operator: Caller) -> tuple[str, int]:
    """Make a family's own chat with one delivery whose every trace names it; give its slug and the delivery."""
    service = await operator.a_service()
    slug, pool = fresh("famiglia"), operator.pool
    body = {"slug": slug, "kind": "telegram", "address": CHAT, "language": "it", "audience": {"services": [service]}}
    made = await operator.post(
        "/v1/channels", {**body, "title": f"Chat {CHAT}"}, Idempotency_Key=f'"{fresh("chiave")}"'
    )
    assert made.status == 201
    await (await operator.a_source()).hand_in(service=service)
    delivery: int = await pool.fetchval(
        "select d.id from delivery d join channel c on c.id = channel_id where slug = $1", slug
    )
    posts = json.dumps([{"reference": f"{CHAT}/7"}])
    await pool.execute(
        "update delivery set state = 'delivered', shown = 1, posts = $2::json, intent = $2::json, last_error = $3,"
        " settled_at = now() where id = $1",
        delivery,
        posts,
        f"chat {CHAT} not found",
    )
    await pool.execute(
        "insert into attempt (delivery_id, token, action, part, revision, outcome, error, reference)"
        " values ($1, 1, 'post', 0, 1, 'delivered', $2, $2)",
        delivery,
        CHAT,
    )
    await pool.execute("insert into channel_check (id, kind, address) values (gen_random_uuid(), 'telegram', $1)", CHAT)
    return slug, delivery


async def test_a_familys_chat_is_gone_from_every_table_but_counts(operator: Caller) -> None:
    slug, delivery = await a_family(operator)
    assert CHAT in await everywhere(operator.pool)
    assert CHAT.encode().hex() in await everywhere(operator.pool)

    retired = await operator.call("DELETE", f"/v1/channels/{slug}")

    left = await everywhere(operator.pool)
    assert retired.status == 204
    assert CHAT not in left
    assert CHAT.encode().hex() not in left
    row = await operator.pool.fetchrow("select state, shown, posts from delivery where id = $1", delivery)
    assert row is not None
    assert (row["state"], row["shown"], row["posts"]) == ("delivered", 1, "[]")
    assert await operator.pool.fetchval("select outcome from attempt where delivery_id = $1", delivery) == "delivered"


async def test_the_audit_log_can_answer_whether_a_known_chat_was_erased(operator: Caller) -> None:
    slug, _ = await a_family(operator)
    await operator.call("DELETE", f"/v1/channels/{slug}")

    (entry,) = (await operator.get(f"/v1/audit?target=channel/{slug}&act=channel.retired")).body["items"]

    told = {one["member"]: json.loads(one["after"]) for one in entry["changes"]}
    salt = bytes.fromhex(told["salt"])
    assert told["address_hash"] == fingerprint(CHAT, salt).hex() != fingerprint("1", salt).hex()


async def test_of_a_public_channel_the_history_stays(operator: Caller) -> None:
    slug = await operator.a_channel("mensa", address="-1009998887776")

    await operator.call("DELETE", f"/v1/channels/{slug}")

    assert "-1009998887776" in await everywhere(operator.pool)


def test_no_table_has_a_place_for_who_follows_a_channel() -> None:
    names = {f"{table.name}.{column.name}" for table in Notice.metadata.sorted_tables for column in table.columns}

    assert [
        name for name in names if any(word in name for word in ("phone", "mail", "member", "subscriber", "person"))
    ] == []
