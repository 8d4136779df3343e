# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Logs caught as they would be written, and the settings of an installation with secrets."""

import io
import json
import logging
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import asyncpg
import pytest
import structlog
from pydantic import SecretStr
from pydantic_core import Url

from app.database import SERVER_SETTINGS, Pool
from app.health import Health
from app.scrub import hide
from app.settings import Settings
from app.telemetry import configure
from tests.telemetry.canaries import ADMIN_KEY, DATABASE_URL, KEY_PEPPER, REDIS_URL, TOKEN

Configured = Callable[..., "Written"]


class Written:
    """What has been logged since logging was configured."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def documents(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]


@pytest.fixture
def configured() -> Iterator[Configured]:
    """Configure logging as an entry point does; all is put back after the test."""
    handlers, level = logging.root.handlers, logging.root.level
    hooks = sys.excepthook, sys.unraisablehook, threading.excepthook

    def configure_with(**settings: Any) -> Written:
        written = Written()
        configure(some_settings(**settings), written.stream)
        return written

    yield configure_with
    sys.excepthook, sys.unraisablehook, threading.excepthook = hooks
    logging.root.handlers, logging.root.level = handlers, level
    logging.captureWarnings(capture=False)
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()
    hide([])


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with asyncpg.create_pool(database_url, min_size=0, max_size=4, server_settings=SERVER_SETTINGS) as opened:
        yield opened


@pytest.fixture
async def health(database_url: str, redis_url: str) -> AsyncIterator[Health]:
    made = Health(some_settings(database_url=Url(database_url), redis_url=Url(redis_url)))
    yield made
    made.close()


def some_settings(**members: Any) -> Settings:
    return Settings(
        **{
            "database_url": Url(DATABASE_URL),
            "redis_url": Url(REDIS_URL),
            "telegram_token": SecretStr(TOKEN),
            "admin_key": SecretStr(ADMIN_KEY),
            "key_pepper": SecretStr(KEY_PEPPER),
            "health_patience": 10,  # a busy machine is not ill
            **members,
        }
    )
