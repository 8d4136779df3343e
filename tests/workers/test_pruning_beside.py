# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Pruning runs beside the tick: however long it takes, the worker looks for work as before."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.database import SERVER_SETTINGS, Pool
from tests.reliability.ground import until
from workers.clock import Clock
from workers.prune import Kept
from workers.relay import PRUNE_EVERY, Relay
from workers.way import Way

PATIENT = {**SERVER_SETTINGS, "lock_timeout": "0", "statement_timeout": "0", "idle_in_transaction_session_timeout": "0"}
HOLD = "lock table channel_check in access exclusive mode"
WAITS = "select exists (select from pg_locks where relation = 'channel_check'::regclass and not granted)"
OLD = "insert into token_seen (whose, jti, expires_at) values ('voucher', 'old', now() - interval '1 hour')"
HANGS = 60.0
"""Seconds after which a tick counts as one that waits for the pruning."""
GONE = "select not exists (select from token_seen)"


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """Give connections whose statements wait as long as they have to."""
    async with asyncpg.create_pool(database_url, min_size=0, server_settings=PATIENT) as opened:
        yield opened


async def test_a_long_pruning_holds_up_no_tick(pool: Pool) -> None:
    """Let one part of it wait, for whoever holds a table, for as long as two more ticks take."""
    looks = 0

    async def errand() -> None:
        nonlocal looks
        looks += 1

    async def is_held_up() -> bool:
        return bool(await pool.fetchval(WAITS))

    async def is_done() -> bool:
        return bool(await pool.fetchval(GONE))

    relay = Relay(pool, [errand], Kept(), Clock(), Way())
    await pool.execute(OLD)
    for _ in range(PRUNE_EVERY - 1):
        await relay.tick()
    async with pool.acquire() as holder, holder.transaction():
        await holder.execute(HOLD)
        await asyncio.wait_for(relay.tick(), HANGS)
        await until(is_held_up)
        before = looks
        for _ in range(2):
            await asyncio.wait_for(relay.tick(), HANGS)
        await asyncio.sleep(0)  # what a tick starts begins with the next turn of the loop

        assert looks - before >= 2
        assert await is_held_up()
    await until(is_done)
    await relay.leave()
