# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What Italian public administrations ask of an interface, as rules over its document, the ones no checker has too.

A new route that breaks one fails with the sentence that says what to do.
"""

import re
from collections.abc import Iterator

from tests.api.italian_answers import about_answers, about_problems, about_schemas
from tests.api.italian_document import OWN_X, Document, operations, resolved, said_if

VERBS = re.compile(r"/(get|post|put|patch|delete|create|update|list|show|read|make|remove|add|set|send|fetch)(-|/|$)")
NO_PARAMETERS = {"authorization", "accept", "content-type"}
CREDENTIALS = re.compile(r"token|api_?key|password|secret", re.IGNORECASE)
NO_PAGING = {"page", "per_page", "size", "page_size", "order", "order_by", "after", "before"}
PAGING = {"cursor", "limit", "offset", "sort", "q", "fields", "embed"}


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
