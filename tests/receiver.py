# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A receiver of webhooks and callbacks on this machine: it verifies, keeps a journal, and can be told to misbehave."""

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from aiohttp import web

from app.signing import verify
from deploy.processes import free_port
from tests.workers.trap import certified, serving

Misdeed = Literal["swallow", "hang"]
"""swallow: take the call and break the connection. hang: take the call and never answer."""


@dataclass(frozen=True)
class Call:
    """What arrived: `verified` by one of the receiver's secrets."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    verified: bool
    at: float

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.body)
        return read


@dataclass
class Receiver:
    """Its answers are scripted per call: a status, a status with headers, or a misdeed; with none left, 204.

    `excepted`: the hosts that a worker may call at its port.
    """

    port: int
    authority: Path
    excepted: Sequence[str] = ("127.0.0.1",)
    secrets: list[str] = field(default_factory=list)
    consent: Mapping[str, str] | None = field(default_factory=lambda: {"WebHook-Allowed-Origin": "*"})
    script: deque[int | Misdeed | tuple[int, Mapping[str, str]]] = field(default_factory=deque)
    always: int | Misdeed | None = None
    calls: list[Call] = field(default_factory=list)
    asked: list[Mapping[str, str]] = field(default_factory=list)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str = "/hook") -> str:
        return f"https://{self.host}{path}"

    @property
    def settings(self) -> dict[str, Any]:
        """What a worker must be told in order to reach it."""
        exceptions = ",".join(f"{host}:{self.port}" for host in self.excepted)
        return {"fetch_exceptions": exceptions, "fetch_ca_file": self.authority}

    @property
    def taken(self) -> dict[str, dict[str, Any]]:
        """Give the events by their id, each once, in the order of their arrival, as a good receiver keeps them."""
        events: dict[str, dict[str, Any]] = {}
        for call in self.calls:
            if call.verified:
                events.setdefault(call.id, call.event)
        return events

    def types(self) -> list[str]:
        return [event["type"] for event in self.taken.values()]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.method == "OPTIONS":
            self.asked.append({name.lower(): value for name, value in request.headers.items()})
            return web.Response(status=200, headers=self.consent)
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        verified = verify(self.secrets, headers, body, datetime.now(UTC))
        self.calls.append(Call(request.path, headers, body, verified, time.monotonic()))
        deed = self.script.popleft() if self.script else self.always
        return await _done(request, deed)


async def _done(request: web.Request, deed: int | Misdeed | tuple[int, Mapping[str, str]] | None) -> web.Response:
    match deed:
        case "swallow" if request.transport is not None:
            request.transport.abort()
        case "hang":
            await asyncio.sleep(3600)
        case int():
            return web.Response(status=deed)
        case (int() as status, headers):
            return web.Response(status=status, headers=headers)
    return web.Response(status=204)


@asynccontextmanager
async def a_receiver(directory: Path) -> AsyncIterator[Receiver]:
    """Serve https under a certificate that only `authority` vouches for."""
    context, _ = certified(directory)
    receiver = Receiver(free_port(), directory / "ca.pem")
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.answer)
    async with serving(app, receiver.port, context):
        yield receiver
