# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The OpenAPI document, made from the routes and their dependencies; openapi.yaml is kept equal to it."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from app.api.amendments import Amending
from app.api.arrivals import Arrivals, Medium
from app.api.callers import Allowed, is_insider
from app.api.document_answers import answers, shared_responses
from app.api.document_headers import PROOF, SHARED_HEADERS
from app.api.document_links import with_links
from app.api.document_parts import KEY, TAGS, info
from app.api.document_schemas import parameters, schemas
from app.api.document_webhooks import SCHEMAS, callbacks, webhooks
from app.api.idempotency import HEADER
from app.api.installation import EXAMPLE, Installation
from app.api.reading import Reading
from app.api.signed import PARAMETERS, TRACKING
from app.api.versions import IF_MATCH
from app.domain.key import Role, Scope
from app.version import VERSION

Document = dict[str, Any]
Taking = Reading[Any] | Amending | Arrivals
"""The dependencies that read a body."""


def document(
    routes: Sequence[BaseRoute], installation: Installation = EXAMPLE, retiring: Collection[str] = ()
) -> Document:
    """Describe every route: who may, what it takes, and every answer it can give. `retiring`: what is deprecated."""
    described = [route for route in routes if isinstance(route, APIRoute)]
    made = get_openapi(title="Campanella", version=VERSION, routes=described)
    operations = {
        path: {method: _operation(route, made["paths"][path][method]) for route, method in _on(path, described)}
        for path in dict.fromkeys(route.path for route in described)
    }
    operations["/notices"]["post"]["callbacks"] = callbacks()
    own = {**_components(described), **SCHEMAS}
    components = {
        "schemas": schemas(made["components"]["schemas"], _bodies(described), own),
        "responses": shared_responses(),
        "headers": SHARED_HEADERS,
        "securitySchemes": {"Key": KEY},
    }
    return {
        "openapi": "3.1.0",
        "info": info(installation),
        "servers": installation.servers,
        "tags": TAGS,
        "paths": _ending(with_links(operations), retiring),
        "webhooks": webhooks(),
        "components": components,
    }


def _ending(paths: Document, retiring: Collection[str]) -> Document:
    """Mark what is deprecated."""
    return {
        path: {
            method: {**operation, **({"deprecated": True} if operation["operationId"] in retiring else {})}
            for method, operation in item.items()
        }
        for path, item in paths.items()
    }


def _on(path: str, routes: Iterable[APIRoute]) -> Iterable[tuple[APIRoute, str]]:
    for route in routes:
        if route.path == path:
            yield from ((route, method.lower()) for method in sorted(route.methods or ()))


def _operation(route: APIRoute, made: Document) -> Document:
    allowed, body = _allowed(route), _body(route)
    described: Document = {
        "tags": made["tags"],
        "summary": made["summary"],
        "description": f"{made['description']}\n\n{_who(allowed)}",
        "operationId": route.name,
        "security": [{"Key": []}] if allowed else [{}, *_optional(route)],
    }
    taken = [_needed(each, made) for each in parameters(made.get("parameters", ()))]
    taken += _of_sources(allowed, body)
    if taken:
        described["parameters"] = taken
    if body is not None:
        described["requestBody"] = _taken(body)
    is_kept = any(each["name"] == HEADER for each in taken)
    described["responses"] = answers(
        route, made["responses"], keyed=allowed is not None, takes_body=body is not None, is_kept=is_kept
    )
    return described


def _of_sources(allowed: Allowed | None, body: Taking | None) -> list[Document]:
    """Give the headers by which a source shows more than its key."""
    if allowed is None or Role.SOURCE not in allowed.roles:
        return []
    return [PROOF, *(PARAMETERS if body is not None else ()), TRACKING]


def _needed(parameter: Document, made: Document) -> Document:
    """If-Match is needed where its absence has an answer of its own (428)."""
    return {
        **parameter,
        "required": parameter["required"] or (parameter["name"] == IF_MATCH and "428" in made["responses"]),
    }


def _allowed(route: APIRoute) -> Allowed | None:
    return next((each.call for each in route.dependant.dependencies if isinstance(each.call, Allowed)), None)


def _optional(route: APIRoute) -> list[Document]:
    """Give the key where it is not needed and shows more."""
    return [{"Key": []}] if any(each.call is is_insider for each in route.dependant.dependencies) else []


def _body(route: APIRoute) -> Taking | None:
    calls = (each.call for each in route.dependant.dependencies)
    return next((call for call in calls if isinstance(call, Reading | Amending | Arrivals)), None)


def _arrivals(routes: Iterable[APIRoute]) -> list[Medium]:
    return [medium for body in map(_body, routes) if isinstance(body, Arrivals) for medium in body.media.values()]


def _components(routes: Iterable[APIRoute]) -> Document:
    return {name: schema for medium in _arrivals(routes) for name, schema in medium.components.items()}


def _bodies(routes: Sequence[APIRoute]) -> list[type]:
    models = [body.model for body in map(_body, routes) if isinstance(body, Reading)]
    models += [medium.shape for medium in _arrivals(routes) if isinstance(medium.shape, type)]
    return list(dict.fromkeys(models))


def _taken(body: Taking) -> Document:
    if isinstance(body, Arrivals):
        return {"required": True, "content": {medium.media_type: _shown(medium) for medium in body.media.values()}}
    name = body.model.__name__ if isinstance(body, Reading) else "NoticeChange"
    content = {"schema": {"$ref": f"#/components/schemas/{name}"}, "examples": dict(body.examples)}
    needed = not isinstance(body, Reading) or body.needed
    return {"required": needed, "content": {body.media_type: content}}


def _shown(medium: Medium) -> Document:
    return {"schema": medium.schema, "examples": dict(medium.examples)}


def _who(allowed: Allowed | None) -> str:
    if allowed is None:
        return "Needs no key."
    if len(allowed.scopes) == len(Scope):
        return "Needs any key."
    scopes = " or ".join(f"`{scope}`" for scope in allowed.scopes)
    return f"Needs the key of: {' or '.join(allowed.roles)}; with the scope {scopes}."
