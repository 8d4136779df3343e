# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A WeChat and a worker of its own for every test."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime

import aiohttp
import asyncpg
import pytest
from pydantic import SecretStr
from pydantic_core import Url

from app.database import SERVER_SETTINGS, Pool
from app.settings import Settings
from app.wechat.settings import WeChatSettings
from deploy.sandbox_wechat import APP_ID, WeChat
from deploy.sandbox_wechat.rules import CHINA
from tests.api.calling import Caller, served
from tests.wechat.caller import Client
from tests.wechat.town import Town, a_town, quick
from tests.wechat.writing import KEY, TOKEN

NOON = datetime(2027, 1, 12, 12, tzinfo=CHINA)


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


@pytest.fixture
async def client(wechat: WeChat) -> AsyncIterator[Client]:
    wechat.clock.offset = NOON.timestamp() - time.time()  # no test may begin on one day and end on the next
    async with aiohttp.ClientSession() as http:
        made = Client(wechat, http)
        made.token = (await made.stable())["access_token"]
        yield made


@pytest.fixture
async def door(request: pytest.FixtureRequest, database_url: str, redis_url: str, pool: Pool) -> AsyncIterator[Caller]:
    """The API with a callback URL; parametrize indirectly to take plain letters, too."""
    plain = getattr(request, "param", False)
    wechat = WeChatSettings(
        app_id=APP_ID, callback_token=SecretStr(TOKEN), callback_aes_key=SecretStr(KEY), callback_plain=plain
    )
    settings = Settings(database_url=Url(database_url), redis_url=Url(redis_url))
    async with served(settings, pool, wechat) as caller:
        yield replace(caller, key=None)
