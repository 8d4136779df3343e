# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Whatever a key asks for after its revocation was answered changes nothing, in whatever process it is used."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi.routing import APIRoute

from app.api.application import api
from app.api.callers import Acting
from app.domain.key import Role
from tests.api.calling import Answer, Caller, a_delivery, fresh
from tests.api.revoking import STATE, number_of, of_role, remembered, revoke
from tests.api.test_scopes import OPERATIONS, TABLE, an_example, filled

ROUNDS, CALLERS, MORE = 6, 6, 2


@dataclass
class Race:
    """Callers who go on handing in at one process while their key is revoked at another."""

    there: Caller
    is_over: bool = False
    before: list[int] = field(default_factory=list)
    after: list[int] = field(default_factory=list)

    async def go_on(self) -> None:
        late = 0
        while late < MORE:
            seen = self.after if self.is_over else self.before
            late += self.is_over
            seen.append((await self.there.hand_in()).status)

    async def end(self, operator: Caller) -> None:
        while 202 not in self.before:  # noqa: ASYNC110 - from then on the other process remembers the key
            await asyncio.sleep(0)
        await revoke(operator, self.there)
        self.is_over = True


async def test_no_process_accepts_a_notice_after_the_revocation_was_answered(
    operator: Caller, elsewhere: Caller
) -> None:
    others = elsewhere.having((await operator.a_source()).key)
    for _ in range(ROUNDS):
        source = await operator.a_source()
        race = Race(elsewhere.having(source.key, source.slug))

        going_on = [race.go_on() for _ in range(CALLERS)]
        _, *untouched = await asyncio.gather(race.end(operator), *(others.hand_in() for _ in range(CALLERS)), *going_on)

        assert race.after == [401] * CALLERS * MORE
        assert set(race.before) <= {202, 401}
        assert {answer.status for answer in untouched if answer is not None} == {202}
        stored = await operator.pool.fetchval("select count(*) from notice where source = $1", source.slug)
        assert stored == race.before.count(202)


WRITING = [name for name, (method, *_) in OPERATIONS.items() if method != "GET" and name in TABLE]
CASES = [(name, role) for name in WRITING for role in sorted(TABLE[name][0])]
NOTHING_WRITTEN = {"preview_notice"}
NOT_PREPARED = {"choose_push", "choose_pushes", "countersign_notice", "enter_push", "approve_text", "replay_call"}
"""Nothing here waits for these; they write their act down like all others."""
ACTS = {
    route.name
    for route in api().routes
    if isinstance(route, APIRoute) and any(isinstance(each.call, Acting) for each in route.dependant.dependencies)
}
"""What the audit log keeps, at least when an operator does it."""
OTHERWISE = {
    "change_source": {"name": "Un altro nome"},
    "redrive_dead_letters": {},
    "decide_held": {"decision": "give_up"},
}
DEAD, HELD = ("redrive_dead_letter", "redrive_dead_letters"), ("decide_delivery", "decide_held")
STATES = {**dict.fromkeys(DEAD, "dead"), **dict.fromkeys(HELD, "held")}


@dataclass(frozen=True)
class Things:
    """What there is to act upon, and who owns it."""

    owner: Caller
    values: dict[str, str]

    async def ask(self, caller: Caller, name: str) -> Answer:
        """Do as the document shows it, with a name of its own where something is made."""
        method, path, _ = OPERATIONS[name]
        body, headers = an_example(path, method.lower())
        if isinstance(body, dict) and "slug" in body:
            body = {**body, "slug": fresh("nuovo")}
        body = OTHERWISE.get(name, body)
        if name == "make_callback":
            body = {"url": "https://comune.example.it/altri", "source": self.owner.slug}
        if name == "make_channel":
            body["audience"] = {"services": [self.values["services"]]}
        folder = path.split("/")[1]
        values = {**self.values, "slug": self.values[folder]} if folder in self.values else self.values
        return await caller.call(method, "/v1" + filled(path, values), body, {"If-Match": "*", **headers})


async def things(operator: Caller, name: str) -> Things:
    """Make one of each, the delivery in the state that the operation is for."""
    owner, address, delivery = await a_delivery(operator)
    row: Any = await operator.pool.fetchrow(
        "select n.service, c.slug from delivery d join notice n on n.id = d.notice_id "
        "join channel c on c.id = d.channel_id where d.id = $1",
        delivery,
    )
    callback = (await owner.post("/v1/callbacks", {"url": "https://comune.example.it/eventi"})).body["id"]
    await operator.pool.execute(
        "update delivery set state = $2, settled_at = now(), token = 3 where id = $1", delivery, STATES.get(name, "due")
    )
    if name == "make_channel_secret":
        await operator.pool.execute("update channel set kind = 'webhook' where slug = $1", row["slug"])
    names = {"services": row["service"], "channels": row["slug"], "sources": owner.slug}
    ids = {"notice_id": address.rpartition("/")[2], "delivery_id": str(delivery), "callback_id": callback}
    person = (await operator.post("/v1/keys", {"role": "viewer", "label": "Sala"})).body["id"]
    key = number_of(owner) if name == "revoke_source_key" else person
    return Things(owner, {**names, **ids, "key_id": key})


@pytest.mark.parametrize(("name", "role"), CASES, ids=str)
async def test_what_a_standing_key_may_do_a_fallen_one_may_not(
    operator: Caller, elsewhere: Caller, name: str, role: Role
) -> None:
    there = await things(operator, name)
    fallen = await of_role(operator, there.owner, role)
    meanwhile = await remembered(elsewhere, fallen)
    await revoke(operator, fallen)
    before = await operator.pool.fetch(STATE)

    refused = await there.ask(meanwhile, name)
    after = await operator.pool.fetch(STATE)
    whoever = await of_role(operator, there.owner, role)
    standing = await there.ask(whoever, name)

    assert after == before
    assert standing.status < 300 or name in NOT_PREPARED
    assert refused.status == 401 or name in NOT_PREPARED | NOTHING_WRITTEN
    if role is Role.OPERATOR and name in ACTS - NOT_PREPARED:
        assert await operator.pool.fetchval("select count(*) from audit where who = $1", number_of(whoever)) >= 1
