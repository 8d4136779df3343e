# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A worker whose only kind of channel is the webhook, and a receiver to be told of notices."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from pydantic import SecretStr
from pydantic_core import Url

from app.database import SERVER_SETTINGS, Pool
from app.doorbell import Doorbell
from app.intake import Accepted
from app.settings import Settings
from app.signing import new_shared_secret, public_half
from app.vault import Vault, new_key, rotate
from tests.given import a_channel, accepted
from tests.receiver import Receiver, a_receiver
from workers.main import run


@dataclass
class Post:
    """What a test speaks to: the municipality on one side, the receiver on the other."""

    pool: Pool
    bell: Doorbell
    receiver: Receiver
    settings: Settings

    async def channel(self, slug: str = "registro", secret: str | None = "", **members: Any) -> UUID:
        """Make a channel that signs; `secret` None: without one."""
        number = await a_channel(self.pool, slug, kind="webhook", address=self.receiver.url(f"/{slug}"), **members)
        if secret is not None:
            await self.signs_with(number, secret or new_shared_secret())
        return number

    async def signs_with(self, channel: UUID, secret: str, purpose: str = "channel") -> None:
        self.receiver.secrets.append(public_half(secret) if secret.startswith("whsk_") else secret)
        async with self.pool.acquire() as connection:
            await rotate(connection, Vault.of(self.settings), purpose, str(channel), secret, timedelta(hours=1))

    async def accepts(self, **members: Any) -> Accepted:
        notice = await accepted(self.pool, **members)
        self.bell.ring()
        return notice

    async def states(self) -> list[str]:
        return [row["state"] for row in await self.pool.fetch("select state from delivery order by id")]

    async def settled(self, *states: str) -> None:
        """Wait until the deliveries are in these states, by default all delivered."""

        async def so() -> bool:
            now = await self.states()
            return now == list(states) if states else bool(now) and set(now) == {"delivered"}

        await until(so)

    async def hurry(self) -> None:
        """Let what waits for a later try be due now."""
        await self.pool.execute("update delivery set due_at = now() where state in ('due', 'in_doubt')")
        await self.pool.execute("update channel set free_at = now()")
        self.bell.ring()


async def until(happens: Callable[[], Awaitable[bool]], within: float = 30) -> None:
    """Wait for something to come true, or fail."""
    deadline = asyncio.get_running_loop().time() + within
    while not await happens():
        assert asyncio.get_running_loop().time() < deadline, f"it has not come true within {within} s"
        await asyncio.sleep(0.03)


@pytest.fixture
async def receiver(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Receiver]:
    """A receiver; parametrize indirectly with the hosts by which the worker may call it."""
    async with a_receiver(tmp_path) as receiver:
        receiver.excepted = getattr(request, "param", receiver.excepted)
        yield receiver


@pytest.fixture
async def post(
    request: pytest.FixtureRequest, database_url: str, redis_url: str, receiver: Receiver
) -> AsyncIterator[Post]:
    """A city with one worker; parametrize indirectly with settings to change them."""
    members = {"webhook_timeout": 15, "webhook_per_second": 0, "kinds": "webhook", "worker_port": 0}
    settings = Settings(
        database_url=Url(database_url),
        redis_url=Url(redis_url),
        secret_keys=SecretStr(new_key()),
        **{**members, **receiver.settings, **getattr(request, "param", {})},
    )
    bell, stop = Doorbell(redis_url), asyncio.Event()
    async with asyncpg.create_pool(database_url, min_size=0, server_settings=SERVER_SETTINGS) as pool:
        worker = asyncio.create_task(run(settings, stop))
        yield Post(pool, bell, receiver, settings)
        stop.set()
        await worker
        await bell.close()
