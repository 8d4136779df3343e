# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A whole worker on the test's own loop, with a real Postgres, a real Redis and a Telegram that refuses."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from pydantic import HttpUrl, SecretStr
from pydantic_core import Url

from app.database import SERVER_SETTINGS, Pool
from app.doorbell import Doorbell
from app.intake import Accepted
from app.settings import Settings
from deploy.sandbox import Sandbox
from deploy.sandbox.chats import Message
from deploy.sandbox.limits import Limits
from tests.given import a_channel, accepted
from tests.workers.trap import Trap, a_trap
from workers.main import run

CHAT = -1001000000001
UNHURRIED = {"telegram_timeout": 20, "lease": 40}
"""A machine that stands still for some seconds ends no call by that, and lets no lease lapse."""
HURRIED = {"telegram_timeout": 2, "lease": 4}
"""For what waits until the time of a call is over."""


@dataclass
class City:
    """What a test speaks to: the municipality on one side, its Telegram on the other."""

    pool: Pool
    bell: Doorbell
    sandbox: Sandbox
    settings: Settings

    async def channel(self, slug: str = "scuola", chat: int = CHAT, **members: Any) -> UUID:
        kind = "private" if chat > 0 else "channel"
        if chat not in self.sandbox.world.chats:
            self.sandbox.add_chat(chat, kind, slug)
        return await a_channel(self.pool, slug, address=str(chat), **members)

    async def accepts(self, **members: Any) -> Accepted:
        notice = await accepted(self.pool, **members)
        self.bell.ring()
        return notice

    def posts(self, chat: int = CHAT) -> list[Message]:
        """Give what families see, without Telegram's own messages."""
        return [message for message in self.sandbox.messages(chat) if message.service is None]

    def texts(self, chat: int = CHAT) -> list[str]:
        return [post.text.text for post in self.posts(chat)]

    async def states(self) -> list[str]:
        return [row["state"] for row in await self.pool.fetch("select state from delivery order by id")]

    async def settled(self, *states: str, within: float = 45) -> None:
        """Wait until every delivery is in one of these states (delivered unless told otherwise)."""
        wanted = set(states or ("delivered",))

        async def all_are() -> bool:
            return set(await self.states()) <= wanted

        await until(all_are, within)


async def until(true: Callable[[], Awaitable[bool]], within: float = 45) -> None:
    """Look again and again until something is true."""
    async with asyncio.timeout(within):
        while not await true():  # noqa: ASYNC110 - what is waited for happens in another process or in Postgres
            await asyncio.sleep(0.02)


def settings_for(database_url: str, redis_url: str, sandbox: Sandbox, **members: Any) -> Settings:
    fast = {"telegram_per_second": 0, "telegram_chat_per_second": 0, "telegram_group_per_minute": 0}
    return Settings(
        database_url=Url(database_url),
        redis_url=Url(redis_url),
        telegram_token=SecretStr(sandbox.token),
        telegram_api_url=HttpUrl(sandbox.url),
        worker_port=0,
        municipality="Comune di Esempio",
        **{**UNHURRIED, **fast, **members},
    )


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    started = await Sandbox.start(limits=Limits(per_second=0, chat_per_second=0, group_per_minute=0))
    yield started
    await started.stop()


@asynccontextmanager
async def a_city(settings: Settings, sandbox: Sandbox) -> AsyncIterator[City]:
    """Run one worker on this loop for as long as it is needed."""
    bell, stop = Doorbell(str(settings.redis_url)), asyncio.Event()
    url = str(settings.database_url)
    async with asyncpg.create_pool(url, min_size=0, server_settings=SERVER_SETTINGS) as pool:
        worker = asyncio.create_task(run(settings, stop))
        yield City(pool, bell, sandbox, settings)
        stop.set()
        await worker
        await bell.close()


@pytest.fixture
async def city(
    request: pytest.FixtureRequest, database_url: str, redis_url: str, sandbox: Sandbox
) -> AsyncIterator[City]:
    """A city with one worker; parametrize indirectly with settings to change them."""
    settings = settings_for(database_url, redis_url, sandbox, **getattr(request, "param", {}))
    async with a_city(settings, sandbox) as city:
        yield city


@pytest.fixture
async def trap(tmp_path: Path) -> AsyncIterator[Trap]:
    async with a_trap(tmp_path) as trap:
        yield trap
