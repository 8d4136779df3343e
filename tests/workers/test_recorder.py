# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Outcomes are written down many at a time; who holds the row of one keeps none of the others unwritten."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import asyncpg
import pytest
from structlog.testing import capture_logs

from app.amend import Change, withdraw
from app.database import SERVER_SETTINGS, Pool
from app.domain.delivery import State
from app.domain.outcome import Delivered, Doubted, Outcome, Wire
from app.domain.settle import settle
from app.metrics import SETTLED, SETTLED_STATES
from app.outbox import Claimed, Done, record
from tests.given import a_channel, accepted
from tests.outbox.conftest import claimed
from tests.reliability.ground import until
from workers.recorder import Recorder

HOLDS = {
    "channel": "select from channel where slug = 'c0' for update",
    "delivery": "select from delivery d where channel_id = (select id from channel where slug = 'c0') for update",
}
WRITTEN = "select count(*) from delivery where state = 'delivered'"


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with asyncpg.create_pool(database_url, min_size=0, max_size=10, server_settings=SERVER_SETTINGS) as opened:
        yield opened


@contextlib.asynccontextmanager
async def at_work(pool: Pool) -> AsyncIterator[Recorder]:
    recorder = Recorder(pool)
    running = asyncio.create_task(recorder.run())
    try:
        yield recorder
    finally:
        running.cancel()
        await asyncio.wait([running])


async def calls(pool: Pool, first: int, many: int) -> Sequence[Claimed]:
    for number in range(first, first + many):
        await a_channel(pool, f"c{number}", services=[f"s{first}"])
        await pool.execute("insert into service (slug, name) values ($1, $1) on conflict do nothing", f"s{first}")
    await accepted(pool, service=f"s{first}")
    return (await claimed(pool)).calls


def delivered(call: Claimed) -> Done:
    return ended(call, Delivered((str(call.owed.id),)))


def counted(state: State) -> float:
    value: float = SETTLED.labels(state.value)._value.get()
    return value


def ended(call: Claimed, outcome: Outcome) -> Done:
    settlement = settle(call.owed.progress, call.intent, outcome, datetime.now(UTC), 0.0)
    return Done(call.owed, call.intent, call.token, outcome, settlement, Wire.RESPONSE)


async def struck(pool: Pool) -> Claimed:
    """Give a call that takes back what was repeated, and may stand there twice."""
    await a_channel(pool)
    notice = await accepted(pool, in_doubt="repeat")
    (call,) = (await claimed(pool)).calls
    await record(pool, [ended(call, Doubted("the answer was lost"))])
    await pool.execute("update delivery set due_at = now()")
    await claimed(pool)  # by its policy
    (again,) = (await claimed(pool)).calls
    await record(pool, [delivered(again)])
    await withdraw(pool, Change(notice.id, "mensa", "test", None))
    (last,) = (await claimed(pool)).calls
    return last


@pytest.mark.parametrize(
    ("meanwhile", "told"),
    [
        ("select", ["held"]),
        ("update delivery set erase = true", []),
        ("update delivery set doubted = false", ["withdrawn"]),
    ],
)
async def test_what_is_told_of_an_outcome_is_where_its_delivery_went(
    pool: Pool, meanwhile: str, told: list[str]
) -> None:
    call = await struck(pool)
    await pool.execute(meanwhile)
    before = {state: counted(state) for state in SETTLED_STATES}

    async with at_work(pool) as recorder:
        with capture_logs() as logged:
            await recorder.record(delivered(call))

    settled = [state for state in SETTLED_STATES for _ in range(int(counted(state) - before[state]))]
    assert settled == told
    assert [each["event"] for each in logged] == [f"delivery.{state}" for state in told]


@pytest.mark.parametrize("held", HOLDS)
async def test_one_held_row_keeps_no_other_outcome_unwritten_and_is_written_when_it_is_let_go(
    pool: Pool, held: str
) -> None:
    first, later = await calls(pool, 0, 5), await calls(pool, 5, 3)

    async def are_written(many: int) -> bool:
        return bool(await pool.fetchval(WRITTEN) == many)

    async with at_work(pool) as recorder, asyncio.TaskGroup() as group, pool.acquire() as somebody:
        async with somebody.transaction():
            await somebody.execute(HOLDS[held])
            told = [group.create_task(recorder.record(delivered(call))) for call in first]
            await until(lambda: are_written(4))
            told += [group.create_task(recorder.record(delivered(call))) for call in later]
            await until(lambda: are_written(7))
        await asyncio.wait(told)

    assert await are_written(8)


async def test_who_is_told_to_stop_waits_for_no_held_row(pool: Pool) -> None:
    first = await calls(pool, 0, 2)
    async with pool.acquire() as somebody, somebody.transaction():
        await somebody.execute(HOLDS["channel"])
        async with at_work(pool) as recorder:
            told = [asyncio.create_task(recorder.record(delivered(call))) for call in first]
            await asyncio.wait(told, return_when=asyncio.FIRST_COMPLETED)

    assert sum(task.done() for task in told) == 1
    for task in told:
        task.cancel()
