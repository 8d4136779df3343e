# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A web server on this machine, which a guarded client must never reach unless it is named as an exception."""

import asyncio
import gzip
import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trustme
from aiohttp import web

from deploy.processes import free_port

BOMB = gzip.compress(bytes(64 << 20))
"""64 KiB."""
NAME = "comune.example.it"
"""A host that the certificate names as well; only a server of names that lies leads to it."""


@dataclass
class Trap:
    """Its port, a context and a file that trust it, the files it serves, and how often it was reached.

    `elsewhere`: where a path leads on to. `script`: the paths as which the next calls are answered, whatever they ask.
    `over`: what hangs does so until then.
    """

    port: int
    context: ssl.SSLContext
    authority: Path
    files: dict[str, bytes] = field(default_factory=lambda: {"/a.png": b"\x89PNG\r\n\x1a\n"})
    elsewhere: dict[str, str] = field(default_factory=lambda: {"/round": "/round"})
    script: deque[str] = field(default_factory=deque)
    hits: int = 0
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.hits += 1
        await asyncio.sleep(float(request.query.get("seconds", 0)))
        match self.script.popleft() if self.script else request.path:
            case path if path in self.elsewhere:
                raise web.HTTPFound(self.elsewhere[path])
            case path if path in ODD:
                return await ODD[path](request)
            case "/busy":
                raise web.HTTPTooManyRequests
            case "/hang":
                await self.over.wait()
            case path if path in self.files:
                return web.Response(body=self.files[path])
        raise web.HTTPNotFound(text="canary-in-a-body")


async def _bomb(_: web.Request) -> web.StreamResponse:
    return web.Response(body=BOMB, headers={"Content-Encoding": "gzip"})


async def _short(request: web.Request) -> web.StreamResponse:
    """Promise more than is sent."""
    response = web.StreamResponse()
    response.content_length = 1000
    await response.prepare(request)
    await response.write(b"\x89PNG\r\n\x1a\n")
    if request.transport is not None:
        request.transport.close()
    return response


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(50):
        await response.write(b"x" * 100_000)
    return response


ODD = {"/endless": _endless, "/short": _short, "/bomb": _bomb}


@asynccontextmanager
async def a_trap(directory: Path, *more: tuple[str, int]) -> AsyncIterator[Trap]:
    """Serve https under a certificate that only the trap's own context trusts; at these addresses and ports, too."""
    context, trusting = certified(directory)
    trap = Trap(free_port(), trusting, directory / "ca.pem")
    app = web.Application()
    app.router.add_get("/{path:.*}", trap.answer)
    async with serving(app, trap.port, context, *more):
        yield trap


def certified(directory: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate for this machine: a context to serve with, one that trusts it, and the file ca.pem."""
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1", "localhost", NAME).configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    authority.cert_pem.write_to_path(str(directory / "ca.pem"))
    return server, client


@asynccontextmanager
async def serving(
    app: web.Application, port: int, context: ssl.SSLContext, *more: tuple[str, int]
) -> AsyncIterator[None]:
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    for place in (("127.0.0.1", port), *more):
        await web.TCPSite(runner, *place, ssl_context=context).start()
    try:
        yield
    finally:
        await runner.cleanup()
