# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The documentation for people and programs, from files of our own: /docs and guides in two languages, contracts."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from string import Template
from typing import Any

import fastapi_offline
from markdown_it import MarkdownIt
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from app.api.asyncapi import asyncapi
from app.api.contract import as_yaml
from app.api.installation import Installation
from app.api.language import language_of
from app.api.paper import paper
from app.api.translation import in_italian
from app.domain.errors import NotFoundError

HERE = Path(__file__).parent
SWAGGER = Path(fastapi_offline.__file__).parent / "static"
OWN, GUIDES = HERE / "static", HERE / "guides"
POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self'; "
    "object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
Handler = Callable[[Request], Awaitable[Response]]
WORDS = {
    "it": {
        "title": "Campanella: documentazione delle API",
        "navigation": "Documentazione",
        "reference": "Documentazione delle API",
        "operators": "Guida per chi opera",
        "developers": "Guida per chi sviluppa",
        "receivers": "Guida per chi è chiamato",
        "noscript": "Questa pagina ha bisogno di JavaScript. Il contratto si legge anche in /openapi.yaml.",
        "document": "/docs/openapi.it.json",
        "other": "en",
        "other_name": "English",
    },
    "en": {
        "title": "Campanella: documentation of the API",
        "navigation": "Documentation",
        "reference": "Documentation of the API",
        "operators": "Guide for operators",
        "developers": "Guide for developers",
        "receivers": "Guide for receivers",
        "noscript": "This page needs JavaScript. The contract can also be read at /openapi.yaml.",
        "document": "/docs/openapi.json",
        "other": "it",
        "other_name": "Italiano",
    },
}
AUDIENCES = ("operators", "developers", "receivers")


class Whole(StaticFiles):
    """Files that are only served whole: the library answers a range that it cannot give by plain text."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Overlook a range, as RFC 9110 (14.2) lets every server do."""
        headers = [pair for pair in scope["headers"] if pair[0] != b"range"]
        await super().__call__({**scope, "headers": headers}, receive, send)

    def file_response(self, *given: Any, **named: Any) -> Response:
        """Say that no ranges are taken."""
        response = super().file_response(*given, **named)
        response.headers["Accept-Ranges"] = "none"
        return response


def routes(document: dict[str, object], installation: Installation) -> list[BaseRoute]:
    """Serve the page, the guides, their files, and the contracts."""
    tried = to_be_tried(document)
    return [
        Route("/docs", _docs()),
        Route("/docs/guide/{audience}", _guide()),
        paper("/docs/openapi.json", "application/json", lambda: _json(tried)),
        paper("/docs/openapi.it.json", "application/json", lambda: _json(in_italian(tried))),
        paper("/openapi.json", "application/json", lambda: _json(document)),
        paper("/openapi.yaml", "application/yaml", lambda: as_yaml(document).encode()),
        paper("/asyncapi.yaml", "application/yaml", lambda: as_yaml(asyncapi(document, installation)).encode()),
        Mount("/docs/swagger", Whole(directory=SWAGGER)),
        Mount("/docs/own", Whole(directory=OWN)),
    ]


def to_be_tried(document: dict[str, Any]) -> dict[str, object]:
    """Give the document for the page: it calls this installation, and fills in no header that may be left out."""
    paths = {
        path: {method: {**operation, **_inviting(operation)} for method, operation in methods.items()}
        for path, methods in document["paths"].items()
    }
    servers = [{"url": "/v1", "description": "The installation that serves this page."}]
    return {**document, "servers": servers, "paths": paths}


def _inviting(operation: dict[str, Any]) -> dict[str, Any]:
    parameters = [
        {name: value for name, value in each.items() if name != "example"}
        if each["in"] == "header" and not each["required"]
        else each
        for each in operation.get("parameters", [])
    ]
    return {"parameters": parameters} if parameters else {}


def guide(audience: str, language: str) -> str:
    """Give a guide as it is written, in CommonMark with tables."""
    return (GUIDES / f"{audience}.{language}.md").read_text(encoding="utf-8")


def _docs() -> Handler:
    page = Template((OWN / "docs.html").read_text(encoding="utf-8"))

    async def docs(request: Request) -> Response:
        language = _language(request)
        return _shown(page.substitute(WORDS[language], lang=language), language)

    return docs


def _guide() -> Handler:
    page, markdown = Template((OWN / "guide.html").read_text(encoding="utf-8")), MarkdownIt().enable("table")
    bodies = {
        (audience, language): markdown.render(guide(audience, language)) for audience in AUDIENCES for language in WORDS
    }

    async def show_guide(request: Request) -> Response:
        language, audience = _language(request), request.path_params["audience"]
        if audience not in AUDIENCES:
            raise NotFoundError
        words = {**WORDS[language], "title": WORDS[language][audience]}
        return _shown(page.substitute(words, lang=language, body=bodies[audience, language]), language)

    return show_guide


def _language(request: Request) -> str:
    """Take the language that the address names, else the one that the browser asks for."""
    asked = request.query_params.get("lang", "")
    return asked if asked in WORDS else language_of(request.scope)


def _shown(page: str, language: str) -> Response:
    headers = {"Content-Security-Policy": POLICY, "Content-Language": language, "Vary": "Accept-Language"}
    return HTMLResponse(page, headers=headers)


def _json(document: dict[str, object]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()
