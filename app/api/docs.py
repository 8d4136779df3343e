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

from app.api.contract import FILE

SWAGGER = Path(fastapi_offline.__file__).parent / "static"
OWN = Path(__file__).parent / "static"
PAGE = (OWN / "docs.html").read_text(encoding="utf-8")
POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self'; "
    "object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def routes(document: dict[str, object]) -> list[BaseRoute]:
    """Serve the page, its files, and the contract."""
    as_json, as_yaml = json.dumps(document, ensure_ascii=False).encode(), FILE.read_bytes()

    async def page(_: Request) -> Response:
        return HTMLResponse(PAGE, headers={"Content-Security-Policy": POLICY})

    async def openapi_json(_: Request) -> Response:
        return Response(as_json, media_type="application/json")

    async def openapi_yaml(_: Request) -> Response:
        return Response(as_yaml, media_type="application/yaml")

    return [
        Route("/docs", page),
        Route("/openapi.json", openapi_json),
        Route("/openapi.yaml", openapi_yaml),
        Mount("/docs/swagger", StaticFiles(directory=SWAGGER)),
        Mount("/docs/own", StaticFiles(directory=OWN)),
    ]
