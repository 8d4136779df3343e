# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""/.well-known: where to report a vulnerability (RFC 9116), and what there is here (RFC 9727)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.api.installation import Installation
from app.domain.posting import PLACE

VALID = timedelta(days=180)
"""Counted from the start of the process: who never starts a new version does not look after this file, and it ends."""
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


def api_catalog(installation: Installation) -> dict[str, Any]:
    """Name everything that describes the API, and the noticeboard, whose pages name their feeds."""
    public = installation.public

    def link(path: str, media_type: str) -> dict[str, str]:
        return {"href": f"{public}{path}", "type": media_type}

    described = [link("/openapi.yaml", "application/yaml"), link("/openapi.json", "application/json")]
    context = {
        "anchor": f"{public}/v1",
        "service-desc": [*described, link("/asyncapi.yaml", "application/yaml")],
        "service-doc": [link("/docs", "text/html"), link("/problems", "text/html")],
        "status": [link("/status", "application/json")],
        "related": [link(PLACE, "text/html")],
    }
    return {"linkset": [context]}


def routes(installation: Installation) -> list[BaseRoute]:
    """Serve both; until when security.txt holds is settled now."""
    reports = security_txt(installation, datetime.now(UTC))

    async def security(_: Request) -> Response:
        return Response(reports, media_type="text/plain; charset=utf-8")

    async def catalog(_: Request) -> Response:
        return Response(json.dumps(api_catalog(installation)), headers={"Content-Type": LINKSET})

    return [Route("/.well-known/security.txt", security), Route("/.well-known/api-catalog", catalog)]
