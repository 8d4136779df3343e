# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-06: a process that stands still in the middle of a claim keeps nobody waiting for ever."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from app.database import AWAY, SERVER_SETTINGS, Pool
from app.outbox import end_frozen
from tests.given import a_channel, accepted
from tests.outbox.conftest import claimed
from tests.reliability.ground import until

ACTIVE = "select state = 'active' and wait_event = 'ClientRead' from pg_stat_activity where pid = $1"


async def test_who_stands_still_between_preparing_and_running_is_ended(pool: Pool, database_url: str) -> None:
    await a_channel(pool)
    await accepted(pool)
    frozen = await asyncpg.connect(database_url, server_settings=SERVER_SETTINGS)
    await frozen.execute("begin")
    await frozen.fetchrow("select from pace where kind = 'telegram' for update")
    await frozen.prepare("select 1")  # asyncpg asks for no end of it: for Postgres the statement goes on
    await until(lambda: pool.fetchval(ACTIVE, frozen.get_server_pid()))
    with pytest.raises(asyncpg.LockNotAvailableError):
        await claimed(pool)

    assert await end_frozen(pool) == 0
    await asyncio.sleep(0.1)
    assert await end_frozen(pool, timedelta(seconds=0.1)) == 1

    assert len((await claimed(pool)).calls) == 1
    with pytest.raises(AWAY):
        await frozen.execute("commit")
    frozen.terminate()
