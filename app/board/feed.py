# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What all feeds of a board share: names that never change, and addresses."""

from dataclasses import dataclass
from uuid import UUID, uuid5

from app.board.entry import Choice, Entry
from app.board.telling import Telling


@dataclass(frozen=True)
class Feed:
    """The notices of one board for one choice, in the file of this name."""

    telling: Telling
    choice: Choice
    file: str

    @property
    def id(self) -> str:
        """A name that stays whatever becomes of the board's address."""
        key = "\n".join((self.choice.service or "", *(f"{name}" for name in self.choice.audience)))
        return uuid5(self.telling.board.id, f"feed\n{key}").urn

    @property
    def title(self) -> str:
        parts = (self.telling.board.title, self.choice.service or "", *self.choice.audience)
        return " · ".join(filter(None, parts))

    @property
    def address(self) -> str:
        places = self.telling.places
        return places.whole(places.chosen(self.telling.board.place, self.choice, self.file))

    @property
    def page(self) -> str:
        places = self.telling.places
        return places.whole(places.chosen(self.telling.board.place, self.choice))

    def number(self, entry: Entry, what: str = "") -> UUID:
        """Name a notice on this board: boards of two languages tell the same in two texts."""
        return uuid5(self.telling.board.id, f"{entry.notice}{what}")
