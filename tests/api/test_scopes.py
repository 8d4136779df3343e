# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Every operation by every role with every scope: exactly what the table says, and nothing else."""

import re
from typing import Any

import pytest

from app.api.application import api, document_of
from app.domain.key import SCOPES, Role, Scope
from tests.api.calling import Caller, a_delivery

S, O, V = Role.SOURCE, Role.OPERATOR, Role.VIEWER  # noqa: E741 - a table
WRITE, READ, CHANNELS = Scope.NOTICES_WRITE, Scope.NOTICES_READ, Scope.CHANNELS_ADMIN
SOURCES, REDRIVE, AUDIT = Scope.SOURCES_ADMIN, Scope.REDRIVE, Scope.AUDIT_READ
ANY = frozenset(Scope)
TABLE: dict[str, tuple[set[Role], frozenset[Scope] | set[Scope]]] = {
    "hand_in_notice": ({S}, {WRITE}),
    "hand_in_batch": ({S}, {WRITE}),
    "show_intake_capabilities": ({S, O, V}, ANY),
    "preview_notice": ({S, O}, {WRITE}),
    "list_notices": ({S, O, V}, {READ}),
    "show_notice": ({S, O, V}, {READ}),
    "list_deliveries": ({S, O, V}, {READ}),
    "amend_notice": ({S, O}, {WRITE}),
    "withdraw_notice": ({S, O}, {WRITE}),
    "approve_text": ({S, O}, {WRITE}),
    "countersign_notice": ({O}, {REDRIVE}),
    "make_callback": ({S, O}, {WRITE}),
    "list_callbacks": ({S, O, V}, {READ}),
    "show_callback": ({S, O, V}, {READ}),
    "change_callback": ({S, O}, {WRITE}),
    "retire_callback": ({S, O}, {WRITE}),
    "make_callback_secret": ({S, O}, {WRITE}),
    "check_callback": ({S, O}, {WRITE}),
    "list_calls": ({S, O, V}, {READ}),
    "replay_call": ({S, O}, {WRITE}),
    "recover_calls": ({S, O}, {WRITE}),
    "replay_missing_calls": ({S, O}, {WRITE}),
    "make_channel": ({O}, {CHANNELS}),
    "show_channel": ({O, V}, {READ, CHANNELS}),
    "list_channels": ({O, V}, {READ, CHANNELS}),
    "change_channel": ({O}, {CHANNELS}),
    "retire_channel": ({O}, {CHANNELS}),
    "check_channel": ({O}, {CHANNELS}),
    "make_channel_secret": ({O}, {CHANNELS}),
    "name_service": ({O}, {SOURCES}),
    "show_service": ({S, O, V}, ANY),
    "list_services": ({S, O, V}, ANY),
    "make_source": ({O}, {SOURCES}),
    "show_source": ({O, V}, {SOURCES, AUDIT}),
    "list_sources": ({O, V}, {SOURCES, AUDIT}),
    "change_source": ({O}, {SOURCES}),
    "issue_source_key": ({O}, {SOURCES}),
    "list_source_keys": ({O, V}, {SOURCES, AUDIT}),
    "show_source_key": ({O, V}, {SOURCES, AUDIT}),
    "revoke_source_key": ({O}, {SOURCES}),
    "issue_key": ({O}, {SOURCES}),
    "list_keys": ({O, V}, {SOURCES, AUDIT}),
    "show_key": ({O, V}, {SOURCES, AUDIT}),
    "revoke_key": ({O}, {SOURCES}),
    "list_dead_letters": ({O, V}, {READ, REDRIVE}),
    "redrive_dead_letter": ({O}, {REDRIVE}),
    "redrive_dead_letters": ({O}, {REDRIVE}),
    "list_held": ({O, V}, {READ, REDRIVE}),
    "decide_delivery": ({O}, {REDRIVE}),
    "decide_held": ({O}, {REDRIVE}),
    "list_choices": ({O, V}, {READ, REDRIVE}),
    "choose_push": ({O}, {REDRIVE}),
    "choose_pushes": ({O}, {REDRIVE}),
    "list_pushes": ({O, V}, {READ, CHANNELS}),
    "enter_push": ({O}, {CHANNELS}),
    "list_acts": ({O, V}, {AUDIT}),
}
"""Operation: who may, and with any one of which scopes."""
WITHOUT_A_KEY = {"status", "report_leaked_key"}
DOCUMENT: dict[str, Any] = document_of(api())
METHODS = ("get", "put", "post", "patch", "delete")
OPERATIONS: dict[str, tuple[str, str, str]] = {
    item[method]["operationId"]: (method.upper(), path, item[method]["description"])
    for path, item in DOCUMENT["paths"].items()
    for method in METHODS
    if method in item
}
"""Operation: method, path, what the document says."""
SEEN_BY_ALL = {"show_service"}
OWNED = [name for name, (_, path, _) in OPERATIONS.items() if "{" in path and S in TABLE.get(name, ((), ()))[0]]
"""What a source may do with a thing that it names, and that could be another's."""
HOLDERS = [(role, scope) for role in Role for scope in Scope if scope in SCOPES[role]]
UNKNOWN = "0193a1b2-7c4d-7e8f-9a0b-1c2d3e4f5a6b"
NOTHING = {"slug": "nessuno", "notice_id": UNKNOWN, "delivery_id": "1", "key_id": "0" * 12, "callback_id": UNKNOWN}


