# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Telegram's own library as an oracle: what it would keep of a part, and how it reads the part's HTML twin."""

import json
from html import escape
from typing import Any

import tdjson

from workers.telegram.part import Entity, Kind, Part

NAMES: dict[Kind, str] = {
    "bold": "Bold",
    "italic": "Italic",
    "strikethrough": "Strikethrough",
    "code": "Code",
    "pre": "Pre",
    "text_link": "TextUrl",
    "blockquote": "BlockQuote",
}
KINDS = {f"textEntityType{name}": kind for kind, name in NAMES.items()}
TAGS = {
    "bold": "b",
    "italic": "i",
    "strikethrough": "s",
    "code": "code",
    "pre": "pre",
    "text_link": "a",
    "blockquote": "blockquote",
}


def execute(request: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(tdjson.td_execute(json.dumps(request).encode()) or b"{}")
    assert answer.get("@type") != "error", answer
    return answer


def stored(part: Part) -> Part:
    """The part after Telegram's cleaning, all but the trim; the text must not contain Telegram's own Markdown."""
    return _part(execute({"@type": "parseMarkdown", "text": {"text": part.text, "entities": _entities(part)}}))


def read_as_html(part: Part) -> Part:
    """The part after Telegram's HTML parser has read the same text with tags for entities."""
    mode = {"@type": "textParseModeHTML"}
    return _part(execute({"@type": "parseTextEntities", "text": html(part), "parse_mode": mode}))


def detected(text: str) -> list[tuple[str, str]]:
    """What Telegram itself finds in a text: addresses, hashtags, commands."""
    found = execute({"@type": "getTextEntities", "text": text})["entities"]
    wide = text.encode("utf-16-le")
    return [
        (entity["type"]["@type"].removeprefix("textEntityType"), _slice(wide, entity["offset"], entity["length"]))
        for entity in found
    ]


def html(part: Part) -> str:
    """The part as HTML; only a properly nested part has such a twin."""
    wide, written, at = part.text.encode("utf-16-le"), "", 0
    open_ends: list[tuple[int, str]] = []
    marks = sorted({edge for e in part.entities for edge in (e.offset, e.offset + e.length)} | {len(wide) // 2})
    for mark in marks:
        written += escape(_slice(wide, at, mark - at), quote=False)
        while open_ends and open_ends[-1][0] == mark:
            written += f"</{open_ends.pop()[1]}>"
        for entity in (entity for entity in part.entities if entity.offset == mark):
            tag = TAGS[entity.kind]
            written += f'<{tag} href="{escape(entity.url)}">' if entity.url else f"<{tag}>"
            open_ends.append((mark + entity.length, tag))
        at = mark
    assert not open_ends, "entities overlap"
    return written


def _slice(wide: bytes, offset: int, length: int) -> str:
    return wide[2 * offset : 2 * (offset + length)].decode("utf-16-le")


def _entities(part: Part) -> list[dict[str, Any]]:
    return [
        {
            "@type": "textEntity",
            "offset": entity.offset,
            "length": entity.length,
            "type": {"@type": f"textEntityType{NAMES[entity.kind]}", "url": entity.url},
        }
        for entity in part.entities
    ]


def _part(answer: dict[str, Any]) -> Part:
    entities = (
        Entity(KINDS[entity["type"]["@type"]], entity["offset"], entity["length"], entity["type"].get("url"))
        for entity in answer["entities"]
    )
    return Part(answer["text"], tuple(entities))


execute({"@type": "setLogVerbosityLevel", "new_verbosity_level": 0})
