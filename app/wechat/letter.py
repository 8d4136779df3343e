# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Reads a letter that was verified: what came of a send. Who wrote, and what followers write, is never kept."""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

LARGEST = 64 << 10
WORDS = ("Status", "TotalCount", "FilterCount", "SentCount", "ErrorCount")
LONGEST = 200
MOST = 16


class LetterError(ValueError):
    """The letter cannot be read."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What came of a send: its reference, a mark by which a repetition is known, and the facts that are kept."""

    reference: str
    mark: str
    content: dict[str, Any]


def envelope(body: bytes) -> str:
    """Give what is sealed in a letter of the secure mode. Raises LetterError."""
    return _text(_parsed(body), "Encrypt")


def read(xml: bytes, token: str) -> Letter | None:
    """Read what came of a send, or None for anything else, of which nothing is kept. Raises LetterError."""
    root = _parsed(xml)
    match _text(root, "Event"):
        case "MASSSENDJOBFINISH":
            return _mass(root, token)
        case "PUBLISHJOBFINISH":
            return _published(root, token)
    return None


def _mass(root: Element, token: str) -> Letter:
    reference = _text(root, "MsgID") or _text(root, "MsgId")
    facts = {name: _text(root, name) for name in WORDS}
    urls = [_text(item, "ArticleUrl") for item in root.iter("item")]
    return Letter(reference, _mark(root, reference, token), {**facts, "urls": [url for url in urls if url][:MOST]})


def _published(root: Element, token: str) -> Letter:
    info = root.find("PublishEventInfo")
    inner = root if info is None else info
    reference = _text(inner, "publish_id")
    facts = {"Status": _text(inner, "publish_status"), "article_id": _text(inner, "article_id")}
    urls = [_text(item, "article_url") for item in inner.iter("item")]
    return Letter(reference, _mark(root, reference, token), {**facts, "urls": [url for url in urls if url][:MOST]})


def _mark(root: Element, reference: str, token: str) -> str:
    """Sender and time tell a repetition; the sender is an openid, so that only a keyed digest of it is kept."""
    parts = (_text(root, "FromUserName"), _text(root, "CreateTime"), _text(root, "Event"), reference)
    return hmac.new(token.encode(), "\n".join(parts).encode(), hashlib.sha256).hexdigest()


def _parsed(body: bytes) -> Element:
    if len(body) > LARGEST:
        raise LetterError("too large")
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise LetterError(type(error).__name__) from None
    return root


def _text(element: Element, name: str) -> str:
    return next(_texts(element, name), "")


def _texts(element: Element, name: str) -> Iterator[str]:
    for child in element:
        if child.tag == name and child.text:
            yield child.text.strip()[: LARGEST if name == "Encrypt" else LONGEST]
