# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Counts requests by route template, never by path: what callers write must not become the name of a series."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from fastapi.routing import iter_route_contexts
from prometheus_client import Counter, Histogram
from starlette.routing import BaseRoute
from starlette.types import Scope

from app.metrics import REQUEST_SECONDS, REQUESTS

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NOWHERE = "unmatched"


def count(scope: Scope, status: int, seconds: float) -> None:
    """Count one answered request; its scope must be the one that the router has seen."""
    method = scope["method"] if scope["method"] in METHODS else "other"
    counted, timed = _series(method, template(scope), status)
    counted.inc()
    timed.observe(seconds)


def count_refused(method: str, route: str, status: int) -> None:
    """Count one request that was refused before it was read, which takes no time worth measuring."""
    counted, timed = _series(method, route, status)
    counted.inc()
    timed.observe(0)


@cache
def _series(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """Look the series up once; there are no more than are kept for Prometheus anyway."""
    return REQUESTS.labels(method, route, str(status)), REQUEST_SECONDS.labels(method, route)


def prepare_routes(routes: Sequence[BaseRoute], root: str = "") -> None:
    """Make the series of every route at 0, with its own answer and those that alerts ask for."""
    for route in iter_route_contexts(routes):
        for method in METHODS & set(route.methods or ()):
            REQUEST_SECONDS.labels(method, f"{root}{route.path}")
            for status in (getattr(route, "status_code", None) or 200, 500, 503):
                REQUESTS.labels(method, f"{root}{route.path}", str(status))


def template(scope: Scope) -> str:
    """Name the route, with its prefix; FastAPI keeps the prefix of an included router apart from the route."""
    kept = scope.get("fastapi")
    context = kept.get("effective_route_context") if isinstance(kept, dict) else None
    route = context or scope.get("route") or _plain_route(scope)
    root = str(scope.get("root_path", ""))
    path = getattr(route, "path", None)
    if path is None:
        return f"{root}/{NOWHERE}" if root else NOWHERE
    return f"{root}{path}"


def _plain_route(scope: Scope) -> Any:
    """Find a route of Starlette's own, which leaves no trace but its endpoint."""
    endpoint, app = scope.get("endpoint"), scope.get("app")
    if endpoint is None or app is None:
        return None
    return next((route for route in app.routes if getattr(route, "endpoint", None) is endpoint), None)
