# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""One Telegram message as it is sent: plain text, and entities that say how stretches of it look."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Kind = Literal["bold", "italic", "strikethrough", "code", "pre", "text_link", "blockquote"]


@dataclass(frozen=True, slots=True)
class Entity:
    """A stretch of text and its look; offset and length count UTF-16 code units."""

    kind: Kind
    offset: int
    length: int
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    text: str
    entities: tuple[Entity, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {"text": self.text, "entities": [asdict(entity) for entity in self.entities]}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Part":
        return cls(stored["text"], tuple(Entity(**entity) for entity in stored["entities"]))
