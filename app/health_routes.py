# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How the API answers when asked how it is: for orchestrators, for Prometheus, for the public."""

import json
from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.domain.errors import UnavailableError
from app.health import MEDIA_TYPE, Answer, Health

Knows = Callable[[Request], Awaitable[bool]]
"""Tells whether whoever asks may know what is the matter."""


def router(health: Health, knows: Knows) -> APIRouter:
    """Build /livez, /readyz, /metrics for machines, and /status for everyone; none of them wants a key."""
    routes = APIRouter()

    @routes.get("/livez", include_in_schema=False)
    async def livez() -> Response:
        return _shown(health.livez())

    @routes.get("/readyz", include_in_schema=False)
    async def readyz(request: Request) -> Response:
        answer = await health.readyz()
        return _shown(answer if await knows(request) else answer.bare)

    @routes.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        page, media_type = await health.metrics(request.headers.get("accept", ""))
        return Response(page, media_type=media_type)

    @routes.get("/status", include_in_schema=False)
    async def status(request: Request) -> Response:
        return await show_status(health, whole=await knows(request))

    return routes


async def show_status(health: Health, *, whole: bool) -> Response:
    """Answer 200, or raise UnavailableError, which becomes the problem document; only the whole says what waits."""
    answer = await health.status()
    if answer.status != 200:  # noqa: PLR2004 - the status itself is the name
        raise UnavailableError("; ".join(answer.document["notes"]) if whole else "")
    return _shown(answer if whole else answer.bare, "application/json")


def _shown(answer: Answer, media_type: str = MEDIA_TYPE) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(json.dumps(answer.document), answer.status, headers, media_type)
