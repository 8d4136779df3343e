# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-03: the connections to Postgres go dead and nobody is told, as when its host vanishes and another takes over."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial
from uuid import UUID

import pytest
from pydantic_core import Url

from app.database import Database, driver_of
from tests.api.calling import some_settings
from tests.reliability.conftest import Prepare
from tests.reliability.counters import Counters
from tests.reliability.ground import Ground, until
from tests.reliability.test_killed_api import acknowledges, keeps_its_word
from tests.telemetry.wire import Wire, a_wire

CHANNELS, NOTICES = 10, 40


@pytest.fixture
async def wire(database_url: str) -> AsyncIterator[tuple[Wire, int]]:
    async with a_wire(Url(database_url).port or 0) as laid:
        yield laid


@pytest.fixture
def way_to_postgres(database_url: str, wire: tuple[Wire, int]) -> str:
    return database_url.replace(f":{Url(database_url).port}/", f":{wire[1]}/")


async def test_dead_connections_delay_deliveries_and_nothing_else(
    prepare: Prepare, way_to_postgres: str, wire: tuple[Wire, int]
) -> None:
    """Two workers, in the midst of 400 posts whose outcomes and leases they cannot write down any more."""
    async with prepare(CAMPANELLA_DATABASE_URL=way_to_postgres) as ground:
        await ground.channels(CHANNELS, can_ask=True)
        await ground.telegram.fault("late_answer", times=None, seconds=0.1)
        ground.workers.start(2)
        feeding = asyncio.create_task(feed(ground))

        await until(partial(ground.has_delivered, CHANNELS * NOTICES // 4), moves=ground.traces)
        before = wire[0].calls
        wire[0].forget()
        await feeding
        await ground.settles()

        assert wire[0].calls > before
        assert await ground.states() == {"delivered": CHANNELS * NOTICES}
        assert await ground.verdict() == []


async def feed(ground: Ground) -> None:
    for _ in range(NOTICES):
        await ground.accept()
        await asyncio.sleep(0.05)


async def test_that_no_connection_can_be_made_says_nothing_of_those_there_are(
    way_to_postgres: str, redis_url: str, wire: tuple[Wire, int]
) -> None:
    """It is told apart from a statement that nobody answered: those that live would be given up for it."""
    wire[0].fall_silent()
    database = await Database.open(some_settings(way_to_postgres, redis_url))

    with pytest.raises(ConnectionError):
        await database.pool.fetchval("select 1")
    with pytest.raises(ConnectionError):
        async with database.sessions() as session:
            await driver_of(session)
    await database.close()


async def test_an_api_whose_connections_go_dead_keeps_its_word(
    counters: Counters, database_url: str, wire: tuple[Wire, int]
) -> None:
    """400 notices from callers who wait five seconds for an answer and then send the same again."""

    async def deed(acknowledged: Sequence[UUID]) -> None:
        await acknowledges(acknowledged, NOTICES)
        wire[0].forget()

    await keeps_its_word(counters, database_url, CHANNELS * NOTICES, deed)
