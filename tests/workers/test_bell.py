# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Who hears a ring: a process that can follow it, and the next one where it cannot."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest
from prometheus_client import REGISTRY
from pydantic_core import Url
from redis.asyncio import Redis

from app.database import Pool
from app.doorbell import QUEUE, UNHEARD, WINDOW, Doorbell
from tests.reliability.ground import until
from tests.telemetry.wire import a_wire
from workers.bell import listen
from workers.clock import Clock
from workers.prune import Kept
from workers.relay import Relay
from workers.way import Way

RINGS = 5
MANY = 80


class Process:
    """The ears of one process, and how often it has looked."""

    def __init__(self, pool: Pool) -> None:
        self.looks, self.hears = 0, True
        self.relay = Relay(pool, [self.look], Kept(), Clock(), Way())

    async def look(self) -> None:
        self.looks += 1

    async def has_looked(self) -> bool:
        return self.looks > 0

    @asynccontextmanager
    async def listening(self, url: str) -> AsyncIterator[None]:
        task = asyncio.create_task(listen(url, self.relay, lambda: self.hears))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])


@pytest.fixture
async def bell(redis_url: str) -> AsyncIterator[Doorbell]:
    opened = Doorbell(redis_url)
    yield opened
    await opened.close()


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with asyncpg.create_pool(database_url, min_size=0) as opened:  # nobody asks it for anything
        yield opened


async def test_a_ring_is_heard_by_another_process_where_one_could_not_follow_it(
    pool: Pool, bell: Doorbell, redis_url: str
) -> None:
    deaf, other = Process(pool), Process(pool)
    deaf.hears = False
    async with deaf.listening(redis_url), other.listening(redis_url):
        for _ in range(RINGS):
            other.looks = 0
            await until(rung_until(bell, other))

    assert deaf.looks == 0


async def test_a_ring_waits_for_the_only_process_there_is(pool: Pool, bell: Doorbell, redis_url: str) -> None:
    only = Process(pool)
    only.hears = False
    async with only.listening(redis_url):
        has_looked = rung_until(bell, only)
        await asyncio.sleep(0.3)
        before = only.looks
        only.hears = True
        await until(has_looked)

    assert before == 0


async def test_rings_that_nobody_hears_do_not_pile_up(pool: Pool, bell: Doorbell, redis_url: str) -> None:
    only = Process(pool)
    only.hears = False
    async with only.listening(redis_url), Redis.from_url(redis_url) as redis:
        for _ in range(MANY):
            bell.ring()
            await asyncio.sleep(WINDOW * 1.5)
        wait = await redis.zcard(QUEUE)
        only.hears = True
        await until(only.has_looked)

    assert wait <= UNHEARD < MANY


async def test_a_redis_that_takes_connections_and_never_answers_holds_no_bell(redis_url: str) -> None:
    async with a_wire(Url(redis_url).port or 0) as (wire, port):
        wire.fall_silent()
        bell = Doorbell(redis_url.replace(f":{Url(redis_url).port}/", f":{port}/"))
        before = counted("lost")
        bell.ring()
        await until(lambda: has_grown("lost", before), within=30)

        wire.talk()
        before = counted("rung")
        bell.ring()
        await until(lambda: has_grown("rung", before), within=30)
        await bell.close()


def rung_until(bell: Doorbell, process: Process) -> Callable[[], Awaitable[bool]]:
    """Ring; give what asks whether a process has looked, and rings again where Redis was too slow for a ring."""
    lost = counted("lost")
    bell.ring()

    async def has_looked() -> bool:
        nonlocal lost
        if await has_grown("lost", lost):
            lost = counted("lost")
            bell.ring()
        return process.looks > 0

    return has_looked


def counted(what: str) -> float:
    return REGISTRY.get_sample_value("campanella_doorbells_total", {"outcome": what}) or 0.0


async def has_grown(what: str, before: float) -> bool:
    return counted(what) > before
