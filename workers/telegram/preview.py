# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Posts as a person can look at them before they go out: text, the same as HTML, and how much room is left."""

import json
from collections.abc import Callable, Sequence
from html import escape
from itertools import pairwise

from app.domain.delivery import Part
from app.domain.outcome import Refused
from app.domain.spelling import units
from app.outbox import Owed
from app.renderings import PartShown
from workers.telegram.part import Entity
from workers.telegram.part import Part as Message
from workers.telegram.render import MAX_CAPTION, MAX_TEXT

TAGS = {"bold": "b", "italic": "i", "strikethrough": "s", "code": "code", "pre": "pre", "blockquote": "blockquote"}


def previewed(show: Callable[[Owed], Sequence[Part] | Refused], owed: Owed) -> list[PartShown] | Refused:
    """Show each post exactly as it would be sent."""
    parts = show(owed)
    return parts if isinstance(parts, Refused) else [_part(part.payload) for part in parts]


def _part(payload: str) -> PartShown:
    members = json.loads(payload)
    message = Message.from_json(members)
    media = tuple((str(sort), str(href)) for sort, href in members["media"])
    limit = MAX_CAPTION if members["album"] else MAX_TEXT
    return PartShown(message.text, units(message.text), "utf-16", limit, as_html(message), media)


def as_html(message: Message) -> str:
    """Write text and entities as HTML; entities are nested properly, the outer one first."""
    raw = message.text.encode("utf-16-le")
    edges = sorted({0, len(raw) // 2, *(edge for each in message.entities for edge in (each.offset, _end(each)))})
    written = []
    for start, end in pairwise(edges):
        opened = "".join(_open(each) for each in message.entities if each.offset == start)
        closed = "".join(_close(each) for each in reversed(message.entities) if _end(each) == end)
        written.append(opened + escape(raw[2 * start : 2 * end].decode("utf-16-le"), quote=False) + closed)
    return "".join(written)


def _end(entity: Entity) -> int:
    return entity.offset + entity.length


def _open(entity: Entity) -> str:
    return f'<a href="{escape(entity.url or "")}">' if entity.kind == "text_link" else f"<{TAGS[entity.kind]}>"


def _close(entity: Entity) -> str:
    return "</a>" if entity.kind == "text_link" else f"</{TAGS[entity.kind]}>"
