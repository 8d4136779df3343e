# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-03 and R-04: Postgres and Redis crash, come back, are emptied or stay away."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from functools import partial

import pytest

from app.database import AWAY
from app.domain.errors import UnavailableError
from app.intake import Origin, accept
from deploy.servers import Servers
from tests.given import a_notice
from tests.reliability.conftest import Prepare
from tests.reliability.ground import Ground, until
from tests.reliability.test_doubt import is_alive

Deed = Callable[[], Awaitable[None]]
CHANNELS, CALLERS = 10, 6
PATIENT = 4.0
"""Seconds for a call whose answer comes half a second late, while Postgres ends, however busy the machine."""
UNHURRIED = 8.0
"""Seconds for a call where each must end well: a busy machine's doubts are not Redis's."""
SOON = 30.0
"""Seconds in which what came in without Redis has gone out: the plan says 5, and this machine may be busy."""


async def insists(ground: Ground, number: int) -> None:
    """Hand a notice in as a good caller does: again, with the same event_id, until it is acknowledged."""
    notice = a_notice(event_id=f"insisted/{number}", in_doubt="repeat")

    async def acknowledged() -> bool:
        with suppress(UnavailableError, *AWAY):
            done = await accept(ground.pool, ground.routing, notice, Origin("mensa", "test"))
            ground.accepted.append(done.id)
            ground.bell.ring()
            return True
        return False

    await until(acknowledged, moves=ground.traces)


async def under_load(ground: Ground, notices: int, times: int, deed: Deed) -> None:
    """Do something terrible so many times while notices come in and go out, and see that all is as promised."""
    await ground.channels(CHANNELS, can_ask=True)
    ground.workers.start(2)
    calling = asyncio.gather(*(caller(ground, range(first, notices, CALLERS)) for first in range(CALLERS)))

    for number in range(times):
        await until(partial(ground.has_delivered, number * notices * CHANNELS // times), moves=ground.traces)
        await deed()
    await calling
    await ground.settles()

    assert len(ground.accepted) >= notices
    assert await ground.states() == {"delivered": len(ground.accepted) * CHANNELS}
    assert await ground.verdict() == []
    assert len(ground.telegram.posts()) == len(ground.accepted) * CHANNELS


async def caller(ground: Ground, numbers: Iterable[int]) -> None:
    for number in numbers:
        await until(partial(ground.has_room, 20 * CHANNELS), moves=ground.traces)
        await insists(ground, number)


async def test_what_was_answered_is_written_down_however_long_postgres_is_away(
    prepare: Prepare, servers: Servers
) -> None:
    """Beyond its lease, in a channel that nobody can ask, of a notice that would be posted again after a doubt."""
    async with prepare(patience=PATIENT) as ground:
        await is_written_down(ground, servers)


async def is_written_down(ground: Ground, servers: Servers) -> None:
    await ground.channel("scuola")
    await ground.telegram.fault("late_answer", times=None, seconds=0.5)
    ground.workers.start()
    await ground.accept(in_doubt="repeat")

    async def is_posted() -> bool:
        return bool(ground.telegram.posts())

    await until(is_posted)
    await asyncio.to_thread(servers.postgres.stop_immediately)
    await asyncio.sleep(ground.lease + 1)
    servers.postgres.start()
    await ground.settles()

    assert await ground.states() == {"delivered": 1}
    assert await ground.pool.fetchval("select string_agg(outcome, ',') from attempt") == "delivered"
    assert len(ground.telegram.posts()) == 1


async def test_postgres_stopped_at_once_loses_nothing_that_was_acknowledged(ground: Ground, servers: Servers) -> None:
    """10 crashes; the night has 100."""
    await under_load(ground, 300, 10, partial(crash_postgres, servers))


@pytest.mark.nightly
@pytest.mark.timeout(14_400)
async def test_postgres_stopped_all_night_loses_nothing(ground: Ground, servers: Servers) -> None:
    await under_load(ground, 3000, 100, partial(crash_postgres, servers))


async def crash_postgres(servers: Servers) -> None:
    await asyncio.sleep(random.uniform(0, 0.5))  # noqa: S311 - at any moment
    await asyncio.to_thread(servers.postgres.stop_immediately)
    await asyncio.sleep(0.3)
    servers.postgres.start()  # from this thread: the kernel ends it with the thread that started it


async def test_redis_flushed_crashed_and_started_empty_loses_nothing(ground: Ground, servers: Servers) -> None:
    """5 of each; the night has 50."""
    await under_load(ground, 150, 5, partial(trouble_redis, servers))


@pytest.mark.nightly
@pytest.mark.timeout(14_400)
async def test_redis_in_trouble_all_night_loses_nothing(ground: Ground, servers: Servers) -> None:
    await under_load(ground, 1500, 50, partial(trouble_redis, servers))


async def trouble_redis(servers: Servers) -> None:
    servers.flush_redis()
    await asyncio.sleep(0.3)
    await asyncio.to_thread(servers.redis.stop_immediately)
    await asyncio.sleep(0.5)
    servers.redis.start()
    await asyncio.sleep(0.3)


async def test_redis_away_time_and_again_loses_nothing_and_keeps_nothing_waiting(
    prepare: Prepare, servers: Servers
) -> None:
    """5 absences, in each of which a notice comes in and goes out; the night has 50."""
    async with prepare(patience=UNHURRIED) as ground:
        await under_load(ground, 150, 5, partial(is_absent, ground, servers))


@pytest.mark.nightly
@pytest.mark.timeout(14_400)
async def test_redis_away_time_and_again_all_night_loses_nothing(prepare: Prepare, servers: Servers) -> None:
    async with prepare(patience=UNHURRIED) as ground:
        await under_load(ground, 1500, 50, partial(is_absent, ground, servers))


async def is_absent(ground: Ground, servers: Servers) -> None:
    """Take Redis away until a notice that came in meanwhile has gone out everywhere."""
    await asyncio.to_thread(servers.redis.stop_immediately)
    await asyncio.sleep(0.3)
    await goes_out_soon(ground)
    servers.redis.start()
    await asyncio.sleep(0.3)


async def goes_out_soon(ground: Ground) -> None:
    done = await ground.accept(in_doubt="repeat")
    await until(partial(ground.is_delivered, done.id), within=SOON)


async def test_deliveries_go_on_without_redis(prepare: Prepare, servers: Servers) -> None:
    """Absent from before the first worker started, for as long as the test lasts."""
    async with prepare(patience=UNHURRIED) as ground:
        await goes_on_without(ground, servers, notices=3)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
async def test_deliveries_go_on_without_redis_for_a_minute(prepare: Prepare, servers: Servers) -> None:
    """As above, with workers that knew it before, and a minute of it; then it is back, and empty."""
    async with prepare(patience=UNHURRIED) as ground:
        ground.workers.start(2)
        await goes_on_without(ground, servers, notices=60, pause=1)
        servers.redis.start()
        await ground.accept()
        await ground.settles()

        assert await ground.states() == {"delivered": 61}
        assert await ground.verdict() == []


async def goes_on_without(ground: Ground, servers: Servers, notices: int, pause: float = 0) -> None:
    await ground.channel("scuola")
    await asyncio.to_thread(servers.redis.stop_immediately)
    ground.workers.start()
    await until(partial(is_alive, ground))

    for _ in range(notices):
        await goes_out_soon(ground)
        await asyncio.sleep(pause)

    assert await ground.states() == {"delivered": notices}
    assert await ground.verdict() == []
