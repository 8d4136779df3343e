# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Urgent broadcasts wait for a second person, where the installation asks for one."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from app.amend import Change, amend, withdraw
from app.audit import Actor, verify
from app.countersign import Word, countersign
from app.database import Pool
from app.domain.errors import ForbiddenError
from app.domain.outcome import Delivered
from app.intake import Accepted, Origin, accept
from app.outbox import sweep
from app.routing import Routing, Snapshot
from tests.given import a_channel, a_notice
from tests.outbox.conftest import claimed, deliveries, recorded
from tests.outbox.letting_go import LettingGo
from tests.reliability.home import Home


async def handed_in(pool: Pool, *, second_person: bool = True, **members: Any) -> Accepted:
    routing = Routing(Snapshot(second_person=second_person))
    return await accept(pool, routing, a_notice(**{"priority": "urgent", **members}), Origin("mensa", "source"))


async def served(pool: Pool) -> list[str]:
    said: list[str] = []
    while (taken := await claimed(pool)).calls or taken.ended:
        for call in taken.calls:
            said.append(call.owed.slug)
            await recorded(pool, call, Delivered(("1",)))
    return sorted(said)


async def let_go(pool: Pool, number: UUID, revision: int = 1, who: str = "maria", why: str | None = None) -> bool:
    async with pool.acquire() as connection, connection.transaction():
        return await countersign(connection, number, Word(revision, "Maria Rossi", why), Actor(who))


async def test_an_urgent_broadcast_goes_when_a_second_person_lets_it_go(pool: Pool) -> None:
    await a_channel(pool)
    done = await handed_in(pool)

    before = await served(pool)
    (row,) = await deliveries(pool)
    assert await let_go(pool, done.id)

    assert (done.waits, before, await served(pool)) == (True, [], ["scuola"])
    assert (row["state"], row["awaits"], row["last_error"]) == ("due", "second-person", "waits for a second person")
    assert not await let_go(pool, done.id)


@pytest.mark.parametrize(
    "members",
    [{"priority": "normal"}, {"audience": {"grades": ["primaria"]}}, {"second_person": False}],
    ids=["not urgent", "not for everybody", "not asked for"],
)
async def test_all_else_goes_at_once(pool: Pool, members: dict[str, Any]) -> None:
    await a_channel(pool, "nidi", grades=["nidi"])
    await a_channel(pool)

    await handed_in(pool, **members)

    assert "scuola" in await served(pool)


async def test_an_audience_that_leaves_nobody_out_is_no_way_round(pool: Pool) -> None:
    await a_channel(pool, "nidi", grades=["nidi"])
    await a_channel(pool)

    await handed_in(pool, audience={"grades": ["nidi", "primaria"]})

    assert await served(pool) == []


async def test_a_broadcast_that_waits_holds_up_no_later_notice(pool: Pool) -> None:
    await a_channel(pool)
    await handed_in(pool)
    await served(pool)

    await handed_in(pool, priority="bulk")

    assert await served(pool) == ["scuola"]


async def test_a_broadcast_that_waits_expires_at_its_time(pool: Pool) -> None:
    await a_channel(pool)
    await handed_in(pool, expires_at="2099-01-01T00:00:00Z")
    await served(pool)

    await pool.execute("update delivery set expires_at = now()")
    await sweep(pool)

    assert [row["state"] for row in await deliveries(pool)] == ["expired"]


async def test_an_operator_who_corrected_it_is_no_second_person_but_may_break_the_glass(pool: Pool) -> None:
    await a_channel(pool)
    number = (await handed_in(pool, event_id="e1")).id
    change = Change(number, "mensa", "maria", None, Actor("maria"))
    await amend(
        pool, Routing(Snapshot(second_person=True)), change, a_notice(event_id="e1", priority="urgent", kind="alert")
    )

    with pytest.raises(ForbiddenError):
        await let_go(pool, number, 2)
    await let_go(pool, number, 2, why="alle 3 nessuno risponde")

    assert await served(pool) == ["scuola"]
    row = await pool.fetchrow("select act, why, after from audit order by number desc limit 1")
    assert row is not None
    assert tuple(row) == ("notice.glass-broken", "alle 3 nessuno risponde", '{"name": "Maria Rossi", "revision": 2}')
    assert await verify(pool) == (2, [])


async def test_what_is_withdrawn_while_a_correction_waits_is_struck_as_it_stands_there(pool: Pool) -> None:
    await a_channel(pool)
    number = (await handed_in(pool, event_id="e1", texts={"it": {"title": "Letto"}})).id
    await let_go(pool, number)
    await served(pool)
    routing, unread = Routing(Snapshot(second_person=True)), {"it": {"title": "Da nessuno letto"}}
    await amend(
        pool,
        routing,
        Change(number, "mensa", "anna", None),
        a_notice(event_id="e1", priority="urgent", texts=unread),
    )

    await withdraw(pool, Change(number, "mensa", "anna", None))

    (call,) = (await claimed(pool)).calls
    assert call.intent.payload == "Letto r2 True"


async def test_a_word_waits_for_the_claim_that_has_not_seen_it(patient: Pool) -> None:
    await a_channel(patient)
    number = (await handed_in(patient)).id

    async with patient.acquire() as connection, connection.transaction():
        await connection.execute("select from delivery for no key update")
        word = asyncio.create_task(let_go(patient, number))
        async with asyncio.timeout(60):
            while not await patient.fetchval("select exists (select from pg_locks where not granted)"):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await connection.execute("update delivery set due_at = now() + interval '1 h', awaits = 'second-person'")
    assert await word

    assert await served(patient) == ["scuola"]


async def runs(url: str, examples: int, steps: int) -> None:
    LettingGo.home = Home(url)
    how = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
    )
    try:
        await asyncio.to_thread(run_state_machine_as_test, LettingGo, settings=how)
    finally:
        LettingGo.home.close()


async def test_in_whatever_order_nothing_is_shown_that_nobody_let_go(database_url: str) -> None:
    """30 runs of 15 steps; the night has 500 of 30."""
    await runs(database_url, 30, 15)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
async def test_all_night_nothing_is_shown_that_nobody_let_go(database_url: str) -> None:
    await runs(database_url, 500, 30)
