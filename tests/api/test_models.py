# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""No body sets what is ours to set, and no answer has a member that should not leave the house."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from app.api.application import api, document_of
from tests.api.calling import Caller, a_delivery

DOCUMENT: dict[str, Any] = document_of(api())
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
OURS = ("id", "state", "status", "sent_at", "attempts", "revision", "created_by", "digest")
"""Members that a caller might try to set."""
SHOWN_ONCE = {"SecretMade": {"secret"}, "CallbackMade": {"secret"}, "EndpointMade": {"secret"}}
SECRETS = re.compile(r"secret|token|digest|pepper|password|authorization|(?<!_)hash$")
CHAIN = {"AuditSeen": {"hash"}}
WISHES = {"KeyWish", "PersonKeyWish", "DecisionMade", "DecisionForMany", "RedriveWish"}
BODIES = {"Notice", "NewChannel", "NewSource", "ServiceName"} | WISHES


def answered(node: Any) -> Iterator[str]:
    """Give the names of the schemas that a part of the document refers to, and those that they refer to."""
    for name in set(re.findall(r"#/components/schemas/(\w+)", json.dumps(node))):
        yield name
        yield from answered(SCHEMAS[name])


GOOD = {
    name
    for item in DOCUMENT["paths"].values()
    for operation in item.values()
    if isinstance(operation, dict)
    for status, answer in operation.get("responses", {}).items()
    if status.startswith("2")
    for name in answered(answer)
}


@pytest.mark.parametrize("name", sorted(GOOD))
def test_an_answer_has_no_member_that_is_called_like_a_secret(name: str) -> None:
    members = {member for member in SCHEMAS[name].get("properties", {}) if SECRETS.search(member)}

    assert members <= SHOWN_ONCE.get(name, set()) | CHAIN.get(name, set())


@pytest.mark.parametrize("name", sorted(BODIES))
def test_a_body_takes_no_member_that_it_does_not_know(name: str) -> None:
    assert SCHEMAS[name]["additionalProperties"] is False
    assert not set(SCHEMAS[name]["properties"]) & set(OURS)


@pytest.mark.parametrize("member", OURS)
async def test_what_is_ours_to_set_cannot_be_set(operator: Caller, member: str) -> None:
    source, path, _ = await a_delivery(operator)
    before = await source.get(path)

    answers = [
        await source.hand_in(**{member: "x"}),
        await source.patch(path, {member: "x"}, If_Match="*"),
        await operator.patch(f"/v1/sources/{source.slug}", {member: "x"}),
        await operator.post("/v1/keys", {"role": "viewer", "label": "x", member: "x"}),
    ]

    assert [(answer.status, answer.pointers) for answer in answers] == [(422, [f"#/{member}"])] * 4
    assert (await source.get(path)).body == before.body
