# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What one process holds for the boards: which there are, and the documents that were made a moment ago."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.board.answer import STARTED, Document
from app.board.boards import Board, read_boards
from app.board.memory import Memory
from app.board.places import ATOM, CALENDAR, JSON, Places
from app.board.style import NAME
from app.board.telling import Telling
from app.database import Pool
from app.domain.errors import NotFoundError
from app.domain.posting import path_of
from app.settings import Settings

FEEDS = {ATOM: "application/atom+xml", JSON: "application/feed+json", CALENDAR: "text/calendar"}
A_MOMENT = 1.0
"""Seconds for which a page is not made again."""
BOARDS_KEPT = 0.5
"""Seconds for which a new board, a new title or a new Telegram channel may stay unseen."""


@dataclass(frozen=True)
class Hung:
    """All boards by their place, and since when they are as they are."""

    boards: Mapping[str, Board]
    since: datetime


class Noticeboard:
    """The boards of one installation."""

    def __init__(self, pool: Pool, settings: Settings) -> None:
        """Take the database and what an installation sets; nothing is read before the first reader."""
        self.pool = pool
        self.settings = settings
        self.places = Places(str(settings.public_url).rstrip("/"))
        self._documents: Memory[Document] = Memory(A_MOMENT)
        self._looked: Memory[Hung] = Memory(BOARDS_KEPT)
        self._hung = Hung({}, STARTED)

    async def document(self, key: str, make: Callable[[], Awaitable[Document]]) -> Document:
        return await self._documents.get(key, make)

    async def hung(self) -> Hung:
        return await self._looked.get("", self._look)

    async def board(self, place: str) -> Board:
        """Give a board, or raise NotFoundError."""
        board = (await self.hung()).boards.get(place)
        if board is None:
            raise NotFoundError
        return board

    def telling(self, board: Board) -> Telling:
        return Telling(board, self.places, self.settings.timezone, self.settings.municipality)

    def frame(self) -> dict[str, Any]:
        """Give what stands around every page."""
        accessibility = self.settings.accessibility_url
        return {
            "places": self.places,
            "style": NAME,
            "municipality": self.settings.municipality,
            "accessibility": str(accessibility) if accessibility else None,
            "boards": self._open,
        }

    async def feeds(self) -> dict[str, str]:
        """Give the media types of the feeds of every open board by their paths."""
        await self.hung()
        return {
            f"{path_of(board.place)}/{file}": media_type for board in self._open for file, media_type in FEEDS.items()
        }

    @property
    def _open(self) -> list[Board]:
        return [board for board in self._hung.boards.values() if board.closed_at is None and not board.test]

    async def _look(self) -> Hung:
        """Read the boards; where something is other than before, every page may be."""
        boards = await read_boards(self.pool)
        if boards != self._hung.boards:
            self._hung = Hung(boards, datetime.now(UTC))
        return self._hung
