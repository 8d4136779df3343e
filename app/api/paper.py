# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Documents that change only with a new version: served with an ETag, so that a copy costs no second look."""

import asyncio
import hashlib
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

CACHED = "private, max-age=0, must-revalidate"


def paper(path: str, media_type: str, written: Callable[[], bytes]) -> Route:
    """Serve a document, which is written when it is first asked for, away from the loop: that may take a second."""
    writing: list[asyncio.Task[bytes]] = []

    async def show(request: Request) -> Response:
        if not writing or (writing[0].done() and writing[0].exception() is not None):
            writing[:] = [asyncio.create_task(asyncio.to_thread(written))]
        content = await asyncio.shield(writing[0])
        headers = {"ETag": f'"{hashlib.sha256(content).hexdigest()[:32]}"', "Cache-Control": CACHED}
        if _has(request.headers.getlist("if-none-match"), headers["ETag"]):
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers, media_type=media_type)

    return Route(path, show, name=path.strip("/"))


def _has(given: list[str], tag: str) -> bool:
    """Compare weakly, as for a read (RFC 9110)."""
    tags = [one.strip().removeprefix("W/") for value in given for one in value.split(",")]
    return tag in tags or "*" in tags
