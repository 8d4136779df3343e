# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A proving ground for each test, with limits low enough to be quick and timeouts small enough to be killed in."""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from app.database import SERVER_SETTINGS
from app.doorbell import Doorbell
from tests.reliability.counters import code, counters, way_to_postgres
from tests.reliability.ground import LEASE, TIMEOUT, Ground
from tests.reliability.processes import HERE, Nursery, Processes, Telegram

__all__ = ["code", "counters", "way_to_postgres"]

UNLIMITED = ("--per-second", "0", "--chat-per-second", "0", "--group-per-minute", "0")
Prepare = Callable[..., AbstractAsyncContextManager[Ground]]


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.close()


@pytest.fixture
async def prepare(nursery: Nursery, database_url: str, redis_url: str, tmp_path: Path) -> Prepare:
    """Give the way to a proving ground with other limits, other code, more seconds for each call, or more settings."""

    @asynccontextmanager
    async def prepared(
        *,
        limits: tuple[str, ...] = UNLIMITED,
        pace: tuple[float, float, int] = (0, 0, 0),
        code: Path = HERE,
        patience: float = TIMEOUT,
        **more: str,
    ) -> AsyncIterator[Ground]:
        telegram = Telegram(tmp_path, *limits)
        environment = _environment(database_url, redis_url, telegram, pace) | _patience(patience) | more
        workers = Processes(nursery, environment, tmp_path / "workers.log", code)
        bell = Doorbell(redis_url)
        try:
            async with asyncpg.create_pool(
                database_url, min_size=0, max_size=20, server_settings=SERVER_SETTINGS
            ) as pool:
                yield Ground(pool, telegram, workers, bell, database_url, lease=float(environment["CAMPANELLA_LEASE"]))
        finally:
            workers.close()
            with contextlib.suppress(Exception):
                await bell.close()
            await telegram.close()

    return prepared


@pytest.fixture
async def ground(prepare: Prepare) -> AsyncIterator[Ground]:
    async with prepare() as made:
        yield made


def _environment(database: str, redis: str, telegram: Telegram, pace: tuple[float, float, int]) -> dict[str, str]:
    per_second, chat_per_second, group_per_minute = pace
    return {
        "CAMPANELLA_DATABASE_URL": database,
        "CAMPANELLA_REDIS_URL": redis,
        "CAMPANELLA_TELEGRAM_TOKEN": telegram.token,
        "CAMPANELLA_TELEGRAM_API_URL": telegram.url,
        "CAMPANELLA_TELEGRAM_PER_SECOND": str(per_second),
        "CAMPANELLA_TELEGRAM_CHAT_PER_SECOND": str(chat_per_second),
        "CAMPANELLA_TELEGRAM_GROUP_PER_MINUTE": str(group_per_minute),
        "CAMPANELLA_WORKER_PORT": "0",
    }


def _patience(seconds: float) -> dict[str, str]:
    """Give the settings for calls that may take so long, and a lease in proportion."""
    return {"CAMPANELLA_TELEGRAM_TIMEOUT": str(seconds), "CAMPANELLA_LEASE": str(seconds * LEASE / TIMEOUT)}
