# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Which boards there are and where else their notices can be followed; looked up twice a second at most."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from app.database import Pool
from app.domain.channel import overlaps

KIND = "noticeboard"
BOARDS = """
select id, kind, slug, address, title, language, services, test, created_at, retired_at, check_result ->> 'link' as link
  from channel
 where (kind = 'noticeboard' and address ~ '^[a-z0-9-]{1,64}$')
    or (retired_at is null and paused_at is null and not test and check_result ->> 'link' is not null)
 order by retired_at desc nulls first, slug
"""


@dataclass(frozen=True, slots=True)
class Join:
    """A public channel that anyone may follow."""

    title: str
    link: str
    language: str
    services: frozenset[str]


@dataclass(frozen=True, slots=True)
class Board:
    """One noticeboard; `joins` are the channels that tell the same in the same language, `test` is for exercises."""

    id: UUID
    place: str
    title: str
    language: str
    services: frozenset[str]
    since: datetime
    closed_at: datetime | None
    test: bool
    joins: tuple[Join, ...]


async def read_boards(pool: Pool) -> dict[str, Board]:
    """Read all boards by their place; a closed one is found as long as no open one has taken its place."""
    rows = await pool.fetch(BOARDS)
    joins = [_join(row) for row in rows if row["kind"] != KIND]
    boards = [_board(row, joins) for row in rows if row["kind"] == KIND]
    return {board.place: board for board in reversed(boards)}


def _join(row: asyncpg.Record) -> Join:
    return Join(row["title"] or row["slug"], row["link"], row["language"], frozenset(row["services"]))


def _board(row: asyncpg.Record, joins: Sequence[Join]) -> Board:
    services = frozenset(row["services"])
    same = [join for join in joins if _primary(join.language) == _primary(row["language"])]
    same.sort(key=lambda join: len(join.services))  # first those that tell everything
    return Board(
        id=row["id"],
        place=row["address"],
        title=row["title"] or row["address"],
        language=row["language"],
        services=services,
        since=row["created_at"],
        closed_at=row["retired_at"],
        test=row["test"],
        joins=tuple(join for join in same if overlaps(join.services, services)),
    )


def _primary(language: str) -> str:
    return language.partition("-")[0]
