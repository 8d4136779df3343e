# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Whoever holds a channel and its deliveries has the channel first: a person and a worker never wait in a circle."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from app.approve import release
from app.audit import Actor
from app.channels import channel_named, pause, retire
from app.database import Pool, driver_of, engine_to
from app.domain.outcome import Delivered, Doubted, Gone, Outcome, Throttled, Wire
from app.domain.settle import settle
from app.outbox import Claimed, Done, Turn, claim, give_back, record, resume
from app.outbox.breaker import note_trouble
from app.tables import Channel
from tests.given import a_channel, accepted
from tests.outbox.conftest import TURN, claimed, plain, recorded
from tests.outbox.pausing import paused
from tests.reliability.ground import until

PACE = "select from pace where kind = '{}' for update nowait"
WAITED_FOR = """
select exists (
  select from pg_stat_activity where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0)
"""
ALSO_LATE = """
insert into delivery (notice_id, channel_id, lane, ready_at, due_at, rank, give_up_at, state, parked, wanted)
select notice_id, $2, lane, ready_at, due_at, rank, give_up_at, state, parked, wanted
  from delivery where notice_id = $1
"""
ADMIN = Actor("admin")
Act = Callable[[AsyncSession, Channel], Awaitable[object]]
End = Callable[[Pool, Claimed], Awaitable[object]]
Write = Callable[[Pool, Sequence[Done]], Awaitable[object]]


async def resumed(session: AsyncSession, channel: Channel) -> None:
    assert await resume(await driver_of(session), channel.id)


ACTS: dict[str, tuple[str, Act]] = {
    "a pause": ("-100", lambda session, channel: pause(session, channel, ADMIN)),
    "a resume": ("-100", resumed),
    "a retirement": ("-100", lambda session, channel: retire(session, channel, ADMIN)),
    "the end of a family's chat": ("100", lambda session, channel: retire(session, channel, ADMIN)),
}
ENDS: dict[str, End] = {
    "an outcome": lambda pool, call: recorded(pool, call, Delivered(("42",))),
    "an outcome for the whole channel": lambda pool, call: recorded(pool, call, Gone("the bot was removed")),
    "what was not sent": lambda pool, call: give_back(pool, plain(), call),
}


async def is_waited_for(pool: Pool) -> bool:
    waits: bool = await pool.fetchval(WAITED_FOR)
    return waits


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("act", ACTS)
async def test_what_a_person_does_with_a_channel_and_what_a_worker_records_never_wait_in_a_circle(
    pool: Pool, database_url: str, act: str, end: str
) -> None:
    address, does = ACTS[act]
    await a_channel(pool, address=address)
    await accepted(pool)
    (call,) = (await claimed(pool, lease=3600)).calls
    if act == "a resume":
        await paused(database_url)
    engine = engine_to(database_url, {}, pool_size=1)  # both wait for as long as it takes

    async with (
        asyncpg.create_pool(database_url, min_size=0) as patient,
        asyncio.TaskGroup() as group,
        AsyncSession(engine) as session,
        session.begin(),
    ):
        channel = await channel_named(session, "scuola", for_update=True)
        group.create_task(ENDS[end](patient, call))  # type: ignore[arg-type]
        await until(lambda: is_waited_for(pool))
        await does(session, channel)
    await engine.dispose()

    assert await pool.fetchval("select not exists (select from delivery where lease_until is not null)")


async def two_are_throttled(pool: Pool, outcome: Outcome) -> list[Done]:
    """Claim a notice of two kinds, and have both told to wait, the later kind first."""
    ended = []
    for kind in ("telegram", "paper"):
        await pool.execute("insert into pace (kind, slowdown) values ($1, 1) on conflict do nothing", kind)
        await a_channel(pool, kind, kind=kind)
        await accepted(pool)
        (call,) = (await claim(pool, replace(plain(), name=kind), Turn(1, TURN.horizon, timedelta(hours=1)))).calls
        settlement = settle(call.owed.progress, call.intent, outcome, datetime.now(UTC), 0.0)
        ended.append(Done(call.owed, call.intent, call.token, outcome, settlement, Wire.RESPONSE))
    return ended


WRITES: dict[str, Write] = {
    "outcomes": record,
    "trouble": lambda pool, done: note_trouble(pool, {one.owed.kind for one in done}),
}


@pytest.mark.parametrize("outcome", [Throttled(1), Doubted("too many requests: retry after 1", 1)])
@pytest.mark.parametrize("write", WRITES)
async def test_whoever_writes_to_the_paces_of_two_kinds_holds_none_while_it_waits_for_the_first(
    pool: Pool, database_url: str, write: str, outcome: Outcome
) -> None:
    done = await two_are_throttled(pool, outcome)

    async with (
        asyncpg.create_pool(database_url, min_size=0) as patient,
        asyncio.TaskGroup() as group,
        patient.acquire() as other,
        other.transaction(),
    ):
        await other.execute(PACE.format("paper"))
        group.create_task(WRITES[write](patient, done))  # type: ignore[arg-type]
        await until(lambda: is_waited_for(pool))
        await other.execute(PACE.format("telegram"))


async def test_whoever_lets_all_of_a_service_go_on_has_the_deliveries_of_all_its_notices_in_their_order(
    pool: Pool, database_url: str
) -> None:
    await a_channel(pool)
    first, second = [(await accepted(pool)).id for _ in range(2)]
    late = await a_channel(pool, "tardi")
    await pool.execute(ALSO_LATE, first, late)  # as by a correction: the last delivery is of the first notice
    await pool.execute("update delivery set awaits = 'zh'")

    async with (
        asyncpg.create_pool(database_url, min_size=0) as patient,
        asyncio.TaskGroup() as group,
        patient.acquire() as other,
        other.transaction(),
    ):
        await other.execute("select from delivery where notice_id = $1 for no key update", second)
        group.create_task(released(patient))
        await until(lambda: is_waited_for(pool))
        await other.execute("select from delivery where channel_id = $1 for no key update", late)

    assert await pool.fetchval("select count(*) from delivery where awaits is null") == 3


async def released(pool: Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await release(connection, "mensa")
