# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The served document keeps the Italian rules, and each rule finds the document that breaks it."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from app.api.application import api, document_of
from tests.api.calling import Caller
from tests.api.italian_document import Document
from tests.api.italian_rules import complaints

Mutation = Callable[[Document], Any]
DOCUMENT: Any = document_of(api())


async def test_the_served_document_keeps_every_rule(operator: Caller) -> None:
    served = (await operator.get("/openapi.json")).body

    assert complaints(served) == []


def rename(node: Document, old: str, new: str) -> None:
    node[new] = node.pop(old)


def post(document: Document) -> Document:
    found: Document = document["paths"]["/notices"]["post"]
    return found


def listed(document: Document) -> Document:
    found: Document = document["paths"]["/services"]["get"]
    return found


def notice(document: Document) -> Document:
    found: Document = document["components"]["schemas"]["Notice"]
    return found


def shared(document: Document, name: str) -> Document:
    found: Document = document["components"]["responses"][name]
    return found


MUTATIONS: dict[str, tuple[Mutation, str]] = {
    "a path in camel case": (lambda d: rename(d["paths"], "/dead-letters", "/deadLetters"), "kebab-case"),
    "a slash at the end": (lambda d: rename(d["paths"], "/services", "/services/"), "kebab-case"),
    "a verb in a path": (lambda d: rename(d["paths"], "/notices", "/get-notices"), "not a deed"),
    "a version in a path": (lambda d: rename(d["paths"], "/services", "/v1/services"), "version"),
    "no status": (lambda d: d["paths"].pop("/status"), "/status"),
    "no summary": (lambda d: post(d).pop("summary"), "summary"),
    "no description": (lambda d: post(d).update(description=""), "description"),
    "no tag": (lambda d: post(d).update(tags=[]), "tags"),
    "an unknown tag": (lambda d: post(d).update(tags=["Altro"]), "tag is not described"),
    "no security": (lambda d: post(d).pop("security"), "security"),
    "a method in the name": (lambda d: post(d).update(operationId="post_notice"), "not by its method"),
    "the same name twice": (lambda d: post(d).update(operationId="list_services"), "once"),
    "a body on GET": (lambda d: listed(d).update(requestBody=post(d)["requestBody"]), "no body belongs"),
    "JSON on PATCH": (
        lambda d: d["paths"]["/sources/{slug}"]["patch"].update(requestBody=post(d)["requestBody"]),
        "merge-patch",
    ),
    "PATCH without a body": (lambda d: d["paths"]["/sources/{slug}"]["patch"].pop("requestBody"), "takes a body"),
    "no example": (
        lambda d: post(d)["requestBody"]["content"]["application/json"].pop("examples"),
        "give an example",
    ),
    "a header in lower case": (
        lambda d: listed(d)["parameters"].append({"name": "if-match", "in": "header", "description": "x"}),
        "Train-Case",
    ),
    "a header of the framework": (
        lambda d: listed(d)["parameters"].append({"name": "Accept", "in": "header", "description": "x"}),
        "leaves this header",
    ),
    "a new X- header": (
        lambda d: listed(d)["parameters"].append({"name": "X-Campanella", "in": "header", "description": "x"}),
        "begins with X-",
    ),
    "a parameter in camel case": (lambda d: listed(d)["parameters"][0].update(name="pageLimit"), "snake_case"),
    "a page by number": (lambda d: listed(d)["parameters"][0].update(name="page"), "pages are asked for"),
    "a credential as a parameter": (lambda d: listed(d)["parameters"][0].update(name="api_key"), "credential"),
    "a parameter without a word": (lambda d: listed(d)["parameters"][0].pop("description"), "say what it is"),
    "no 429": (lambda d: post(d)["responses"].pop("429"), "answer 429"),
    "no 503": (lambda d: listed(d)["responses"].pop("503"), "answer 503"),
    "no default": (lambda d: listed(d)["responses"].pop("default"), "answer default"),
    "no headers at all": (lambda d: post(d)["responses"]["202"].pop("headers"), "lacks a header"),
    "two of the three": (lambda d: shared(d, "TooManyRequests")["headers"].pop("RateLimit-Reset"), "lacks a header"),
    "no Retry-After on 429": (lambda d: shared(d, "TooManyRequests")["headers"].pop("Retry-After"), "Retry-After"),
    "no Retry-After on 503": (lambda d: shared(d, "Unavailable")["headers"].pop("Retry-After"), "Retry-After"),
    "no Cache-Control": (lambda d: listed(d)["responses"]["200"]["headers"].pop("Cache-Control"), "Cache-Control"),
    "a body with 204": (
        lambda d: d["paths"]["/keys/{key_id}"]["delete"]["responses"]["204"].update(content={}),
        "has no body",
    ),
    "an error as plain JSON": (
        lambda d: rename(shared(d, "NotFound")["content"], "application/problem+json", "application/json"),
        "is a problem",
    ),
    "a good answer as a problem": (
        lambda d: rename(listed(d)["responses"]["200"]["content"], "application/json", "application/problem+json"),
        "is no problem",
    ),
    "a bare list": (
        lambda d: listed(d)["responses"]["200"]["content"]["application/json"].update(schema={"type": "array"}),
        "bare list",
    ),
    "a problem with another schema": (
        lambda d: shared(d, "Conflict")["content"]["application/problem+json"].update(schema={"type": "object"}),
        "not a problem with",
    ),
    "a problem with a message": (
        lambda d: d["components"]["schemas"]["Problem"]["properties"].update(message={"type": "string"}),
        "message",
    ),
    "a problem without an instance": (
        lambda d: d["components"]["schemas"]["Problem"]["required"].remove("instance"),
        "not a problem with",
    ),
    "a schema in camel case": (lambda d: rename(d["components"]["schemas"], "Link", "link_of"), "PascalCase"),
    "a member in camel case": (lambda d: notice(d)["properties"].update(validFrom={"type": "string"}), "snake_case"),
    "a member named cf": (lambda d: notice(d)["properties"].update(cf={"type": "string"}), "tax_code"),
    "a truth that may be null": (
        lambda d: notice(d)["properties"].update(a={"anyOf": [{"type": "boolean"}, {"type": "null"}]}),
        "never null",
    ),
    "a list that may be null": (
        lambda d: notice(d)["properties"].update(a={"type": ["array", "null"]}),
        "never null",
    ),
    "an enumeration that may be null": (
        lambda d: notice(d)["properties"].update(
            a={"anyOf": [{"$ref": "#/components/schemas/Priority"}, {"type": "null"}]}
        ),
        "never null",
    ),
    "an open object": (lambda d: notice(d).update(additionalProperties=True), "close the object"),
    "an open object in a path": (
        lambda d: post(d)["requestBody"]["content"].update({"text/x": {"schema": {"type": "object"}, "example": 1}}),
        "close the object",
    ),
    "any number of members": (lambda d: notice(d).update(additionalProperties={}), "close the object"),
    "no contact": (lambda d: d["info"].pop("contact"), "contact"),
    "no x-summary": (lambda d: d["info"].pop("x-summary"), "x-summary"),
    "no x-api-id": (lambda d: d["info"].pop("x-api-id"), "x-api-id"),
    "no terms": (lambda d: d["info"].pop("termsOfService"), "termsOfService"),
    "another sort of version": (lambda d: d["info"].update(version="2026-11"), "x.y.z"),
    "a server without TLS": (lambda d: d["servers"][0].update(url="http://bell.it/v1"), "TLS"),
    "basic authentication": (lambda d: d["components"]["securitySchemes"]["Key"].update(scheme="basic"), "bearers"),
}


@pytest.mark.parametrize(("mutate", "said"), MUTATIONS.values(), ids=MUTATIONS)
def test_a_document_that_breaks_a_rule_is_found_out(mutate: Mutation, said: str) -> None:
    broken = deepcopy(DOCUMENT)

    mutate(broken)

    assert any(said in sentence for sentence in complaints(broken))
