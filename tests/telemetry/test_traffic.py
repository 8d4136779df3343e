# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from prometheus_client import REGISTRY
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.types import Message, Scope

from app.traffic import count, prepare_routes

Count = Callable[..., float]


def an_app() -> FastAPI:
    """Put together what our application is made of: included routers, plain routes, mounted files."""
    router = APIRouter()

    @router.get("/notices/{number}")
    async def notice(number: int) -> int:
        return number

    @router.post("/notices", status_code=202)
    async def accept() -> None:
        return None

    app = FastAPI(redirect_slashes=False, openapi_url=None)
    app.include_router(router, prefix="/v1")
    app.router.routes.append(Route("/docs/{page}", _plain))
    app.router.routes.append(Mount("/static", PlainTextResponse("a file")))
    return app


async def _plain(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("a page")


async def served(app: FastAPI, method: str, path: str, root: str = "") -> None:
    """Send one request through, and count it as our outermost layer does."""
    scope: Scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": root,
        "query_string": b"",
        "headers": [],
        "scheme": "http",
        "http_version": "1.1",
        "state": {},
        "server": ("localhost", 80),
        "client": ("192.0.2.1", 1),
        "asgi": {"version": "3.0"},
    }
    status = 0

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)

    await app(scope, receive, send)
    count(scope, status, 0.2)


def requests(method: str, route: str, status: int) -> float | None:
    labels = {"method": method, "route": route, "status": str(status)}
    return REGISTRY.get_sample_value("campanella_http_requests_total", labels)


@pytest.mark.parametrize(
    ("method", "path", "route", "status"),
    [
        ("GET", "/v1/notices/5", "/v1/notices/{number}", 200),
        ("GET", "/v1/notices/no-number", "/v1/notices/{number}", 422),
        ("DELETE", "/v1/notices/5", "/v1/notices/{number}", 405),
        ("POST", "/v1/notices", "/v1/notices", 202),
        ("GET", "/docs/start", "/docs/{page}", 200),
        ("GET", "/static/a.css", "/static/unmatched", 200),
        ("GET", "/no/such/place", "unmatched", 404),
    ],
)
async def test_a_request_is_counted_under_the_template_of_its_route(
    method: str, path: str, route: str, status: int
) -> None:
    before = requests(method, route, status) or 0

    await served(an_app(), method, path)

    assert requests(method, route, status) == before + 1


async def test_the_root_under_which_an_application_is_served_belongs_to_the_route() -> None:
    await served(an_app(), "GET", "/below/v1/notices/7", root="/below")

    assert requests("GET", "/below/v1/notices/{number}", 200) == 1


async def test_what_callers_write_never_becomes_a_series() -> None:
    app = an_app()
    for number in range(50):
        await served(app, f"M{number}", f"/x/{number}")
        await served(app, "GET", f"/v1/notices/{number}")

    names: list[dict[str, Any]] = [
        row.labels for family in REGISTRY.collect() if "http_request" in family.name for row in family.samples
    ]
    assert {row["method"] for row in names} <= {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "other"}
    written = [row for row in names if not row["route"].startswith("/bacheca/_stile/")]  # whose digits are ours
    assert [row for row in written if any(letter.isdigit() for letter in row["route"].replace("/v1", ""))] == []


async def test_how_long_it_took_is_observed() -> None:
    labels = {"method": "GET", "route": "/docs/{page}", "le": "0.25"}
    before = REGISTRY.get_sample_value("campanella_http_request_seconds_bucket", labels) or 0

    await served(an_app(), "GET", "/docs/x")

    assert REGISTRY.get_sample_value("campanella_http_request_seconds_bucket", labels) == before + 1


def test_every_route_stands_at_zero_from_the_start() -> None:
    prepare_routes(an_app().routes, "/first")

    assert [requests("POST", "/first/v1/notices", status) for status in (202, 500, 503)] == [0, 0, 0]
    assert requests("GET", "/first/v1/notices/{number}", 200) == 0
    assert requests("GET", "/first/docs/{page}", 200) == 0
