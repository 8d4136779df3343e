# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-05, the other half of the table: each call breaks, and its worker dies before it has written down how."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import asyncpg
import pytest

from tests.reliability.ground import Ground, until
from tests.reliability.test_doubt import (
    ARRIVED,
    AT_ONCE,
    CERTAIN,
    NEVER_ARRIVED,
    Cell,
    all_called,
    doubts,
    expected,
    outcomes,
    stage,
)

THERE = {"wrong_shape", "delayed"}
"""Of the faults that leave no doubt where they are heard, those after which the post is there."""
# An outcome is written into the row of its attempt, which a claim has only made: whoever holds this keeps all of them
# from being written, and none from being claimed.
TURNSTILE = """
create function held_back() returns trigger language plpgsql as $$
begin perform pg_advisory_xact_lock_shared(1); return new; end $$;
create trigger held_back before update on attempt for each row execute function held_back()
"""
HELD = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
END_HELD = "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and not granted"
UNWRITTEN = "select count(*) from attempt where finished_at is null"


def cells() -> list[Cell]:
    """Give every fault with every policy, asked or not: what nobody heard is a doubt, whatever it said."""
    figures = {fault: CERTAIN[fault][0] for fault in CERTAIN}
    there = ARRIVED | {fault: figures[fault] for fault in figures if fault in THERE}
    not_there = NEVER_ARRIVED | {fault: figures[fault] for fault in figures if fault not in THERE}
    return doubts(there, arrived=True) + doubts(not_there, arrived=False)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
async def test_a_worker_that_dies_before_it_writes_down_what_broke_leaves_what_the_table_says(ground: Ground) -> None:
    """23 faults, 3 policies, asked or not: 138 cells, a death for each twenty."""
    every = cells()
    await ground.pool.execute(TURNSTILE)
    ground.workers.start()
    for first in range(0, len(every), AT_ONCE):
        await dies_amid(ground, every[first : first + AT_ONCE])
        await ground.settles()

    assert await outcomes(ground, every) == expected(every)
    assert await ground.verdict() == []


async def dies_amid(ground: Ground, some: list[Cell]) -> None:
    """Let the worker make these calls and write nothing of them down, and put another in its place."""
    async with nobody_writes(ground):
        before = len([entry for entry in ground.telegram.entries() if entry.method == "sendMessage"])
        await stage(ground, some)
        await until(partial(all_called, ground, before + len(some)))
        await until(partial(somebody_is_held, ground))
        ground.workers.kill(ground.workers.running[0])
        await until(partial(nobody_is_held, ground))
        assert await ground.pool.fetchval(UNWRITTEN) == len(some)
    ground.workers.start()


@asynccontextmanager
async def nobody_writes(ground: Ground) -> AsyncIterator[None]:
    connection = await asyncpg.connect(ground.url)
    try:
        await connection.execute("select pg_advisory_lock(1)")
        yield
    finally:
        await connection.close()


async def somebody_is_held(ground: Ground) -> bool:
    return bool(await ground.pool.fetchval(HELD))


async def nobody_is_held(ground: Ground) -> bool:
    """End what a dead worker had asked of Postgres, which would else be done; tell whether there is nothing of it."""
    await ground.pool.execute(END_HELD)
    return not await somebody_is_held(ground)
