# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The HTTP server around the sandbox, which can go away and come back on the same port."""

import asyncio

from aiohttp import web

HURRY = 0.2
GOODBYE = 0.05


class Server:
    """One application on one address."""

    def __init__(self, app: web.Application, host: str) -> None:
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=HURRY)
        self.host, self.port = host, 0
        self.absence: asyncio.Task[None] | None = None

    async def start(self, port: int) -> None:
        await self.runner.setup()
        await self.listen(port)

    async def listen(self, port: int) -> None:
        site = web.TCPSite(self.runner, self.host, port, reuse_address=True, backlog=1024)
        await site.start()
        self.port = self.runner.addresses[0][1]

    async def leave(self) -> None:
        """Stop listening and drop every connection, as if the machine were gone; nothing is forgotten."""
        for site in list(self.runner.sites):
            await site.stop()
        for protocol in list(self.runner.server.connections) if self.runner.server else []:
            if protocol.transport:
                protocol.transport.abort()

    async def come_back(self) -> None:
        await self.listen(self.port)

    def be_away(self, seconds: float) -> None:
        """Leave in a moment, when the answer to whoever asked is out, and come back after so many seconds."""
        self.absence = asyncio.create_task(self._absence(seconds))

    async def _absence(self, seconds: float) -> None:
        await asyncio.sleep(GOODBYE)
        await self.leave()
        await asyncio.sleep(seconds)
        await self.come_back()

    async def stop(self) -> None:
        if self.absence:
            self.absence.cancel()
        await self.runner.cleanup()

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"
