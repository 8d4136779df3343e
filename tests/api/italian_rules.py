# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What Italian public administrations ask of an interface, as rules over its document, the ones no checker has too.

A new route that breaks one fails with the sentence that says what to do.
"""

import re
from collections.abc import Iterator
from typing import Any

Document = dict[str, Any]
METHODS = frozenset({"get", "put", "post", "patch", "delete", "head", "options", "trace"})
TRIO = {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}
MEMBERS = {"type", "title", "status", "detail", "instance"}
VERBS = re.compile(r"/(get|post|put|patch|delete|create|update|list|show|read|make|remove|add|set|send|fetch)(-|/|$)")
NO_PARAMETERS = {"authorization", "accept", "content-type"}
CREDENTIALS = re.compile(r"token|api_?key|password|secret", re.IGNORECASE)
NO_PAGING = {"page", "per_page", "size", "page_size", "order", "order_by", "after", "before"}
PAGING = {"cursor", "limit", "offset", "sort", "q", "fields", "embed"}
OWN_X = ("X-RateLimit-", "X-Correlation-ID", "X-ReplyTo")
NULLED = ("/in_doubt", "/taken_back", "/wire_phase", "/CloudEvent/additionalProperties")
"""Where null says something of its own: the policy of the priority, an attempt that has not ended, no attribute."""
NOT_SNAKE = {"violated-policies"}
"""The RateLimit draft names it so."""


def operations(document: Document) -> Iterator[tuple[str, Document]]:
    for path, item in document["paths"].items():
        yield from ((f"{method.upper()} {path}", each) for method, each in item.items() if method in METHODS)


def resolved(document: Document, node: Document) -> Document:
    while "$ref" in node:
        found: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def answers(document: Document) -> Iterator[tuple[str, str, Document]]:
    for name, operation in operations(document):
        for status, answer in operation["responses"].items():
            yield name, status, resolved(document, answer)


def said_if(*cases: tuple[object, str]) -> Iterator[str]:
    yield from (sentence for wrong, sentence in cases if wrong)


def complaints(document: Document) -> list[str]:
    """Give a sentence for each rule that is broken."""
    rules = (about_paths, about_operations, about_parameters, about_answers, about_problems, about_schemas, about_info)
    return [sentence for rule in rules for sentence in rule(document)]


def about_paths(document: Document) -> Iterator[str]:
    for path in document["paths"]:
        if not re.fullmatch(r"(/([a-z]+(-[a-z]+)*|\{[a-z_]+\}))+", path):
            yield f"{path}: write the path in kebab-case, without a slash at its end."
        if VERBS.search(path):
            yield f"{path}: a path names a thing, not a deed; the method is the verb."
        if re.search(r"/v[0-9]+(/|$)", path):
            yield f"{path}: the version stands in the address of the server, not in a path."
    if "/status" not in document["paths"]:
        yield "There is no /status."


def about_operations(document: Document) -> Iterator[str]:
    seen: set[str] = set()
    for name, operation in operations(document):
        for member in ("summary", "description", "tags", "operationId", "security"):
            if not operation.get(member):
                yield f"{name}: give it a {member}."
        known = {tag["name"] for tag in document["tags"]}
        if not set(operation.get("tags", ())) <= known:
            yield f"{name}: its tag is not described in tags."
        number = operation.get("operationId", "")
        if number in seen or re.match(r"(get|post|put|patch|delete|head)_", number):
            yield f"{name}: name the operation by what it does, once, not by its method."
        seen.add(number)
        yield from _about_body(name, operation)


def _about_body(name: str, operation: Document) -> Iterator[str]:
    body = operation.get("requestBody")
    content = {} if body is None else body["content"]
    is_patch = name.startswith("PATCH")
    yield from said_if(
        (is_patch and body is None, f"{name}: a PATCH takes a body."),
        (body and name.startswith(("GET", "HEAD", "DELETE")), f"{name}: no body belongs to this method."),
        (
            body and is_patch and set(content) != {"application/merge-patch+json"},
            f"{name}: PATCH takes application/merge-patch+json.",
        ),
    )
    for media_type, each in content.items():
        if not each.get("examples") and not each.get("example"):
            yield f"{name}: give an example of {media_type}."


def about_parameters(document: Document) -> Iterator[str]:
    for name, operation in operations(document):
        for parameter in (resolved(document, each) for each in operation.get("parameters", ())):
            yield from _about_parameter(f"{name}: parameter {parameter['name']}", parameter)


def _about_parameter(said: str, parameter: Document) -> Iterator[str]:
    name = parameter["name"]
    in_header = parameter["in"] == "header"
    yield from _about_header(said, name) if in_header else ()
    yield from said_if(
        (not in_header and not re.fullmatch(r"[a-z]+(_[a-z]+)*", name), f"{said}: write it in snake_case."),
        (CREDENTIALS.search(name), f"{said}: a credential goes into Authorization only."),
        (name in NO_PAGING, f"{said}: pages are asked for with {', '.join(sorted(PAGING))} only."),
        (not parameter.get("description"), f"{said}: say what it is."),
    )


def _about_header(said: str, name: str) -> Iterator[str]:
    if name.lower() in NO_PARAMETERS:
        yield f"{said}: the document leaves this header to OpenAPI itself."
    if not re.fullmatch(r"([A-Z][A-Za-z0-9]*)(-[A-Z][A-Za-z0-9]*)*", name):
        yield f"{said}: write the header in Train-Case; give alias= in the code."
    if name.startswith("X-") and not name.startswith(OWN_X):
        yield f"{said}: no new header begins with X-."


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


def about_info(document: Document) -> Iterator[str]:
    info = document["info"]
    wanted = ("title", "version", "description", "contact", "termsOfService", "x-summary", "x-api-id", "license")
    yield from (f"info: give it {member}." for member in wanted if not info.get(member))
    if not re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", str(info.get("version"))):
        yield "info: the version is x.y.z."
    for server in document["servers"]:
        secure = server["url"].startswith("https://") or server.get("x-sandbox")
        if not server.get("description") or not secure:
            yield f"{server['url']}: a server has a description, and TLS unless it is a sandbox."
    for name, scheme in document["components"]["securitySchemes"].items():
        if (scheme["type"], scheme["scheme"]) != ("http", "bearer") or "RFC 8725" not in scheme["description"]:
            yield f"{name}: keys are bearers, described with RFC 8725."
