# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A worker that is told to end does end, whatever keeps it, and says what that was."""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from functools import partial

import asyncpg
from pydantic_core import Url

from app.database import SERVER_SETTINGS
from app.doorbell import Doorbell
from app.settings import Settings
from tests.api.calling import some_settings
from tests.given import a_channel, accepted
from tests.reliability.ground import until
from tests.telemetry.wire import a_wire
from tests.workers import paper
from tests.workers.dispatching import is_so
from tests.workers.test_media import attached, png
from tests.workers.trap import Trap
from workers.leaving import STUCK
from workers.main import CLOSE, DRAIN, run

IS_THERE = "select exists (select from worker)"
HAS_TICKED = "select exists (select from worker where seen_at > now() - interval '0.3 seconds')"
DEAF = """
import asyncio, contextlib, sys, workers.main
from app.kinds import KINDS
from tests.workers import paper

async def hears_nothing():
    while True:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)

paper.close = hears_nothing
KINDS.clear()
KINDS["paper"] = paper.__name__
workers.main.DRAIN, workers.main.CLOSE = 0.5, 5
sys.exit(workers.main.main())
"""


async def test_what_keeps_a_worker_from_ending_is_named_and_left(database_url: str, redis_url: str) -> None:
    """A worker one of whose kinds never gets done with closing, told to end by a signal."""
    environment = {"CAMPANELLA_DATABASE_URL": database_url, "CAMPANELLA_REDIS_URL": redis_url}
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", DEAF),
        env=os.environ | environment | {"CAMPANELLA_WORKER_PORT": "0"},
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncpg.create_pool(database_url, min_size=0) as pool:
        await until(partial(is_so, pool, IS_THERE))
    worker.terminate()
    _, lines = await worker.communicate()
    said = {line["event"]: line for line in map(json.loads, lines.splitlines())}

    assert worker.returncode == STUCK
    assert any(each.startswith("hears_nothing at <string>:") for each in said["worker.stuck"]["waiting"])


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


async def test_a_picture_that_is_being_fetched_is_there_before_a_worker_has_ended(
    database_url: str, redis_url: str, trap: Trap
) -> None:
    """Else its notice would wait for it in vain, and go out with a link."""
    trap.files = {"/a.png": png()}
    members = {"fetch_exceptions": trap.host, "fetch_ca_file": trap.authority}
    async with asyncpg.create_pool(database_url, server_settings=SERVER_SETTINGS) as pool:
        await a_channel(pool, kind="paper")
        await accepted(pool, attachments=attached(trap, "a.png?seconds=2"))

        async def is_fetching() -> bool:
            return trap.hits > 0

        assert await ends(some_settings(database_url, redis_url, worker_port=0, **members), is_fetching)
        assert await pool.fetchval("select state from media") == "ready"


async def ends(settings: Settings, happens: Callable[[], Awaitable[bool]]) -> bool:
    """Tell whether a worker ends by itself in time that is told to after something has happened."""
    stop = asyncio.Event()
    worker = asyncio.create_task(run(settings, stop, {"paper": paper.__name__}))
    await until(happens)
    stop.set()
    ended, _ = await asyncio.wait([worker], timeout=DRAIN + CLOSE)
    return worker in ended


def moved(url: str, port: int) -> str:
    return url.replace(f":{Url(url).port}/", f":{port}/")
