# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The API served on a port of its own, and callers of it."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import aiohttp
import uvicorn
from pydantic import SecretStr
from pydantic_core import Url
from starlette.types import ASGIApp

from app.database import Pool
from app.main import create_app
from app.settings import Settings
from app.vault import new_key
from app.wechat.settings import WeChatSettings
from app.wire import Protocol
from deploy.processes import free_port

ADMIN_KEY = "bootstrap-operator-key-of-the-tests-0001"
SECRET_KEY = new_key()
NUMBERS = count(1)
JSON = "application/json"
PATIENCE = 120
"""Seconds for which a busy machine may say that it takes too long."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str
    body: Any = field(repr=False)

    @property
    def problem(self) -> str:
        """The last part of the problem's type, or nothing for a good answer."""
        return re.split("[/#]", str(self.body["type"]))[-1] if self.status >= 400 else ""

    @property
    def pointers(self) -> list[str]:
        return [place.get("pointer", place.get("parameter")) for place in self.body["errors"]]


@dataclass(frozen=True)
class Caller:
    """Somebody with a key who calls the API; `pool` looks behind it."""

    session: aiohttp.ClientSession
    pool: Pool
    key: str | None = ADMIN_KEY
    slug: str = ""
    address: str = ""

    def having(self, key: str | None, slug: str = "") -> "Caller":
        return replace(self, key=key, slug=slug)

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.call("GET", path, headers=headers)

    async def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return await self.call("POST", path, body, headers)

    async def patch(self, path: str, body: Any, **headers: str) -> Answer:
        return await self.call("PATCH", path, body, {"Content-Type": "application/merge-patch+json", **headers})

    async def call(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Call with a body as it is (bytes) or as JSON, and read the answer."""
        sent = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        if body is not None:
            sent["Content-Type"] = JSON
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        sent |= {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        async with self.session.request(method, path, data=data, headers=sent) as answer:
            text = await answer.text()
            readable = text if answer.content_type.endswith("json") else ""
            return Answer(answer.status, answer.headers, text, json.loads(readable) if readable else None)

    async def every(self, path: str) -> list[Any]:
        """Read a list to its last page: the tests before have left no one knows how much in it."""
        answer = await self.get(f"{path}?limit=200")
        items: list[Any] = answer.body["items"]
        while following := answer.body.get("next"):
            answer = await self.get(following.partition(":8080")[2])
            items += answer.body["items"]
        return items

    async def hand_in(self, **members: Any) -> Answer:
        return await self.post("/v1/notices", a_notice(**members))

    async def a_source(self, services: list[str] | None = None) -> "Caller":
        """Make a source of any name and call with its key from now on."""
        slug = fresh("fonte")
        made = await self.post("/v1/sources", {"slug": slug, "name": "Una fonte", "services": services or []})
        return self.having(made.body["key"], slug)

    async def a_service(self) -> str:
        slug = fresh("servizio")
        await self.call("PUT", f"/v1/services/{slug}", {"name": "Un servizio"})
        return slug

    async def a_channel(self, service: str, **members: Any) -> str:
        """Make a channel that follows one service; no worker runs, so it is stored unchecked."""
        slug = fresh("canale")
        await self.post("/v1/channels", {**a_channel(slug), "audience": {"services": [service]}, **members})
        return slug


async def patiently(call: Callable[[], Awaitable[Answer]]) -> Answer:
    """Call, and again while Postgres or another request of the same key has no time for it."""
    async with asyncio.timeout(PATIENCE):
        while True:
            answer = await call()
            if answer.status != 503 and answer.problem != "request-in-progress":
                return answer


async def a_delivery(operator: Caller) -> tuple[Caller, str, int]:
    """Hand in a notice that one channel follows; give who did, its address, and the delivery."""
    service = await operator.a_service()
    await operator.a_channel(service)
    source = await operator.a_source()
    number = (await source.hand_in(service=service)).body["id"]
    delivery = await operator.pool.fetchval("select id from delivery where notice_id = $1", number)
    return source, f"/v1/notices/{number}", delivery


def fresh(word: str) -> str:
    """Give a name that no other test has."""
    return f"{word}-{next(NUMBERS)}"


def a_notice(**members: Any) -> dict[str, Any]:
    ordinary = {"event_id": fresh("evento"), "service": "mensa", "texts": {"it": {"title": "Mensa: pasto freddo"}}}
    return {**ordinary, **members}


def a_channel(slug: str) -> dict[str, Any]:
    """Describe a channel that follows a service of which no other test speaks."""
    quiet = {"services": ["pacchetto-scuola"]}
    place = f"-100{next(NUMBERS):010}"
    return {"slug": slug, "kind": "telegram", "address": place, "language": "it", "audience": quiet}


def some_settings(database_url: str, redis_url: str, **members: Any) -> Settings:
    unlimited = {"requests_per_minute": 0, "requests_per_day": 0, "wrong_keys_per_minute": 0, "shed_after": 0}
    secrets = {"admin_key": SecretStr(ADMIN_KEY), "secret_keys": SecretStr(SECRET_KEY)}
    members = {**secrets, "admin_key_stays": True, "log_level": "error", "health_patience": 10, **unlimited, **members}
    return Settings(database_url=Url(database_url), redis_url=Url(redis_url), **members)


@asynccontextmanager
async def served(settings: Settings, pool: Pool, wechat: WeChatSettings | None = None) -> AsyncIterator[Caller]:
    """Serve the API, and give a caller with the operator's key."""
    connector = aiohttp.TCPConnector(limit=64)
    async with (
        listening(create_app(settings, wechat=wechat)) as address,
        aiohttp.ClientSession(address, connector=connector) as session,
    ):
        yield Caller(session, pool, address=address)


@asynccontextmanager
async def listening(application: ASGIApp) -> AsyncIterator[str]:
    """Serve an application on a port of its own, and give its address."""
    port = free_port()
    config = uvicorn.Config(application, port=port, http=Protocol, ws="none", log_config=None)
    config.access_log, config.server_header, config.proxy_headers = False, False, False
    # The loop rests during tests that do not await; a connection kept meanwhile must not be found closed after them.
    config.timeout_keep_alive = 600
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - it offers nothing to wait on
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task
