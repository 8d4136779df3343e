# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A worker's own port, where orchestrators and Prometheus ask: /livez, /readyz, /metrics."""

import asyncio
import errno
import json

from aiohttp import web

from app.health import MEDIA_TYPE, Answer, Health
from app.settings import Settings
from app.telemetry import log

PORTS = 21
"""The configured port and the twenty after it: several workers of one machine each find their own."""


async def serve(settings: Settings, health: Health) -> None:
    """Answer until cancelled, on the first free port; at once done when none is wanted."""
    if not settings.worker_port:
        return
    runner = web.AppRunner(_application(health), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await _listen(runner, settings)
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
        health.close()


async def _listen(runner: web.AppRunner, settings: Settings) -> None:
    """Take the first free port; a worker that cannot be asked still works."""
    for port in range(settings.worker_port, min(settings.worker_port + PORTS, 65_536)):
        try:
            await web.TCPSite(runner, settings.worker_host, port).start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                break
        else:
            log.info("worker.listening", host=settings.worker_host, port=port)
            return
    log.warning("worker.unheard", host=settings.worker_host, port=settings.worker_port)


def _application(health: Health) -> web.Application:
    async def livez(_request: web.Request) -> web.Response:
        return _shown(health.livez())

    async def readyz(_request: web.Request) -> web.Response:
        return _shown(await health.readyz())

    async def metrics(request: web.Request) -> web.Response:
        page, media_type = await health.metrics(request.headers.get("Accept", ""))
        return web.Response(body=page, headers={"Content-Type": media_type})

    application = web.Application()
    application.add_routes([web.get("/livez", livez), web.get("/readyz", readyz), web.get("/metrics", metrics)])
    return application


def _shown(answer: Answer) -> web.Response:
    headers = {"Content-Type": MEDIA_TYPE, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return web.Response(body=json.dumps(answer.document), status=answer.status, headers=headers)
