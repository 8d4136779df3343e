# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Counts requests by route template, never by path: what callers write must not become the name of a series."""

import time
from collections.abc import Iterable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.metrics import REQUEST_SECONDS, REQUESTS

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NOWHERE = "unmatched"


class Traffic:
    """Measure every request to the last byte of its answer; stands around the application, as pure ASGI."""

    def __init__(self, app: ASGIApp) -> None:
        """Count what this application answers."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            count(scope, status, time.perf_counter() - begun)


def count(scope: Scope, status: int, seconds: float) -> None:
    """Count one answered request; its scope must be the one that the router has seen."""
    method = scope["method"] if scope["method"] in METHODS else "other"
    route = template(scope)
    REQUESTS.labels(method, route, str(status)).inc()
    REQUEST_SECONDS.labels(method, route).observe(seconds)


def template(scope: Scope) -> str:
    """Name the route, with its prefix; FastAPI keeps the prefix of an included router apart from the route."""
    kept = scope.get("fastapi")
    context = kept.get("effective_route_context") if isinstance(kept, dict) else None
    route = context or scope.get("route") or _plain_route(scope)
    path = getattr(route, "path", None)
    root = str(scope.get("root_path", ""))
    if path is None:
        return f"{root}/{NOWHERE}" if root else NOWHERE
    return root + str(path)


def prepare_routes(routes: Iterable[Any], root: str = "") -> None:
    """Make the series of every route at 0, with the answers that alerts ask for."""
    for route in routes:
        for method in METHODS & set(getattr(route, "methods", None) or ()):
            REQUEST_SECONDS.labels(method, root + route.path)
            for status in {getattr(route, "status_code", None) or 200, 500, 503}:
                REQUESTS.labels(method, root + route.path, str(status))


def _plain_route(scope: Scope) -> Any:
    """Find a route of Starlette's own, which leaves no trace but its endpoint."""
    endpoint, app = scope.get("endpoint"), scope.get("app")
    if endpoint is None or app is None:
        return None
    return next((route for route in app.routes if getattr(route, "endpoint", None) is endpoint), None)
