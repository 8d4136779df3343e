# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Alive, ready, working: with Postgres or Redis away, silent, too old, too new, and under load."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import pairwise

import asyncpg
import pytest
from pydantic_core import Url

from app.database import Database
from app.health import Health
from app.settings import Settings
from deploy.servers import Servers
from tests.telemetry.canaries import CANARIES
from tests.telemetry.conftest import Configured, some_settings


@pytest.fixture
def settings(database_url: str, redis_url: str) -> Settings:
    return some_settings(database_url=Url(database_url), redis_url=Url(redis_url))


@pytest.fixture
async def health(settings: Settings) -> AsyncIterator[Health]:
    made = Health(settings)
    yield made
    made.close()


async def test_all_is_well(health: Health) -> None:
    answer = await health.readyz()

    document = answer.document
    assert (answer.status, document["status"], document["version"], document["releaseId"]) == (
        200,
        "pass",
        "0",
        "0.1.0",
    )
    assert set(document["checks"]) == {
        "process:draining",
        "postgres:responseTime",
        "postgres:schema",
        "redis:responseTime",
    }
    (check,) = document["checks"]["postgres:responseTime"]
    assert (check["componentType"], check["status"], check["observedUnit"]) == ("datastore", "pass", "ms")
    assert 0 < check["observedValue"] <= 10_000
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", check["time"])
    assert "output" not in check


async def test_without_postgres_it_lives_but_is_not_ready_until_postgres_is_back(
    health: Health, servers: Servers
) -> None:
    assert (await health.readyz()).status == 200

    servers.postgres.stop()
    away = [(await health.readyz()).status, health.livez().status, (await health.status()).status]
    page, _ = await health.metrics("")
    servers.postgres.start()

    assert away == [503, 200, 503]
    assert b"campanella_database_up 0.0" in page
    assert b"campanella_outbox_age_seconds{" not in page
    assert [(await health.readyz()).status, (await health.status()).status] == [200, 200]


async def test_a_restart_of_postgres_between_two_questions_is_not_noticed(health: Health, servers: Servers) -> None:
    await health.status()

    servers.postgres.restart()

    assert [(await health.readyz()).status, (await health.status()).document["deliveries"]["due"]] == [200, 0]


async def test_without_redis_it_is_ready_with_a_warning(health: Health, servers: Servers) -> None:
    servers.redis.stop()
    ready, status = await health.readyz(), await health.status()
    servers.redis.start()

    assert (ready.status, ready.document["status"]) == (200, "warn")
    assert ready.document["checks"]["redis:responseTime"][0]["output"] == "cannot be reached"
    assert (status.status, status.document["status"]) == (200, "warn")
    assert "redis cannot be reached" in status.document["notes"]
    assert (await health.readyz()).document["status"] == "pass"


async def test_a_process_that_is_being_stopped_is_not_ready_at_once(health: Health) -> None:
    health.drain()

    ready, status = await health.readyz(), await health.status()

    assert (ready.status, status.status, health.livez().status) == (503, 503, 200)
    assert status.document["notes"] == ["process is being stopped"]


async def test_no_load_on_the_pools_can_make_it_look_ill(settings: Settings, health: Health) -> None:
    database = await Database.open(settings, most=2)
    async with AsyncExitStack() as held:
        for _ in range(2):
            await held.enter_async_context(database.pool.acquire())
        for _ in range(10):
            connection = await held.enter_async_context(database.engine.connect())
            await connection.exec_driver_sql("select 1")

        answers = [await health.readyz(), await health.status()]

    await database.close()
    assert [answer.status for answer in answers] == [200, 200]
    assert answers[1].document["deliveries"]["due"] == 0


async def test_a_crowd_that_asks_costs_postgres_two_connections(health: Health, database_url: str) -> None:
    await asyncio.gather(*(health.readyz() for _ in range(200)), *(health.status() for _ in range(200)))

    connection = await asyncpg.connect(database_url)
    question = "select count(*) from pg_stat_activity where application_name = 'campanella health' and datname = $1"
    count = await connection.fetchval(question, Url(database_url).path.removeprefix("/"))  # type: ignore[union-attr]
    await connection.close()
    assert count == 2


@pytest.mark.parametrize(
    ("statement", "status", "output"),
    [
        ("update alembic_version set version_num = '0001'", 503, "lacks migrations: run them"),
        ("delete from alembic_version", 503, "lacks migrations: run them"),
        ("drop table alembic_version", 503, "has no tables yet: run the migrations"),
        ("update alembic_version set version_num = '9999'", 200, "is newer than this version"),
    ],
)
async def test_the_tables_must_be_those_that_this_version_needs(
    health: Health, database_url: str, statement: str, status: int, output: str
) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute(statement)
    await connection.close()

    answer = await health.readyz()

    outputs = [check.get("output") for checks in answer.document["checks"].values() for check in checks]
    assert (answer.status, [each for each in outputs if each]) == (status, [output])


async def test_what_is_wrong_is_said_without_a_word_of_the_server_itself(settings: Settings) -> None:
    wrong = str(settings.database_url).replace("@", "canary@")
    health = Health(settings.model_copy(update={"database_url": Url(wrong)}))

    answers = [(await health.readyz()).document, (await health.status()).document]

    assert "refused (InvalidPasswordError)" in str(answers)
    assert [canary for canary in CANARIES if canary in str(answers)] == []
    assert str(settings.database_url.username) not in str(answers).replace("application", "")
    health.close()


async def test_going_and_coming_back_are_logged_once_each(
    health: Health, servers: Servers, configured: Configured
) -> None:
    written = configured()

    for server in (servers.postgres, servers.redis):
        server.stop()
        for _ in range(3):
            await health.readyz()
        server.start()
        for _ in range(3):
            await health.readyz()

    ours = [line["event"] for line in written.documents if "error" not in line]  # a worker of other tests may live here
    for name in ("database", "redis"):
        events = [event for event in ours if event.startswith(name)]
        assert events[:2] == [f"{name}.away", f"{name}.back"]
        assert all(before != after for before, after in pairwise(events))  # a loaded machine may go and come again
