# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Telegram's own client library, asked only for what it answers without a network: text and its entities."""

import re
from collections.abc import Callable
from typing import Any

import msgspec
from tdjson import td_execute

from deploy.sandbox.refusals import bad_request

Entity = dict[str, Any]
MODES = {
    "html": {"@type": "textParseModeHTML"},
    "markdown": {"@type": "textParseModeMarkdown", "version": 1},
    "markdownv2": {"@type": "textParseModeMarkdown", "version": 2},
}
MARKS = re.compile(r"[_*~|`\[]")
STAND_INS = range(0xE000, 0xF8FF)


def execute(kind: str, **arguments: Any) -> dict[str, Any]:
    """Run one of TDLib's synchronous functions; what it refuses is a bad request in its own words."""
    answer: dict[str, Any] = msgspec.json.decode(td_execute(msgspec.json.encode({"@type": kind, **arguments})) or "")
    if answer["@type"] == "error":
        raise bad_request(answer["message"])
    return answer


execute("setLogVerbosityLevel", new_verbosity_level=0)


def parsed(text: str, mode: str) -> tuple[str, list[Entity]]:
    """Read markup as Telegram reads it."""
    answer = execute("parseTextEntities", text=text, parse_mode=MODES[mode])
    return answer["text"], answer["entities"]


def canonical(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Check entities against their text, and bring both into the form that Telegram stores.

    TDLib does this in full only on the way through parseMarkdown; so that this reads no Markdown, its marks
    are exchanged for characters of the private area and put back afterwards.
    """
    masked, unmask = without_marks(text)
    formatted = {"@type": "formattedText", "text": masked, "entities": entities}
    answer = execute("parseMarkdown", text=formatted)
    return unmask(answer["text"]), answer["entities"]


def without_marks(text: str) -> tuple[str, Callable[[str], str]]:
    marks = MARKS.findall(text)
    if not marks:
        return text, str
    stand_in = next(chr(code) for code in STAND_INS if chr(code) not in text)

    def unmask(masked: str) -> str:
        parts = masked.split(stand_in)
        return "".join(part + mark for part, mark in zip(parts, [*marks, ""], strict=True))

    return MARKS.sub(stand_in, text), unmask


def detected(text: str) -> list[Entity]:
    """Find the addresses, names, tags and commands that Telegram marks by itself in a bot's text."""
    entities: list[Entity] = execute("getTextEntities", text=text)["entities"]
    return [entity for entity in entities if entity["type"]["@type"] != "textEntityTypeMediaTimestamp"]
