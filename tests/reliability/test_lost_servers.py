# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-03 and R-04: Postgres and Redis crash, come back, are emptied or stay away."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from app.database import AWAY
from app.domain.errors import UnavailableError
from app.intake import Origin, accept
from deploy.servers import Servers
from tests.given import a_notice
from tests.reliability.ground import Ground, until

Deed = Callable[[], Awaitable[None]]


async def insists(ground: Ground, number: int) -> None:
    """Hand a notice in as a good caller does: again, with the same event_id, until it is acknowledged."""
    notice = a_notice(event_id=f"insisted/{number}", in_doubt="repeat")
    for _ in range(200):
        with suppress(UnavailableError, *AWAY):
            done = await accept(ground.pool, ground.routing, notice, Origin("mensa", "test"))
            ground.accepted.append(done.id)
            ground.bell.ring()
            return
        await asyncio.sleep(0.1)
    raise AssertionError("never acknowledged")


async def under_load(ground: Ground, notices: int, deed: Deed) -> None:
    """Do something terrible while notices come in and go out, and see that all is as promised."""
    await ground.channels(10, can_ask=True)
    ground.workers.start(2)
    callers = [asyncio.create_task(insists(ground, number)) for number in range(notices // 3)]
    await asyncio.sleep(0.3)
    callers += [asyncio.create_task(later(ground, number)) for number in range(notices // 3, notices)]

    await deed()
    await asyncio.gather(*callers)
    await ground.settles(within=60)

    assert await ground.states() == {"delivered": notices * 10}
    assert await ground.verdict() == []
    assert len(ground.telegram.posts()) == notices * 10


async def later(ground: Ground, number: int) -> None:
    await asyncio.sleep(0.04 * number)
    await insists(ground, number)


async def test_postgres_stopped_at_once_loses_nothing_that_was_acknowledged(ground: Ground, servers: Servers) -> None:
    """3 crashes; the night has 100."""
    await under_load(ground, 100, lambda: crash_postgres(servers, 3))


@pytest.mark.nightly
@pytest.mark.timeout(900)
async def test_postgres_stopped_all_night_loses_nothing(ground: Ground, servers: Servers) -> None:
    await under_load(ground, 3000, lambda: crash_postgres(servers, 100))


async def crash_postgres(servers: Servers, times: int) -> None:
    for _ in range(times):
        await asyncio.sleep(1)
        await asyncio.to_thread(servers.postgres.stop_immediately)
        await asyncio.sleep(0.3)
        servers.postgres.start()  # from this thread: the kernel ends it with the thread that started it


async def test_redis_flushed_crashed_and_started_empty_loses_nothing(ground: Ground, servers: Servers) -> None:
    """3 of each; the night has 50."""
    await under_load(ground, 100, lambda: trouble_redis(servers, 3))


@pytest.mark.nightly
@pytest.mark.timeout(900)
async def test_redis_in_trouble_all_night_loses_nothing(ground: Ground, servers: Servers) -> None:
    await under_load(ground, 1500, lambda: trouble_redis(servers, 50))


async def trouble_redis(servers: Servers, times: int) -> None:
    for _ in range(times):
        servers.flush_redis()
        await asyncio.sleep(0.3)
        await asyncio.to_thread(servers.redis.stop_immediately)
        await asyncio.sleep(0.5)
        servers.redis.start()
        await asyncio.sleep(0.3)


async def test_deliveries_go_on_without_redis(ground: Ground, servers: Servers) -> None:
    """Absent from before the first worker started, for as long as the test lasts."""
    await goes_on_without(ground, servers, notices=3)


@pytest.mark.nightly
@pytest.mark.timeout(300)
async def test_deliveries_go_on_without_redis_for_a_minute(ground: Ground, servers: Servers) -> None:
    """As above, with workers that knew it before, and a minute of it; then it is back, and empty."""
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
    await asyncio.sleep(1)

    for _ in range(notices):
        await ground.accept()
        await until(lambda: ground_is_quiet(ground), within=20)  # a second or two where the machine is not shared
        await asyncio.sleep(pause)

    assert await ground.states() == {"delivered": notices}
    assert await ground.verdict() == []


async def ground_is_quiet(ground: Ground) -> bool:
    return await ground.open() == 0
