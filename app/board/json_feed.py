# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""JSON Feed 1.1."""

import json
from collections.abc import Sequence
from typing import Any

from app.board.entry import Entry
from app.board.feed import Feed
from app.board.pages import in_feed
from app.board.telling import Telling
from app.domain.posting import Titled

TYPE = "application/feed+json"
VERSION = "https://jsonfeed.org/version/1.1"


def json_feed(feed: Feed, entries: Sequence[Entry]) -> bytes:
    """Write a feed; `_campanella` tells programs what has become of a notice."""
    telling = feed.telling
    told = {
        "version": VERSION,
        "title": feed.title,
        "home_page_url": feed.page,
        "feed_url": feed.address,
        "language": telling.words.tag,
        "authors": [{"name": telling.municipality}],
        "items": [_item(feed, telling, entry) for entry in entries],
    }
    return json.dumps(told, ensure_ascii=False, indent=1).encode()


def _item(feed: Feed, telling: Telling, entry: Entry) -> dict[str, Any]:
    shown = entry.shown
    told = {
        "id": feed.number(entry).urn,
        "url": telling.link(entry),
        "title": telling.title(entry),
        "content_html": in_feed(telling, entry),
        "content_text": telling.text(entry),
        "date_published": entry.posted_at.isoformat(timespec="seconds"),
        "date_modified": entry.updated.isoformat(timespec="seconds"),
        "authors": [{"name": telling.signature(entry)}],
        "tags": [shown.service_name],
        "language": shown.language,
        "_campanella": _more(entry),
    }
    files = [_file(entry, each) for each in shown.attachments if each.href in entry.files]
    if files and shown.state != "withdrawn":
        told["attachments"] = files
    if shown.summary and entry.holds:
        told["summary"] = shown.summary
    return told


def _file(entry: Entry, link: Titled) -> dict[str, Any]:
    file = entry.files[link.href]
    return {"url": link.href, "mime_type": file.media_type, "title": link.title, "size_in_bytes": file.size}


def _more(entry: Entry) -> dict[str, Any]:
    shown = entry.shown
    moments = {"valid_from": shown.valid_from, "valid_until": shown.valid_until, "stamped_at": shown.stamped_at}
    return {
        "about": "https://schema.org/SpecialAnnouncement",
        "state": entry.standing,
        "revision": shown.revision,
        "code": shown.code,
        "kind": shown.kind.value,
        "urgent": shown.is_urgent,
        "service": shown.service,
        **{name: moment.isoformat() for name, moment in moments.items() if moment is not None},
    }
