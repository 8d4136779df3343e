# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Reads XML that a stranger wrote: no document type, no entities, nothing fetched, no depth, one encoding."""

import re
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from app.domain.errors import InvalidNoticeError, MalformedBodyError

DEEPEST = 8
SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"
INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"
DECLARED = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s{0,5}=\s{0,5}[\"']([A-Za-z0-9._-]{1,40})")
PLAIN = {b"utf-8", b"us-ascii"}


@dataclass
class Node:
    """An element: its name without the namespace, its own text, and what is in it."""

    name: str
    text: str = ""
    children: list["Node"] = field(default_factory=list)

    def all(self, name: str) -> list["Node"]:
        return [child for child in self.children if child.name == name]

    def said(self, name: str) -> str | None:
        """Give the text of the first child of this name, or None."""
        return next((child.text for child in self.children if child.name == name), None)


def read(body: bytes, namespace: str) -> Node:
    """Read a document whose elements are all of one namespace; signatures in it are passed over.

    Raises MalformedBodyError for what is no harmless XML, InvalidNoticeError for other elements or attributes.
    """
    declared = DECLARED.match(body)
    if declared is not None and declared[1].lower() not in PLAIN:
        raise MalformedBodyError("Send the document in UTF-8.")
    try:
        body.decode()
    except UnicodeDecodeError:
        raise MalformedBodyError("The body is not UTF-8.") from None
    parser = DefusedXMLParser(target=_Target(namespace), forbid_dtd=True)
    try:
        parser.feed(body)
        root: Node = parser.close()
    except ParseError as error:
        line, column = error.position
        raise MalformedBodyError(f"The body is not XML: line {line}, column {column + 1}.") from None
    except (DefusedXmlException, ValueError):
        raise MalformedBodyError("A document type or an entity is declared; neither is accepted.") from None
    return root


class _Target:
    """What the parser tells as it reads."""

    def __init__(self, namespace: str) -> None:
        self._prefix = f"{{{namespace}}}"
        self._open: list[Node] = []
        self._root: Node | None = None
        self._foreign = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._foreign or (len(self._open) == 1 and tag.startswith(f"{{{SIGNATURE}}}")):
            self._foreign += 1
            return
        if not tag.startswith(self._prefix) or len(self._open) >= DEEPEST:
            raise InvalidNoticeError(f"An element is not one of {self._prefix[1:-1]}.", pointer=self._where())
        if any(not name.startswith(INSTANCE) for name in attributes):
            raise InvalidNoticeError("An element has an attribute, which none has.", pointer=self._where())
        self._open.append(Node(tag.removeprefix(self._prefix)))

    def data(self, text: str) -> None:
        if self._open and not self._foreign:
            self._open[-1].text += text

    def end(self, _: str) -> None:
        if self._foreign:
            self._foreign -= 1
            return
        node = self._open.pop()
        if self._open:
            self._open[-1].children.append(node)
        else:
            self._root = node

    def close(self) -> Any:
        return self._root

    def _where(self) -> str:
        return "#" + "".join(f"/{node.name}" for node in self._open)[:300]
