# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""/.well-known: where to report a vulnerability (RFC 9116), and what there is here (RFC 9727)."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.api.installation import Installation
from app.database import AWAY
from app.domain.posting import PLACE
from app.telemetry import log

VALID = timedelta(days=180)
"""Counted from the start of the process: who never starts a new version does not look after this file, and it ends."""
CATALOG = "/.well-known/api-catalog"
LINKSET = 'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"'


def security_txt(installation: Installation, now: datetime) -> str:
    """Write security.txt as of now."""
    expires = (now + VALID).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    lines = {
        "Contact": installation.reports_to,
        "Expires": expires,
        "Preferred-Languages": "it, en",
        "Canonical": f"{installation.public}/.well-known/security.txt",
        "Policy": installation.page,
    }
    return "".join(f"{name}: {value}\n" for name, value in lines.items())


def api_catalog(installation: Installation, feeds: Mapping[str, str]) -> dict[str, Any]:
    """Name everything that describes the API, the noticeboard, and its feeds (media types by their paths)."""
    public = installation.public

    def link(path: str, media_type: str) -> dict[str, str]:
        return {"href": f"{public}{path}", "type": media_type}

    described = [link("/openapi.yaml", "application/yaml"), link("/openapi.json", "application/json")]
    context = {
        "anchor": f"{public}/v1",
        "service-desc": [*described, link("/asyncapi.yaml", "application/yaml")],
        "service-doc": [link("/docs", "text/html"), link("/problems", "text/html")],
        "status": [link("/status", "application/json")],
        "related": [link(PLACE, "text/html"), *(link(path, media_type) for path, media_type in feeds.items())],
    }
    return {"linkset": [context]}


def catalog_link(public: str) -> str:
    """Say where the catalogue is (RFC 9727, 2), for a header."""
    return f'<{public}{CATALOG}>; rel="api-catalog"'


async def _feeds(request: Request) -> dict[str, str]:
    """Give the feeds of every board that is open and not for exercises; none while the database is away."""
    try:
        feeds: dict[str, str] = await request.app.state.noticeboard.feeds()
    except AWAY as error:
        log.warning("database.away", error=type(error).__name__)
        return {}
    return feeds


def routes(installation: Installation) -> list[BaseRoute]:
    """Serve both; until when security.txt holds is settled now."""
    reports = security_txt(installation, datetime.now(UTC))

    async def security(_: Request) -> Response:
        return Response(reports, media_type="text/plain; charset=utf-8")

    async def catalog(request: Request) -> Response:
        listed = api_catalog(installation, await _feeds(request))
        return Response(
            json.dumps(listed), headers={"Content-Type": LINKSET, "Link": catalog_link(installation.public)}
        )

    return [Route("/.well-known/security.txt", security), Route(CATALOG, catalog)]
