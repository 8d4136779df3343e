# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Where everything of the board is found."""

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from app.board.entry import Choice
from app.domain.posting import PLACE, path_of

ASKED = {"grades": "grado", "schools": "scuola", "areas": "zona"}
"""The names of an audience in an address."""
ATOM, JSON, CALENDAR = "feed.atom", "feed.json", "calendario.ics"


@dataclass(frozen=True)
class Places:
    """Paths begin with what a proxy has put in front of us; whole addresses with the public one."""

    public: str

    @property
    def root(self) -> str:
        return urlsplit(self.public).path.rstrip("/")

    @property
    def boards(self) -> str:
        return f"{self.root}{PLACE}"

    def board(self, board: str) -> str:
        return f"{self.root}{path_of(board)}"

    def archive(self, board: str, page: int = 1) -> str:
        return f"{self.board(board)}/archivio" + (f"/{page}" if page > 1 else "")

    def notice(self, board: str, notice: UUID) -> str:
        return f"{self.root}{path_of(board, notice)}"

    def chosen(self, board: str, choice: Choice, file: str = "") -> str:
        """Give the page or a feed of what a reader chose."""
        service = f"/servizi/{choice.service}" if choice.service else ""
        pairs = [(name, value) for member, name in ASKED.items() for value in getattr(choice, member)]
        query = f"?{urlencode(pairs)}" if pairs else ""
        return f"{self.board(board)}{service}{'/' if file else ''}{file}{query}"

    def whole(self, path: str) -> str:
        """Make a path an address that holds everywhere."""
        return f"{self.public}{path.removeprefix(self.root)}"
