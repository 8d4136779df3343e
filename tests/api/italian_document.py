# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The parts of a document that the rules look at."""

from collections.abc import Iterator
from typing import Any

Document = dict[str, Any]
METHODS = frozenset({"get", "put", "post", "patch", "delete", "head", "options", "trace"})
OWN_X = ("X-RateLimit-", "X-Correlation-ID", "X-ReplyTo")
"""Names of headers that may begin so."""


def operations(document: Document) -> Iterator[tuple[str, Document]]:
    """Give every operation with its method and path."""
    for path, item in document["paths"].items():
        yield from ((f"{method.upper()} {path}", each) for method, each in item.items() if method in METHODS)


def resolved(document: Document, node: Document) -> Document:
    """Follow references to what they stand for."""
    while "$ref" in node:
        found: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def said_if(*cases: tuple[object, str]) -> Iterator[str]:
    """Give the sentences of the cases that are so."""
    yield from (sentence for wrong, sentence in cases if wrong)
