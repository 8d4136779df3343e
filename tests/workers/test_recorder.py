# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Outcomes are written down many at a time; who holds the row of one keeps none of the others unwritten."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import asyncpg
import pytest

from app.database import SERVER_SETTINGS, Pool
from app.domain.outcome import Delivered, Wire
from app.domain.settle import settle
from app.outbox import Claimed, Done
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
    outcome = Delivered((str(call.owed.id),))
    settlement = settle(call.owed.progress, call.intent, outcome, datetime.now(UTC), 0.0)
    return Done(call.owed, call.intent, call.token, outcome, settlement, Wire.RESPONSE)


@pytest.mark.parametrize("held", HOLDS)
async def test_one_held_row_keeps_no_other_outcome_unwritten_and_is_written_when_it_is_let_go(
    pool: Pool, held: str
) -> None:
    lease = time.monotonic() + 3600  # far longer than the test waits: nothing but being written ends one
    first, later = await calls(pool, 0, 5), await calls(pool, 5, 3)

    async def are_written(many: int) -> bool:
        return bool(await pool.fetchval(WRITTEN) == many)

    async with at_work(pool) as recorder, asyncio.TaskGroup() as group, pool.acquire() as somebody:
        async with somebody.transaction():
            await somebody.execute(HOLDS[held])
            told = [group.create_task(recorder.record(delivered(call), lease)) for call in first]
            await until(lambda: are_written(4))
            told += [group.create_task(recorder.record(delivered(call), lease)) for call in later]
            await until(lambda: are_written(7))
        await asyncio.wait(told)

    assert await are_written(8)


async def test_who_is_told_to_stop_waits_for_no_held_row(pool: Pool) -> None:
    first = await calls(pool, 0, 2)
    async with pool.acquire() as somebody, somebody.transaction():
        await somebody.execute(HOLDS["channel"])
        async with at_work(pool) as recorder:
            told = [asyncio.create_task(recorder.record(delivered(call), time.monotonic() + 3600)) for call in first]
            await asyncio.wait(told, return_when=asyncio.FIRST_COMPLETED)

    assert sum(task.done() for task in told) == 1
    for task in told:
        task.cancel()