def filled(path: str, values: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], "1"), path)


def an_example(path: str, method: str) -> tuple[Any, dict[str, str]]:
    """Give the first body that the document shows for an operation, and how it is sent."""
    content = DOCUMENT["paths"][path][method].get("requestBody", {}).get("content", {})
    for media_type, media in content.items():
        return next(iter(media["examples"].values()))["value"], {"Content-Type": media_type}
    return None, {}


def test_the_table_names_every_operation_and_no_other() -> None:
    assert OPERATIONS.keys() == TABLE.keys() | WITHOUT_A_KEY


@pytest.fixture(scope="session")
async def holders(operator: Caller) -> dict[tuple[Role, Scope], Caller]:
    """Give a caller for each role with each one of its scopes."""
    slug = (await operator.a_source()).slug
    await operator.pool.execute("update key set revoked_at = now() where source = $1", slug)
    made = {}
    for role, scope in HOLDERS:
        path = f"/v1/sources/{slug}/keys" if role is Role.SOURCE else "/v1/keys"
        whose = {} if role is Role.SOURCE else {"role": role}
        answer = await operator.post(path, {**whose, "label": scope, "scopes": [scope]})
        made[role, scope] = operator.having(answer.body["key"])
    return made


@pytest.mark.parametrize("name", OPERATIONS)
async def test_an_operation_is_for_those_of_the_table_only(
    operator: Caller, holders: dict[tuple[Role, Scope], Caller], name: str
) -> None:
    method, path = OPERATIONS[name][0], "/v1" + filled(OPERATIONS[name][1], NOTHING)

    answers = {holder: await caller.call(method, path) for holder, caller in holders.items()}
    nobody = await operator.having(None).call(method, path)

    allowed = {holder for holder, answer in answers.items() if answer.status != 403}
    roles, scopes = TABLE.get(name, (set(Role), ANY))
    assert allowed == {(role, scope) for role, scope in HOLDERS if role in roles and scope in scopes}
    assert (nobody.status == 401) == (name in TABLE)


@pytest.mark.parametrize("name", sorted(set(OWNED) - SEEN_BY_ALL))
async def test_what_belongs_to_another_source_is_not_found(operator: Caller, source: Caller, name: str) -> None:
    owner, address, delivery = await a_delivery(operator)
    callback = (await owner.post("/v1/callbacks", {"url": "https://comune.example.it/eventi"})).body["id"]
    before = await operator.get(address)
    names = {"notice_id": address.rsplit("/", 1)[-1], "delivery_id": str(delivery), "callback_id": callback}
    method, path, _ = OPERATIONS[name]
    body, headers = an_example(path, method.lower())

    answer = await source.call(method, "/v1" + filled(path, names), body, {"If-Match": "*", **headers})

    assert (answer.status, answer.problem) == (404, "not-found")
    assert (await operator.get(address)).body == before.body
    assert (await owner.get(f"/v1/callbacks/{callback}")).body["id"] == callback


@pytest.mark.parametrize("name", [name for name, (_, scopes) in TABLE.items() if scopes != ANY])
def test_the_document_says_the_scopes_of_each_operation(name: str) -> None:
    assert set(re.findall(r"`([a-z-]+:[a-z]+)`", OPERATIONS[name][2])) == set(TABLE[name][1])
