# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The whole API as it is served: its access log, its counters, and how it says that it cannot work."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import uvicorn
from prometheus_client import REGISTRY
from pydantic_core import Url

from app.main import create_app
from app.settings import Settings
from deploy.processes import free_port
from deploy.servers import Servers
from tests.given import notice_json
from tests.telemetry.canaries import ADMIN_KEY, CANARIES, KEY, TOKEN
from tests.telemetry.conftest import Configured, some_settings

OPERATOR = {"Authorization": f"Bearer {ADMIN_KEY}"}
INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
BODY = "canary of what a source has written"


@pytest.fixture
def settings(database_url: str, redis_url: str) -> Settings:
    return some_settings(database_url=Url(database_url), redis_url=Url(redis_url))


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[aiohttp.ClientSession]:
    """Serve the API, and give a caller of it."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=port, log_config=None, access_log=False))
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - it offers nothing to wait on
        await asyncio.sleep(0.01)
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as caller:
            yield caller
    finally:
        server.should_exit = True
        await task


async def test_the_access_line_carries_the_seven_things(settings: Settings, configured: Configured) -> None:
    written = configured()

    async with served(settings) as caller:
        answer = await caller.get("/v1/channels?limit=7", headers=OPERATOR)

    (line,) = [json.loads(text) for text in written.lines if "request.served" in text]
    assert re.fullmatch(INSTANT, line["timestamp"])
    assert line["uri"] == f"{str(settings.public_url).rstrip('/')}/v1/channels"
    assert (line["method"], line["status"]) == ("GET", 200)
    assert (line["client"], line["caller"]) == ("127.0.0.1", "admin")
    assert line["request"] == answer.headers["X-Correlation-ID"]
    assert line["operation"] == "list_channels"


async def test_nothing_that_was_handed_in_and_no_key_is_logged(settings: Settings, configured: Configured) -> None:
    written = configured(log_level="debug")
    wrong = notice_json(texts={"it": {"title": BODY, "unknown": TOKEN}}, event_id=BODY.replace(" ", "/"), kind=KEY)

    async with served(settings) as caller:
        for headers in ({"Authorization": f"Bearer {KEY}"}, {"Authorization": "Basic Y2FuYXJ5OmNhbmFyeQ=="}, OPERATOR):
            for path in ("/v1/notices", f"/v1/notices/{KEY}", f"/bot{TOKEN}/sendMessage", f"/v1/channels?x={KEY}"):
                await caller.post(path, json=wrong, headers=headers)
                await caller.get(path, headers=headers)

    assert written.text.count("request.served") == 24
    assert {"access.refused", "request.refused"} <= {line["event"] for line in written.documents}
    assert [canary for canary in CANARIES if canary in written.text] == []


async def test_requests_are_counted_by_route_and_good_health_is_no_news(
    settings: Settings, configured: Configured
) -> None:
    written = configured()
    labels = {"method": "GET", "route": "/v1/notices/{notice_id}", "status": "401"}
    before = REGISTRY.get_sample_value("campanella_http_requests_total", labels) or 0

    async with served(settings) as caller:
        paths = ("/v1/notices/0192f0c1-2b3c-7d4e-8f90-123456789abc", "/livez", "/readyz", "/metrics", "/status")
        answers = {path.rpartition("/")[2]: (await caller.get(path)).status for path in paths}
        page = await (await caller.get("/metrics")).text()

    uris = [line["uri"].rpartition("/")[2] for line in written.documents if line["event"] == "request.served"]
    assert uris == [end for end, status in answers.items() if status != 200]  # a busy machine may be unwell
    assert answers["livez"] == answers["metrics"] == 200
    assert uris[0] == "0192f0c1-2b3c-7d4e-8f90-123456789abc"
    assert REGISTRY.get_sample_value("campanella_http_requests_total", labels) == before + 1
    assert 'campanella_http_requests_total{method="POST",route="/v1/notices",status="500"} 0.0' in page
    assert 'campanella_outbox_age_seconds{lane="urgent"} 0.0' in page


async def test_with_postgres_away_the_public_is_told_by_a_problem(
    settings: Settings, servers: Servers, configured: Configured
) -> None:
    configured()
    async with served(settings) as caller:
        servers.postgres.stop()
        answers = [await _told(caller, path) for path in ("/status", "/v1/status", "/readyz", "/livez", "/metrics")]
        servers.postgres.start()
        again = (await caller.get("/v1/status")).status

    assert [status for status, _, _ in answers] == [503, 503, 503, 200, 200]
    for _, headers, document in answers[:2]:
        assert headers["Content-Type"].startswith("application/problem+json")
        assert 5 <= int(headers["Retry-After"]) <= 30
        assert {"type", "title", "status", "detail", "instance"} <= document.keys()
        assert document["title"] == "In questo momento non è possibile"
        assert "postgres" not in json.dumps(document)
    assert answers[2][1]["Content-Type"].startswith("application/health+json")
    assert again == 200


async def _told(caller: aiohttp.ClientSession, path: str) -> tuple[int, Any, Any]:
    answer = await caller.get(path)
    text = await answer.text()
    return answer.status, answer.headers, json.loads(text) if "json" in answer.headers["Content-Type"] else text
