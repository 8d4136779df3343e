# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The documentation for people and programs: /docs from files of our own, the contract as JSON and as YAML."""

import json
from pathlib import Path

import fastapi_offline
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from app.api.asyncapi import asyncapi
from app.api.contract import as_yaml
from app.api.installation import Installation
from app.api.paper import paper

SWAGGER = Path(fastapi_offline.__file__).parent / "static"
OWN = Path(__file__).parent / "static"
PAGE = (OWN / "docs.html").read_text(encoding="utf-8")
POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self'; "
    "object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def routes(document: dict[str, object], installation: Installation) -> list[BaseRoute]:
    """Serve the page, its files, and the contracts."""

    async def page(_: Request) -> Response:
        return HTMLResponse(PAGE, headers={"Content-Security-Policy": POLICY})

    tried = {**document, "servers": [{"url": "/v1", "description": "The installation that serves this page."}]}
    return [
        Route("/docs", page),
        paper("/docs/openapi.json", "application/json", lambda: _json(tried)),
        paper("/openapi.json", "application/json", lambda: _json(document)),
        paper("/openapi.yaml", "application/yaml", lambda: as_yaml(document).encode()),
        paper("/asyncapi.yaml", "application/yaml", lambda: as_yaml(asyncapi(document, installation)).encode()),
        Mount("/docs/swagger", StaticFiles(directory=SWAGGER)),
        Mount("/docs/own", StaticFiles(directory=OWN)),
    ]


def _json(document: dict[str, object]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()
