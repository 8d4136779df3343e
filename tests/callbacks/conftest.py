# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A source with an endpoint, a noticeless Telegram, and a worker that calls."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from pydantic import SecretStr
from pydantic_core import Url
from uuid_utils.compat import uuid7

from app.database import SERVER_SETTINGS, Connection, Pool
from app.domain.callback import EventType
from app.names import Names
from app.outgoing import Outgoing
from app.settings import Settings
from app.signing import new_shared_secret
from app.vault import Vault, keep, new_key
from tests.receiver import Receiver, a_receiver
from tests.workers.liar import Liar
from workers.callbacks.errand import Callbacks
from workers.clock import Clock

ENDPOINT = "insert into endpoint (id, source, url, types) values ($1, $2, $3, $4)"


@dataclass
class Office:
    """A source that is told; each look is what a worker does once a second."""

    pool: Pool
    receiver: Receiver
    settings: Settings
    outgoing: Outgoing

    async def endpoint(self, path: str = "/hook", types: list[str] | None = None, source: str = "mensa") -> UUID:
        number: UUID = uuid7()
        secret = new_shared_secret()
        self.receiver.secrets.append(secret)
        wanted = list(EventType) if types is None else types
        async with self.pool.acquire() as connection:
            await connection.execute(ENDPOINT, number, source, self.receiver.url(path), wanted)
            await keep(connection, Vault.of(self.settings), "callback", str(number), secret)
        return number

    async def look(self) -> None:
        await Callbacks(self.pool, self.outgoing, self.settings, Clock()).look()

    async def comes_to(self, state: str, where: str = "true") -> None:
        """Let deliveries come to a state, as the engine would."""
        await self.pool.execute(f"update delivery set state = '{state}' where {where}")  # noqa: S608 - ours

    def waits_for(self, seconds: float) -> None:
        """Take this long for a call from now on."""
        self.settings = self.settings.model_copy(update={"webhook_timeout": seconds})

    async def hurry(self) -> None:
        await self.pool.execute("update endpoint_call set due_at = now() where state = 'due'")
        await self.pool.execute("update endpoint set free_at = now()")
        await self.look()

    async def calls(self) -> list[dict[str, Any]]:
        rows = await self.pool.fetch("select row_to_json(c) as call from endpoint_call c order by created_at, id")
        return [json.loads(row["call"]) for row in rows]

    async def waits(self, connection: Connection, doing: asyncio.Task[Any]) -> bool:
        """Tell whether what is done in a connection comes to wait for another's lock."""
        number, blocked = connection.get_server_pid(), False
        while not (blocked or doing.done()):
            blocked = await self.pool.fetchval("select cardinality(pg_blocking_pids($1)) > 0", number)
        return blocked

    async def states(self) -> list[str]:
        return [call["state"] for call in await self.calls()]

    @asynccontextmanager
    async def lied_to(self, exceptions: Sequence[str] = ()) -> AsyncIterator[None]:
        """Have a server of names lead every call to the receiver, and speak to no other exceptions than these."""
        trusted, before = ssl.create_default_context(cafile=str(self.receiver.authority)), self.outgoing
        liar = Names(Liar(self.receiver.port, ["127.0.0.1"]))
        self.outgoing = Outgoing(exceptions, trusted, names=liar)
        yield
        await self.outgoing.close()
        self.outgoing = before


@pytest.fixture
async def receiver(tmp_path: Path) -> AsyncIterator[Receiver]:
    async with a_receiver(tmp_path) as receiver:
        yield receiver


@pytest.fixture
async def office(database_url: str, redis_url: str, receiver: Receiver) -> AsyncIterator[Office]:
    settings = Settings(
        database_url=Url(database_url),
        redis_url=Url(redis_url),
        secret_keys=SecretStr(new_key()),
        webhook_timeout=15,
        **receiver.settings,
    )
    outgoing = Outgoing.of(settings)
    async with asyncpg.create_pool(database_url, min_size=0, server_settings=SERVER_SETTINGS) as pool:
        yield Office(pool, receiver, settings, outgoing)
        await outgoing.close()
