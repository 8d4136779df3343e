# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Real servers for the tests: one Postgres and one Redis per test process, one clean database per test."""

from collections.abc import AsyncIterator, Iterator
from itertools import count

import asyncpg
import pytest
from hypothesis import HealthCheck, settings
from pydantic_core import Url

from app.migrate import migrate
from app.settings import Settings
from deploy import binaries
from deploy.binaries import NotFoundError, Provider
from deploy.servers import Servers, passing_servers

NUMBERS = count(1)
# Right after a start of Postgres no lease lapses (app.outbox.sweep), so that the first test of a run would wait for it.
RESTED = "select pg_sleep_until(pg_postmaster_start_time() + interval '3.1 seconds')"
OF_SERVERS = {"servers", "provider"}
"""The fixtures through which a test comes to the servers that `--servers` names."""


def pytest_addoption(parser: pytest.Parser) -> None:
    whose = [provider.value for provider in Provider]
    parser.addoption("--servers", choices=whose, default="embedded", help="whose Postgres and Redis to test with")
    parser.addoption("--only-with-servers", action="store_true", help="run only what those servers have a part in")
    parser.addoption("--nightly", action="store_true", help="run the tests marked nightly, too")
    parser.addoption("--fuzz", type=int, help="inputs for each target of the fuzzer: 20,000, by night five million")
    parser.addoption("--fuzz-seed", type=int, help="of which seed they are: 0, by night the date")
    parser.addoption("--soak", type=float, default=28_800, help="seconds of the soak among them")
    parser.addoption("--soak-haste", type=int, default=1, help="times as fast as that they go by")
    parser.addoption("--hour", type=float, default=3600, help="seconds of what is to last an hour: pace and lanes")
    parser.addoption("--flood", type=float, default=600, help="seconds of the overload of the API")


def pytest_configure(config: pytest.Config) -> None:
    """Say at once, and in one sentence, that a server is not installed.

    By day Hypothesis tries the same examples each time, by night others.
    """
    settings.register_profile("day", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("night", settings.get_profile("day"), derandomize=False, print_blob=True)
    settings.load_profile("night" if config.getoption("--nightly") else "day")
    try:
        binaries.postgres(_provider(config))
        binaries.redis(_provider(config))
    except NotFoundError as error:
        raise pytest.UsageError(str(error)) from None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--only-with-servers"):
        _leave_out([item for item in items if not _uses_servers(item)], config, items)
    if not config.getoption("--nightly"):
        for item in items:
            if item.get_closest_marker("nightly"):
                item.add_marker(pytest.mark.skip(reason="runs with --nightly"))


def _uses_servers(item: pytest.Item) -> bool:
    return not OF_SERVERS.isdisjoint(getattr(item, "fixturenames", OF_SERVERS))


def _leave_out(others: list[pytest.Item], config: pytest.Config, items: list[pytest.Item]) -> None:
    config.hook.pytest_deselected(items=others)
    left_out = set(others)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> Iterator[Servers]:
    """Servers of this process alone, so that a test may stop, crash and restart them."""
    with passing_servers(_provider(pytestconfig)) as started:
        yield started


@pytest.fixture(scope="session")
async def template_database(servers: Servers) -> str:
    """Name a migrated database; nobody may connect to it, so that it can be cloned at any time."""
    await _administer(servers, "create database template_campanella")
    await migrate(
        Settings(database_url=Url(servers.postgres.url("template_campanella")), redis_url=Url(servers.redis.url(0)))
    )
    await _administer(servers, "alter database template_campanella allow_connections false")
    await _administer(servers, RESTED)
    return "template_campanella"


@pytest.fixture
async def database_url(servers: Servers, template_database: str) -> AsyncIterator[str]:
    """Give the URL of a clean, migrated database of this test's own."""
    servers.postgres.ensure_running()  # a test before this one may have crashed it
    name = f"test_{next(NUMBERS)}"
    await _administer(servers, f"create database {name} template {template_database} strategy file_copy")
    yield servers.postgres.url(name)
    servers.postgres.ensure_running()
    await _administer(servers, f"drop database {name} with (force)")


@pytest.fixture
def redis_url(servers: Servers) -> str:
    """Give the URL of an empty Redis."""
    servers.redis.ensure_running()
    servers.flush_redis()
    return servers.redis.url(0)


def _provider(config: pytest.Config) -> Provider:
    return Provider(config.getoption("--servers"))


async def _administer(servers: Servers, statement: str) -> None:
    connection = await asyncpg.connect(servers.postgres.url("postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
