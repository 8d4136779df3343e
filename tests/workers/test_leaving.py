# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A worker that is told to end does end, whatever keeps it, and says what that was."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable

import asyncpg
from pydantic_core import Url

from app.doorbell import Doorbell
from app.settings import Settings
from tests.api.calling import some_settings
from tests.reliability.ground import until
from tests.telemetry.wire import a_wire
from tests.workers import paper
from workers.leaving import STUCK
from workers.main import DRAIN, run

HAS_TICKED = "select exists (select from worker where seen_at > now() - interval '0.3 seconds')"
DEAF = """
import asyncio, contextlib
from tests.telemetry.conftest import some_settings
from app.telemetry import configure
from workers.leaving import end_within

async def hears_nothing():
    while True:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)

async def main():
    configure(some_settings())
    end_within(0.3)
    deaf = asyncio.create_task(hears_nothing())
    await asyncio.sleep(0.1)
    deaf.cancel()
    await deaf

asyncio.run(main())
"""


def test_what_keeps_a_worker_from_ending_is_named_and_left() -> None:
    ended = subprocess.run([sys.executable, "-c", DEAF], capture_output=True, text=True, timeout=60, check=False)

    line = json.loads((ended.stderr or ended.stdout).splitlines()[-1])
    assert ended.returncode == STUCK
    assert line["event"] == "worker.stuck"
    assert any(each.startswith("hears_nothing at <string>:") for each in line["waiting"])


async def test_a_worker_ends_though_redis_answers_nothing_any_more_amid_its_questions(
    database_url: str, redis_url: str
) -> None:
    """What was cancelled asks once more then, to leave things tidy, and waits for that."""
    bell = Doorbell(redis_url)
    async with a_wire(Url(redis_url).port or 0) as (wire, port):
        wire.fall_silent_at(b"EXISTS")

        async def is_silent() -> bool:
            bell.ring()
            return wire.is_silent

        assert await ends(some_settings(database_url, moved(redis_url, port), worker_port=0), is_silent)
    await bell.close()


async def test_a_worker_ends_though_its_connections_to_postgres_have_gone_dead(
    database_url: str, redis_url: str
) -> None:
    async with a_wire(Url(database_url).port or 0) as (wire, port), asyncpg.create_pool(database_url) as pool:

        async def is_dead() -> bool:
            if not await pool.fetchval(HAS_TICKED):
                return False
            wire.forget()
            return True

        assert await ends(some_settings(moved(database_url, port), redis_url, worker_port=0), is_dead)


async def ends(settings: Settings, happens: Callable[[], Awaitable[bool]]) -> bool:
    """Tell whether a worker ends by itself in time that is told to after something has happened."""
    stop = asyncio.Event()
    worker = asyncio.create_task(run(settings, stop, {"paper": paper.__name__}))
    await until(happens)
    stop.set()
    ended, _ = await asyncio.wait([worker], timeout=DRAIN)
    return worker in ended


def moved(url: str, port: int) -> str:
    return url.replace(f":{Url(url).port}/", f":{port}/")
