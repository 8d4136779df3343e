# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Which worker takes a ring: none that could not follow it, and what it has heard last is passed on (decision 0068).

What rings is looked at in Redis, where it lies until it is taken: nothing is timed.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis

from app.domain.backoff import SUSPECT
from app.doorbell import QUEUE
from tests.given import accepted
from tests.reliability import mutants
from tests.reliability.conftest import Prepare
from tests.reliability.ground import Ground, until
from tests.reliability.mutants import Mutant
from tests.reliability.scenarios import some_post

HUNG = 40.0
"""Seconds for a call: longer than any of this takes."""
SOON = 30.0
LOOKS = 25
"""So many looks, as many as the ear of a worker takes in that time, and more than it needs."""
Scenario = Callable[[Ground, Redis], Coroutine[None, None, None]]


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    opened = Redis.from_url(redis_url)
    yield opened
    await opened.aclose()


async def lie(redis: Redis, many: int) -> None:
    """See that so many rings come to lie there, and that nobody takes them."""

    async def are_there() -> bool:
        return bool(await redis.zcard(QUEUE) == many)

    await until(are_there, SOON)
    for _ in range(LOOKS):
        assert await are_there(), "somebody has taken a ring"
        await asyncio.sleep(0.05)


async def none_lies(redis: Redis) -> None:
    async def is_empty() -> bool:
        return bool(await redis.zcard(QUEUE) == 0)

    await until(is_empty)


async def another_takes_them(ground: Ground, redis: Redis) -> None:
    ground.workers.start()
    await none_lies(redis)


async def ends_with_a_call(ground: Ground, redis: Redis) -> None:
    """Tell a worker to end while its call hangs: it rings once for the others, and takes no ring any more."""
    chat = await ground.channel("scuola")
    await ground.telegram.fault("answer_hung", chat)
    (old,) = ground.workers.start().running
    await ground.accept()
    await until(lambda: some_post(ground))
    await none_lies(redis)

    os.kill(old, signal.SIGTERM)

    await lie(redis, 1)
    ground.bell.ring()
    await lie(redis, 2)
    await another_takes_them(ground, redis)


async def begins(ground: Ground, redis: Redis) -> None:
    """Keep a worker from its first look: until then it takes no ring."""
    holder = await asyncpg.connect(ground.url)
    async with holder.transaction():
        await holder.execute("lock table worker")
        ground.workers.start()
        await until(lambda: listens(redis))

        ground.bell.ring()

        await lie(redis, 1)
    await holder.close()
    await none_lies(redis)


async def is_alone_with_a_call(ground: Ground, redis: Redis) -> None:
    """Let what may end a worker hang: it goes alone, rings once for the others, and its worker takes no ring."""
    chat = await ground.channel("scuola")
    await ground.telegram.fault("answer_hung", chat)
    await accepted(ground.pool)
    await ground.pool.execute("update delivery set crashes = $1", SUSPECT)

    ground.workers.start()
    await until(lambda: some_post(ground))

    await lie(redis, 1)
    await another_takes_them(ground, redis)


async def listens(redis: Redis) -> bool:
    """Tell whether a worker has looked for rings."""
    return bool(await redis.exists(f"{QUEUE}:health-check"))


@pytest.mark.parametrize("scenario", [ends_with_a_call, begins, is_alone_with_a_call])
async def test_a_worker_that_cannot_follow_a_ring_leaves_it_to_others(
    prepare: Prepare, redis: Redis, scenario: Scenario
) -> None:
    async with prepare(patience=HUNG) as ground:
        await scenario(ground, redis)


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("mutant", "scenario"),
    [
        (mutants.LAST_EARS, ends_with_a_call),
        (mutants.NO_FAREWELL, ends_with_a_call),
        (mutants.COLD_EARS, begins),
        (mutants.LONELY_EARS, is_alone_with_a_call),
        (mutants.SILENT_WAY, is_alone_with_a_call),
    ],
    ids=lambda each: str(each) if isinstance(each, Mutant) else each.__name__,
)
async def test_without_its_line_a_worker_is_failed(
    prepare: Prepare, redis: Redis, tmp_path: Path, mutant: Mutant, scenario: Scenario
) -> None:
    async with prepare(patience=HUNG, code=mutant.code(tmp_path / "spoiled")) as ground:
        with pytest.raises(AssertionError):
            await scenario(ground, redis)
        assert "Traceback" not in ground.workers.log.read_text("utf-8"), "it broke instead of going wrong"
