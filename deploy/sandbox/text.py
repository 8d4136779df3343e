# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Text on its way into a message: parsed, checked, cleaned and counted as Telegram does, in that order."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from deploy.sandbox import tdlib
from deploy.sandbox.entities import SIMPLE, to_api, to_tdlib
from deploy.sandbox.refusals import Why, bad_request

Entity = dict[str, Any]
RAW_BYTES = 1 << 15
TEXT_CHARACTERS = 4096
CAPTION_CHARACTERS = 1024
ENTITIES = 100
BLANKS = " \n"
INVISIBLE = dict.fromkeys(
    [
        *(0xA0, 0x1680, 0x180E, 0x202E, 0x202F, 0x205F, 0x2800, 0x3000, 0xFFFC, 0xFEFF),
        *range(0x2000, 0x2010),
        *range(0xE0000, 0xE0080),
    ]
)
SPLITTABLE = {f"textEntityType{SIMPLE[name]}" for name in ("bold", "italic", "underline", "strikethrough", "spoiler")}
QUOTES = {"textEntityTypeBlockQuote", "textEntityTypeExpandableBlockQuote"}


@dataclass(frozen=True, slots=True)
class Draft:
    """Text with its entities as asked for; they are kept as JSON, so that equal drafts are cleaned once."""

    text: str
    entities: bytes = b"[]"


@dataclass(frozen=True, slots=True)
class Formatted:
    """Text as Telegram keeps it, with entities in the Bot API's words."""

    text: str = ""
    entities: tuple[Entity, ...] = ()

    def within(self, characters: int, refusal: str) -> "Formatted":
        """Refuse what is too long; Telegram counts a bot's text in code points."""
        if len(self.text) > characters:
            raise bad_request(refusal)
        return self


def drafted(parameters: Mapping[str, Any], text: str = "text", entities: str = "entities") -> Draft:
    """Read the text of a request and its markup; a parse_mode wins over entities, as at Telegram."""
    raw = parameters.get(text, "")
    if too_many_bytes(raw):
        raise bad_request(Why.TEXT_TOO_LONG)
    mode = parameters.get("parse_mode", "none").lower()
    if raw and mode not in {"", "none"}:
        return marked_up(raw, mode)
    given = parameters.get(entities)
    return Draft(raw, msgspec.json.encode(to_tdlib(given))) if given else Draft(raw)


def too_many_bytes(text: str) -> bool:
    try:
        return len(text.encode()) > RAW_BYTES
    except UnicodeEncodeError:
        raise bad_request(Why.NOT_UTF8) from None


@lru_cache(1024)
def marked_up(text: str, mode: str) -> Draft:
    if mode not in tdlib.MODES:
        raise bad_request(Why.PARSE_MODE)
    plain, entities = tdlib.parsed(text, mode)
    return Draft(plain, msgspec.json.encode(entities))


@lru_cache(4096)
def formatted(draft: Draft) -> Formatted:
    """Clean, trim and complete a draft; blank text comes out empty."""
    if not draft.text:
        return Formatted()
    text, entities = trimmed(*tdlib.canonical(draft.text, msgspec.json.decode(draft.entities)))
    if is_blank(text):
        return Formatted()
    entities = [entity for entity in entities if entity["type"]["@type"] != "textEntityTypeCustomEmoji"]
    entities = joined(text, entities, tdlib.detected(text))
    return Formatted(text, tuple(to_api(entity) for entity in entities[:ENTITIES]))


def message_text(draft: Draft, refusal: str = Why.MESSAGE_TOO_LONG) -> Formatted:
    text = formatted(draft)
    if not text.text:
        raise bad_request(Why.TEXT_BLANK)
    return text.within(TEXT_CHARACTERS, refusal)


def caption(draft: Draft, refusal: str = Why.CAPTION_TOO_LONG) -> Formatted:
    return formatted(draft).within(CAPTION_CHARACTERS, refusal)


def is_blank(text: str) -> bool:
    return not text.translate(INVISIBLE).strip(BLANKS)


def units(text: str) -> int:
    """Count UTF-16 code units, which is what offsets count."""
    return len(text) + sum(character > "\uffff" for character in text)


def trimmed(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Cut blanks at both ends; at the front never into an entity."""
    text = text.rstrip(BLANKS)
    end = units(text)
    entities = [
        {**entity, "length": min(entity["length"], end - entity["offset"])}
        for entity in entities
        if entity["offset"] < end
    ]
    lead = len(text) - len(text.lstrip(BLANKS))
    lead = min([lead, *(entity["offset"] for entity in entities)])
    return text[lead:], [{**entity, "offset": entity["offset"] - lead} for entity in entities]


def joined(text: str, given: list[Entity], found: list[Entity]) -> list[Entity]:
    """Add what Telegram found by itself wherever it does not cut into what was given."""
    whole = [entity for entity in given if entity["type"]["@type"] not in SPLITTABLE]
    free = [entity for entity in found if all(goes_with(entity, other) for other in whole)]
    if not free or not given:
        return given or free
    return tdlib.canonical(text, [*given, *free])[1]


def goes_with(found: Entity, given: Entity) -> bool:
    start, end = found["offset"], found["offset"] + found["length"]
    first, last = given["offset"], given["offset"] + given["length"]
    if end <= first or last <= start:
        return True
    return given["type"]["@type"] in QUOTES and first <= start and end <= last
