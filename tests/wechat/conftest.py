# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A WeChat and a worker of its own for every test."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.database import SERVER_SETTINGS, Pool
from deploy.sandbox_wechat import WeChat
from tests.wechat.town import Town, a_town, quick


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with asyncpg.create_pool(database_url, min_size=0, max_size=10, server_settings=SERVER_SETTINGS) as opened:
        yield opened


@pytest.fixture
async def wechat() -> AsyncIterator[WeChat]:
    started = quick(await WeChat.start())
    yield started
    await started.stop()


@pytest.fixture
async def town(request: pytest.FixtureRequest, pool: Pool, wechat: WeChat) -> AsyncIterator[Town]:
    """A town; parametrize indirectly with settings to change them."""
    async with a_town(pool, wechat, **getattr(request, "param", {})) as made:
        yield made
