# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The same answers over HTTP, from a worker's own port and from the API's routes."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aiohttp
import pytest
import uvicorn
from fastapi import FastAPI
from pydantic_core import Url

from app.domain.errors import UnavailableError
from app.health import Health
from app.health_routes import router
from app.settings import Settings
from app.worker_port import PORTS, serve
from deploy.processes import free_port
from tests.telemetry.conftest import Configured, some_settings

LAST_PORT = 65_535
"""No port follows this one, and no outgoing connection is given it."""


@pytest.fixture
def settings(database_url: str, redis_url: str) -> Settings:
    return some_settings(database_url=Url(database_url), redis_url=Url(redis_url), worker_port=free_port())


@asynccontextmanager
async def a_worker(settings: Settings, health: Health | None = None) -> AsyncIterator[Health]:
    """Serve as a worker does, in a task that is cancelled at the end."""
    health = health or Health(settings)
    task = asyncio.create_task(serve(settings, health))
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.shield(task), 0.5)  # it serves for ever, on a port or on none
    try:
        yield health
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def asked(port: int, path: str) -> tuple[int, str, str]:
    url = f"http://127.0.0.1:{port}{path}"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, answer.headers["Content-Type"], await answer.text()


async def test_a_worker_answers_on_its_own_port(settings: Settings) -> None:
    async with a_worker(settings):
        answers = [await asked(settings.worker_port, path) for path in ("/livez", "/readyz", "/metrics", "/other")]

    assert [status for status, _, _ in answers] == [200, 200, 200, 404]
    assert [kind.split(";")[0] for _, kind, _ in answers[:3]] == [*["application/health+json"] * 2, "text/plain"]
    assert "campanella_deliveries_settled_total" in answers[2][2]


async def test_a_worker_that_drains_says_so(settings: Settings) -> None:
    async with a_worker(settings) as health:
        health.drain()

        statuses = [(await asked(settings.worker_port, path))[0] for path in ("/livez", "/readyz")]

    assert statuses == [200, 503]


async def test_workers_of_one_machine_take_the_next_ports(settings: Settings, configured: Configured) -> None:
    written = configured()

    async with a_worker(settings), a_worker(settings), a_worker(settings):
        ports = [line["port"] for line in written.documents if line["event"] == "worker.listening"]
        statuses = [(await asked(port, "/livez"))[0] for port in ports]

    assert ports == sorted(set(ports))
    assert settings.worker_port <= ports[0] <= ports[2] < settings.worker_port + PORTS
    assert statuses == [200, 200, 200]


async def test_a_worker_without_a_free_port_works_unheard(settings: Settings, configured: Configured) -> None:
    written = configured()

    with socket.socket() as taken:
        with suppress(OSError):  # somebody else's is as good
            taken.bind((settings.worker_host, LAST_PORT))
            taken.listen()
        async with a_worker(settings.model_copy(update={"worker_port": LAST_PORT})):
            events = [line["event"] for line in written.documents]

    assert events == ["worker.unheard"]


async def test_an_address_that_is_not_ours_is_no_reason_to_stop(settings: Settings, configured: Configured) -> None:
    written = configured()

    async with a_worker(settings.model_copy(update={"worker_host": "192.0.2.1"})):
        events = [line["event"] for line in written.documents]

    assert events == ["worker.unheard"]


async def test_a_worker_that_wants_no_port_has_none(settings: Settings) -> None:
    health = Health(settings)

    await asyncio.wait_for(serve(settings.model_copy(update={"worker_port": 0}), health), 1)

    with pytest.raises(aiohttp.ClientConnectorError):
        await asked(settings.worker_port, "/livez")


@asynccontextmanager
async def an_api(health: Health) -> AsyncIterator[int]:
    """Serve the routes as the API does; what it makes of an error is its own affair, and tested there."""
    app = FastAPI()
    app.include_router(router(health, everybody))
    server = uvicorn.Server(uvicorn.Config(app, port=free_port(), log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - it offers nothing to wait on
        await asyncio.sleep(0.01)
    try:
        yield server.config.port
    finally:
        server.should_exit = True
        await task


async def test_the_api_answers_the_same(settings: Settings) -> None:
    health = Health(settings)
    async with an_api(health) as port:
        answers = [await asked(port, path) for path in ("/livez", "/readyz", "/metrics", "/status")]
    health.close()

    assert [status for status, _, _ in answers] == [200] * 4
    assert [kind.split(";")[0] for _, kind, _ in answers] == [
        *["application/health+json"] * 2,
        *("text/plain", "application/json"),
    ]


async def everybody(_: object) -> bool:
    return True


async def test_a_service_that_does_not_work_is_an_error_that_the_api_explains(settings: Settings) -> None:
    health = Health(settings)
    health.drain()
    routes = router(health, everybody).routes
    (status,) = [route for route in routes if getattr(route, "path", "") == "/status"]

    with pytest.raises(UnavailableError, match="is being stopped"):
        await status.endpoint(None)  # type: ignore[attr-defined]  # a route of FastAPI's has one

    health.close()
