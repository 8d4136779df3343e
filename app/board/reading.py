# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Reads a board: one statement for each page, by an index, with the moment of the last change."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from app.board.entry import Entry, entry
from app.board.sound import left_out
from app.database import Pool

AT_ONCE = 20
"""Notices on one page of the archive."""
# What changes by itself with time counts as a change, too: a notice that ends, one that is fresh no longer, one that
# leaves the feeds.
MOMENT = """
with moment as (
  select now() as now, greatest(
    (select max(changed_at) from posting where channel_id = $1),
    (select max(ends_at) from posting where channel_id = $1 and ends_at <= now()),
    (select max(changed_at) from posting where channel_id = $1 and changed_at <= now() - interval '6 hours')
      + interval '6 hours',
    (select max(changed_at) from posting where channel_id = $1 and changed_at <= now() - interval '14 days')
      + interval '14 days'
  ) as modified
)
"""
COLUMNS = """
select p.notice_id, p.content, p.urgent, p.posted_at, p.changed_at,
       p.ends_at <= now() as is_over, p.changed_at > now() - interval '6 hours' as is_fresh,
       newer.notice_id as newer_id, newer.title as newer_title, newer.language as newer_language,
       newer.posted_at as newer_since, older.notice_id as older_id, older.content ->> 'title' as older_title,
       older.content ->> 'language' as older_language, older.posted_at as older_since,
       (select json_object_agg(m.href, json_build_array(encode(substring(m.content from 1 for 1), 'hex'),
                                                        octet_length(m.content)))
          from media m where m.notice_id = p.notice_id and m.state = 'ready') as files
"""
FROM = """
  from posting p
  left join lateral (
    select notice_id, posted_at, content ->> 'title' as title, content ->> 'language' as language
      from posting where channel_id = $1 and supersedes = p.notice_id and state <> 'withdrawn'
     order by posted_at desc limit 1) newer on true
  left join posting older on older.channel_id = $1 and older.notice_id = p.supersedes
"""


def _whole(which: str, *, counted: str = "0") -> str:
    """Put a statement together that gives the moment even where it gives no notice."""
    return (
        f"{MOMENT} select moment.now, moment.modified, {counted} as total, found.* from moment "  # noqa: S608 - ours
        f"left join lateral ({COLUMNS} {FROM} {which}) found on true"
    )


CURRENT = _whole(
    "where p.channel_id = $1 and p.ends_at > now() and newer.notice_id is null"
    " order by (p.urgent and p.state <> 'withdrawn') desc, p.posted_at desc, p.notice_id desc limit 300"
)
FED = _whole(
    "where p.channel_id = $1 and (p.ends_at > now() or p.changed_at > now() - interval '14 days')"
    " order by p.changed_at desc, p.notice_id desc limit 300"
)
ARCHIVED = _whole(
    "where p.channel_id = $1 order by p.posted_at desc, p.notice_id desc limit $2 offset $3",
    counted="(select count(*) from posting where channel_id = $1)",
)
ONE = _whole("where p.channel_id = $1 and p.notice_id = $2")


@dataclass(frozen=True, slots=True)
class Found:
    """Notices in the order of the page; `modified` is None for a board that never showed anything.

    `broken`: how many more there are that cannot be read.
    """

    entries: tuple[Entry, ...]
    broken: int
    total: int
    now: datetime
    modified: datetime | None


async def current(pool: Pool, board: UUID) -> Found:
    """Read what is in force, urgent first, then the newest."""
    return _found(await pool.fetch(CURRENT, board))


async def fed(pool: Pool, board: UUID) -> Found:
    """Read what feeds hold: all that is in force, and what has changed lately, also where it is over."""
    return _found(await pool.fetch(FED, board))


async def archived(pool: Pool, board: UUID, page: int) -> Found:
    """Read one page (from 1) of all that was ever shown, newest first, and how much that is."""
    return _found(await pool.fetch(ARCHIVED, board, AT_ONCE, (page - 1) * AT_ONCE))


async def one(pool: Pool, board: UUID, notice: UUID) -> Found:
    """Read one notice; no entries where the board does not show it."""
    return _found(await pool.fetch(ONE, board, notice))


def _found(rows: list[asyncpg.Record]) -> Found:
    first = rows[0]
    posted = [row for row in rows if row["notice_id"] is not None]
    entries = tuple(_sound(posted))
    return Found(entries, len(posted) - len(entries), first["total"], first["now"], first["modified"])


def _sound(rows: Iterable[asyncpg.Record]) -> Iterator[Entry]:
    """Give what can be read; the rest is left out."""
    for row in rows:
        try:
            yield entry(row)
        except (ValueError, TypeError, LookupError) as error:
            left_out(row["notice_id"], error)
