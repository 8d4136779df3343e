# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The AsyncAPI document: the same notices and events as messages, made from the schemas of the OpenAPI document."""

from collections.abc import Iterator
from typing import Any

from app.api.document_webhooks import MEANINGS
from app.api.installation import Installation
from app.version import VERSION

Document = dict[str, Any]
PREFIX = "#/components/schemas/"
TAKEN, EVENT = "Notice", "CloudEvent"
TOLD = "Event"


def asyncapi(openapi: dict[str, Any], installation: Installation) -> Document:
    """Describe what we take and what we tell."""
    secure, _, where = installation.public.partition("://")
    host, _, path = f"{where}/v1".partition("/")
    return {
        "asyncapi": "3.1.0",
        "id": installation.api_id,
        "info": {
            "title": "Campanella",
            "version": VERSION,
            "description": "Notices that municipal systems hand in, and what callbacks are told of them.",
            "contact": installation.contact,
            "termsOfService": installation.terms,
            "license": {"name": "EUPL-1.2", "url": "https://eupl.eu/1.2/en"},
        },
        "defaultContentType": "application/json",
        "servers": {"api": {"host": host, "pathname": f"/{path}", "protocol": secure, "security": [KEY]}},
        "channels": {"notices": _notices(), "callback": _callback()},
        "operations": {"takeNotice": _operation("receive", "notices", ["notice", "cloudEvent"])} | _tellings(),
        "components": {"schemas": dict(sorted(_needed(openapi["components"]["schemas"], [TAKEN, EVENT, TOLD])))},
    }


KEY = {"type": "http", "scheme": "bearer", "description": "The key of a source."}


def _notices() -> Document:
    message = {"name": "notice", "contentType": "application/json", "payload": {"$ref": PREFIX + TAKEN}}
    event = {
        "name": "cloudEvent",
        "summary": "A notice as a CloudEvent 1.0.2; in binary mode its attributes are `ce-` headers.",
        "contentType": "application/cloudevents+json",
        "payload": {"$ref": PREFIX + EVENT},
    }
    return {
        "address": "/notices",
        "description": "Notices, by POST, in our own form or as CloudEvents.",
        "messages": {"notice": message, "cloudEvent": event},
        "bindings": {"http": {}},
    }


def _callback() -> Document:
    """Describe the address that a source registers, and every event that it may be told."""
    messages = {
        _name(kind): {
            "name": kind.value,
            "summary": meaning,
            "contentType": "application/json",
            "payload": {"allOf": [{"$ref": PREFIX + TOLD}, {"properties": {"type": {"const": kind.value}}}]},
        }
        for kind, meaning in MEANINGS.items()
    }
    return {
        "address": None,
        "description": "An address that a source registers with POST /callbacks.",
        "messages": messages,
    }


def _tellings() -> Document:
    names = {kind: _name(kind) for kind in MEANINGS}
    return {f"tell{name[0].upper()}{name[1:]}": _operation("send", "callback", [name]) for name in names.values()}


def _operation(action: str, channel: str, messages: list[str]) -> Document:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in messages],
    }


def _name(kind: str) -> str:
    first, *others = kind.replace("_", ".").split(".")
    return first + "".join(word.capitalize() for word in others)


def _needed(schemas: Document, names: list[str]) -> Iterator[tuple[str, Any]]:
    """Give the named schemas and all that they refer to."""
    seen: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += [each.removeprefix(PREFIX) for each in _references(schemas[name])]
            yield name, schemas[name]


def _references(node: Any) -> Iterator[str]:
    match node:
        case {"$ref": str(reference)}:
            yield reference
        case dict():
            yield from (each for value in node.values() for each in _references(value))
        case list():
            yield from (each for value in node for each in _references(value))
