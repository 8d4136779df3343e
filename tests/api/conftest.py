# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""One API for all tests of this folder: each uses sources, services and channels of its own."""

import asyncio
import io
import logging
import os
import sys
import threading
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest
import structlog

from app.database import SERVER_SETTINGS, Pool
from app.scrub import hide
from app.settings import Settings
from app.telemetry import configure
from deploy.servers import Servers
from tests.api.calling import ADMIN_KEY, Caller, served, some_settings
from tests.api.typing_in import Ended, Environment, Typed, ended_with
from tests.api.weather import OTHER, ZONE

DATABASE = "all_tests_of_the_api"


@pytest.fixture(scope="package", autouse=True)
def _quiet() -> Iterator[None]:
    """Log as a process of ours does, to nowhere: without it tracebacks are painted for a terminal, for seconds."""
    handlers, level = logging.root.handlers, logging.root.level
    hooks = sys.excepthook, sys.unraisablehook, threading.excepthook
    configure(some_settings("postgresql://u@h/d", "redis://h"), io.StringIO())
    yield
    sys.excepthook, sys.unraisablehook, threading.excepthook = hooks
    logging.captureWarnings(capture=False)
    logging.root.handlers, logging.root.level = handlers, level
    structlog.reset_defaults()
    hide([])


@pytest.fixture(scope="session")
async def settings(servers: Servers, template_database: str) -> Settings:
    connection = await asyncpg.connect(servers.postgres.url("postgres"))
    await connection.execute(f"create database {DATABASE} template {template_database}")
    await connection.close()
    return some_settings(servers.postgres.url(DATABASE), servers.redis.url(0))


@pytest.fixture(scope="session")
async def pool(settings: Settings) -> AsyncIterator[Pool]:
    url = str(settings.database_url)
    async with asyncpg.create_pool(url, min_size=0, max_size=5, server_settings=SERVER_SETTINGS) as opened:
        yield opened
        follow_all = await opened.fetch("select slug from channel where services = '{}' and retired_at is null")
        assert not follow_all, f"{follow_all} get what other tests hand in, and make two deliveries of one"


@pytest.fixture(scope="session")
async def operator(settings: Settings, pool: Pool) -> AsyncIterator[Caller]:
    """A caller with the bootstrap key."""
    async with served(settings, pool) as caller:
        yield caller


@pytest.fixture(scope="module")
async def elsewhere(settings: Settings, pool: Pool) -> AsyncIterator[Caller]:
    """Another process of the same installation, with a memory of its own."""
    async with served(settings, pool) as caller:
        yield caller


@pytest.fixture
async def source(operator: Caller) -> Caller:
    """A caller with the key of a source that may speak of every service."""
    return await operator.a_source()


@pytest.fixture(scope="session")
async def town(settings: Settings, pool: Pool) -> AsyncIterator[Caller]:
    """An installation that tells of two zones."""
    zones = {"alert_zones": f"{ZONE}=bisenzio; {OTHER}"}
    async with served(settings.model_copy(update=zones), pool) as caller:
        yield caller


@pytest.fixture
def environment(database_url: str, redis_url: str) -> Environment:
    return {
        "PATH": os.environ["PATH"],
        "CAMPANELLA_DATABASE_URL": database_url,
        "CAMPANELLA_REDIS_URL": redis_url,
        "CAMPANELLA_ADMIN_KEY": ADMIN_KEY,
    }


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Typed:
    """Run a command in a thread of this process: a process of its own takes a second to start."""

    async def type_in(environment: Environment, *words: str) -> Ended:
        for name in (name for name in os.environ if name.startswith("CAMPANELLA_")):
            monkeypatch.delenv(name)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["campanella", *words])
        capfd.readouterr()
        code = await asyncio.to_thread(ended_with)
        return Ended(code, *capfd.readouterr())

    return type_in
