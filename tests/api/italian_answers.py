# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The rules about answers, problems and schemas."""

import re
from collections.abc import Iterator
from typing import Any

from tests.api.italian_document import OWN_X, Document, operations, resolved, said_if

TRIO = {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}
MEMBERS = {"type", "title", "status", "detail", "instance"}
NULLED = ("/in_doubt", "/taken_back", "/wire_phase", "/CloudEvent/additionalProperties")
"""Where null says something of its own: the policy of the priority, an attempt that has not ended, no attribute."""
NOT_SNAKE = {"violated-policies"}
"""The RateLimit draft names it so."""


def answers(document: Document) -> Iterator[tuple[str, str, Document]]:
    for name, operation in operations(document):
        for status, answer in operation["responses"].items():
            yield name, status, resolved(document, answer)


def about_answers(document: Document) -> Iterator[str]:
    for name, operation in operations(document):
        missing = {"429", "503", "default"} - operation["responses"].keys()
        yield from (f"{name}: describe the answer {status}." for status in sorted(missing))
    for name, status, answer in answers(document):
        yield from _about_headers(f"{name}: {status}", status, set(answer.get("headers", ())))
        yield from _about_content(document, f"{name}: {status}", status, answer)


def _about_headers(said: str, status: str, headers: set[str]) -> Iterator[str]:
    foreign = [each for each in headers if each.startswith("X-") and not each.startswith(OWN_X)]
    yield from said_if(
        (not status.startswith("5") and not headers >= TRIO, f"{said} lacks a header of {', '.join(sorted(TRIO))}."),
        (status in ("429", "503") and "Retry-After" not in headers, f"{said} comes with Retry-After."),
        (
            status.startswith("2") and "Cache-Control" not in headers,
            f"{said} says with Cache-Control whether it may be kept.",
        ),
        (foreign, f"{said} has a header of its own that begins with X-."),
    )


def _about_content(document: Document, said: str, status: str, answer: Document) -> Iterator[str]:
    empty = status in ("204", "205", "304")
    yield from said_if(
        (empty and "content" in answer, f"{said} has no body."),
        (not empty and "content" not in answer, f"{said} says what its body is."),
    )
    for media_type, content in answer.get("content", {}).items():
        bad = status[0] not in "23"
        if bad != (media_type == "application/problem+json"):
            yield f"{said} is {'a problem' if bad else 'no problem'} and not {media_type}."
        if media_type.endswith("json") and resolved(document, content["schema"]).get("type") == "array":
            yield f"{said} is a bare list; answer an object with items."


def about_problems(document: Document) -> Iterator[str]:
    for name, status, answer in answers(document):
        for content in answer.get("content", {}).values() if not status.startswith("2") else ():
            schema = resolved(document, content["schema"])
            if not schema.get("properties", {}).keys() >= MEMBERS or not set(schema.get("required", ())) >= MEMBERS:
                yield f"{name}: {status} is not a problem with {', '.join(sorted(MEMBERS))}."
            if {"message", "msg", "code"} & schema.get("properties", {}).keys():
                yield f"{name}: {status} has a member message, msg or code."


def about_schemas(document: Document) -> Iterator[str]:
    for name in document["components"]["schemas"]:
        if not re.fullmatch(r"([A-Z][a-z0-9]*)+", name):
            yield f"{name}: name the schema in PascalCase."
    everywhere = {name: document[name] for name in ("paths", "components", "webhooks")}
    for place, schema in _schemas(everywhere, ""):
        yield from _about_members(place, schema)
        if schema.get("type") == "object" and _is_open(schema):
            yield f"{place}: close the object, or say with maxProperties how much it may hold."
        if not place.endswith(NULLED) and _may_be_null(schema) and _is_never_null(document, schema):
            yield f"{place}: a truth, an enumeration or a list is never null; leave the member out."


def _schemas(node: Any, place: str, *, names: bool = False) -> Iterator[tuple[str, Document]]:
    """Give every schema with its place. `names`: the keys of this node are the names of members."""
    if isinstance(node, dict) and not names and {"type", "anyOf", "properties"} & node.keys():
        yield place, node
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, each in inner:
        if names or name not in ("example", "examples", "default", "enum"):
            yield from _schemas(each, f"{place}/{name}", names=name == "properties" and not names)


def _about_members(place: str, schema: Document) -> Iterator[str]:
    properties = schema.get("properties", {})
    for name in properties if isinstance(properties, dict) else ():
        if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) and name not in NOT_SNAKE:
            yield f"{place}: write the member {name} in snake_case."
        if name in ("nome", "cognome", "cf", "codice_fiscale", "first_name", "last_name"):
            yield f"{place}: {name} has a common name: given_name, family_name, tax_code."


def _is_open(schema: Document) -> bool:
    """Official: sec-no-additionalProperties and its two sisters, which only some of its rulesets have."""
    others = schema.get("additionalProperties", True)
    return others is True or (others is not False and "maxProperties" not in schema)


def _may_be_null(schema: Document) -> bool:
    kinds = schema.get("type")
    return {"type": "null"} in schema.get("anyOf", ()) or (isinstance(kinds, list) and "null" in kinds)


def _is_never_null(document: Document, schema: Document) -> bool:
    kinds = schema.get("type")
    several = [schema, *(resolved(document, each) for each in schema.get("anyOf", ()))]
    listed = isinstance(kinds, list) and {"boolean", "array"} & set(kinds)
    return bool(listed) or any(each.get("type") in ("boolean", "array") or "enum" in each for each in several)
