# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The whole product: the API behind a real port, a worker, a Telegram that refuses, real servers underneath."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn
from aiohttp import ClientSession
from pydantic import SecretStr

from app.main import create_app
from deploy.sandbox import Sandbox
from tests.workers.conftest import City, a_city, sandbox, settings_for, until

__all__ = ["sandbox", "until"]
ADMIN = "an operator of this test, and nobody else"
PATIENT = {"telegram_timeout": 30, "lease": 60}
"""A call that a busy machine makes slow is no doubt: nothing here breaks one."""


@dataclass
class Town:
    """The API as other systems see it, and the city behind it."""

    client: ClientSession
    city: City

    async def asks(self, method: str, path: str, key: str = ADMIN, body: Any = None) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {key}"}
        async with self.client.request(method, f"/v1{path}", json=body, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)

    async def makes(self, path: str, body: Any, method: str = "POST") -> dict[str, Any]:
        status, made = await self.asks(method, path, body=body)
        assert status in (200, 201), made
        return made


Make = Callable[..., AbstractAsyncContextManager[Town]]


@pytest.fixture
def make_town(database_url: str, redis_url: str, sandbox: Sandbox) -> Make:
    """Give the way to a town with other settings; everything in it runs on this loop."""

    @asynccontextmanager
    async def made(**members: Any) -> AsyncIterator[Town]:
        listening = socket.create_server(("127.0.0.1", 0))  # nobody else is given the port before it is served
        port = listening.getsockname()[1]
        how = {"admin_key": SecretStr(ADMIN), **PATIENT, **members}
        settings = settings_for(database_url, redis_url, sandbox, **how)
        server = uvicorn.Server(uvicorn.Config(create_app(settings), port=port, log_config=None, server_header=False))
        async with a_city(settings, sandbox) as city, ClientSession(f"http://127.0.0.1:{port}") as client:
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            await until(lambda: _serves(server), 60)
            yield Town(client, city)
            server.should_exit = True
            await serving

    return made


@pytest.fixture
async def town(make_town: Make) -> AsyncIterator[Town]:
    """Start everything."""
    async with make_town() as started:
        yield started


async def _serves(server: uvicorn.Server) -> bool:
    return server.started
