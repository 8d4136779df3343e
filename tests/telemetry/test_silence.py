# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A server that takes connections and answers nothing more never keeps anyone waiting."""

import asyncio
import time

import pytest
from pydantic_core import Url

from app.health import Health
from app.settings import Settings
from tests.telemetry.conftest import some_settings
from tests.telemetry.wire import Wire, a_wire
from tests.workers.conftest import until

PATIENCE = 2
SOON = 30
"""Two waits of so many seconds, on a machine that does much else; a hundred in turn would take far longer."""


@pytest.fixture
def settings(database_url: str, redis_url: str) -> Settings:
    return some_settings(database_url=Url(database_url), redis_url=Url(redis_url), health_patience=PATIENCE)


@pytest.mark.parametrize("asked_before", [True, False], ids=["kept connection", "new connection"])
@pytest.mark.parametrize("server", ["database_url", "redis_url"])
async def test_a_server_that_falls_silent_never_keeps_anyone_waiting(
    settings: Settings, server: str, *, asked_before: bool
) -> None:
    url: Url = getattr(settings, server)
    async with a_wire(url.port or 0) as (wire, port):
        health = Health(settings.model_copy(update={server: Url(str(url).replace(f":{url.port}/", f":{port}/"))}))
        if asked_before:
            await health.status()
        wire.fall_silent()
        begun = time.perf_counter()

        answers = await asyncio.gather(*(health.readyz() for _ in range(50)), *(health.status() for _ in range(50)))
        page, _ = await health.metrics("")

        waited = time.perf_counter() - begun
        silent = {answer.status for answer in answers}
        wire.talk()
        await until(lambda: is_well(health))
        health.close()
    assert silent == ({503} if server == "database_url" else {200})
    assert waited < SOON
    assert (b"campanella_database_up 0.0" in page) == (server == "database_url")


async def test_silence_leaves_no_connections_and_no_tasks_behind(settings: Settings) -> None:
    async with a_wire(settings.database_url.port or 0) as (wire, port):
        url = str(settings.database_url).replace(f":{settings.database_url.port}/", f":{port}/")
        health = Health(settings.model_copy(update={"database_url": Url(url)}))
        await health.status()
        wire.fall_silent()
        for _ in range(4):
            await health.readyz()
        wire.talk()

        await until(lambda: leaves_nothing(wire))
        health.close()


async def is_well(health: Health) -> bool:
    return bool((await health.readyz()).document["status"] == "pass")


async def leaves_nothing(wire: Wire) -> bool:
    """Tell whether no task asks any more, on no more connections than there are lines."""
    return wire.live <= 2 and not any("asyncpg" in repr(task.get_coro()) for task in asyncio.all_tasks())
