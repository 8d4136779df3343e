# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Atom (RFC 4287)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from app.board.entry import Entry
from app.board.feed import Feed
from app.board.pages import in_feed
from app.board.telling import Telling

TYPE = "application/atom+xml; charset=utf-8"
NAMESPACE = "http://www.w3.org/2005/Atom"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def atom(feed: Feed, entries: Sequence[Entry]) -> bytes:
    """Write a feed; the same notices give the same bytes."""
    telling = feed.telling
    root = ET.Element("feed", {"xmlns": NAMESPACE, LANGUAGE: telling.words.tag})
    _add(root, "id", feed.id)
    _add(root, "title", feed.title)
    _add(root, "updated", _moment(max((entry.updated for entry in entries), default=telling.board.since)))
    _add(ET.SubElement(root, "author"), "name", telling.municipality)
    ET.SubElement(root, "link", rel="self", type="application/atom+xml", href=feed.address)
    ET.SubElement(root, "link", rel="alternate", type="text/html", href=feed.page)
    _add(root, "generator", "Campanella")
    for entry in entries:
        _entry(root, telling, entry, feed.number(entry).urn)
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _entry(root: ET.Element, telling: Telling, entry: Entry, number: str) -> None:
    shown = entry.shown
    node = ET.SubElement(root, "entry", {LANGUAGE: shown.language})
    _add(node, "id", number)
    _add(node, "title", telling.title(entry))
    _add(node, "updated", _moment(entry.updated))
    _add(node, "published", _moment(entry.posted_at))
    _add(ET.SubElement(node, "author"), "name", telling.signature(entry))
    ET.SubElement(node, "link", rel="alternate", type="text/html", hreflang=shown.language, href=telling.link(entry))
    for link in () if shown.state == "withdrawn" else shown.links:
        ET.SubElement(node, "link", rel="related", title=link.title, href=link.href)
    for link in () if shown.state == "withdrawn" else shown.attachments:
        if (file := entry.files.get(link.href)) is not None:
            length = str(file.size)
            ET.SubElement(
                node, "link", rel="enclosure", type=file.media_type, length=length, title=link.title, href=link.href
            )
    ET.SubElement(node, "category", term=shown.service, label=shown.service_name)
    ET.SubElement(node, "category", term=f"standing:{entry.standing}", label=entry.standing)
    _add(node, "summary", shown.summary if shown.summary and entry.holds else telling.standing(entry) or shown.title)
    _add(node, "content", in_feed(telling, entry), type="html")


def _add(parent: ET.Element, tag: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, tag, attributes).text = text


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
