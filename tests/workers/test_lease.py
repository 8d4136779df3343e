# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A worker's calls are over some seconds before their lease is; where they are not, what it leaves behind rests."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from pydantic_core import Url

from app.database import Pool
from app.domain.backoff import DOUBT_RESTS
from app.domain.pace import Limits
from app.outbox import ChannelKind
from app.settings import Settings
from tests.given import a_channel, accepted
from tests.outbox.conftest import claimed
from tests.reliability.ground import until
from tests.workers import paper
from tests.workers.test_pruning_beside import PATIENT
from workers.desk import Desk
from workers.main import run
from workers.recorder import Recorder
from workers.turn import Dispatcher
from workers.way import Way

LAPSE = "update delivery set lease_until = now() - interval '1 second'"
LEFT = "update channel set kind = 'paper', paused_at = now(), paused_reason = 'paused by hand'"
RESTS = "select due_at - finished_at from delivery d join attempt a on a.delivery_id = d.id where state = 'in_doubt'"
PACE = "insert into pace (kind, slowdown) values ('paper', 1)"
WAITS = """
select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')
"""
TIMEOUT, LEASE = 60.0, 64.5
SLACK = LEASE - TIMEOUT - DOUBT_RESTS.total_seconds()
"""Seconds after the beginning of its claim at which a call is still made."""


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """Give connections that wait for a lock as long as it is held."""
    async with asyncpg.create_pool(database_url, min_size=0, max_size=10, server_settings=PATIENT) as opened:
        yield opened


def settings_for(database_url: str, redis_url: str, **members: Any) -> Settings:
    return Settings(database_url=Url(database_url), redis_url=Url(redis_url), worker_port=0, **members)


@pytest.mark.parametrize(
    ("short", "rest"),
    [({}, timedelta(0)), ({"telegram_timeout": 3, "lease": 4}, DOUBT_RESTS)],
    ids=["room", "none"],
)
async def test_what_a_worker_left_rests_only_where_the_lease_has_no_room_for_what_comes_late(
    pool: Pool, database_url: str, redis_url: str, short: dict[str, float], rest: timedelta
) -> None:
    await a_channel(pool)
    await accepted(pool)
    await claimed(pool)
    await pool.execute(LAPSE)
    await pool.execute(LEFT)
    stop = asyncio.Event()

    async def is_swept() -> bool:
        return await pool.fetchval(RESTS) is not None

    worker = asyncio.create_task(run(settings_for(database_url, redis_url, **short), stop, {"paper": paper.__name__}))
    await until(is_swept)
    stop.set()
    await worker

    assert await pool.fetchval(RESTS) == rest


async def test_a_call_that_would_end_right_before_its_lease_is_given_back(
    pool: Pool, database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper, "LINES", [])
    await a_channel(pool, kind="paper")
    await accepted(pool)
    await pool.execute(PACE)
    kind = ChannelKind("paper", Limits(0, 0, 0), paper.shown)
    desk, recorder = Desk(kind, paper.send, paper.inspect, paper.close, TIMEOUT), Recorder(pool)
    turn = Dispatcher(pool, desk, recorder, settings_for(database_url, redis_url, lease=LEASE), Way())

    async def claim_waits() -> bool:
        return bool(await pool.fetchval(WAITS))

    recording = asyncio.create_task(recorder.run())
    async with pool.acquire() as somebody, somebody.transaction():
        await somebody.execute("select from pace for update")
        working = asyncio.create_task(turn.turn())
        await until(claim_waits)
        await asyncio.sleep(SLACK + 0.1)
    await working
    recording.cancel()
    await asyncio.wait([recording])

    (attempt,) = await pool.fetch("select outcome, token from attempt")
    assert attempt["outcome"] == "delivered"
    assert attempt["token"] > 1, "the first claim took too long, and was made use of"
