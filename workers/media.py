# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Fetches the pictures and documents of notices before they go out; what cannot be had goes out as a link."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg
from aiohttp import ClientError

from app.database import Pool
from app.outgoing import FetchError, Outgoing, reason
from app.telemetry import log
from workers.pictures import is_a_photo, sides_of

MOST = 10 << 20
AT_ONCE = 16
"""In one process: each may be `MOST` bytes in memory."""
OF_A_SOURCE = 4
LONGEST = 25.0
"""Seconds for one, redirects and all: less than it is taken for."""
TRIES = 3
AT_HAND = 64 << 20
"""Bytes of contents that one process keeps for the calls to come."""
AGAIN = timedelta(seconds=2)
PHOTO, DOCUMENT, PDF = "photo", "document", b"%PDF-"
# The most urgent first, and of each source only few at a time, in all workers together: one that links to what hangs
# holds up nobody else. What has minutes until its date is fetched only where nothing is needed sooner.
WANTED = """
with busy as (
  select n.source, count(*) as many from media m join notice n on n.id = m.notice_id
   where m.state = 'wanted' and m.taken_until >= now() group by n.source
), waiting as (
  select m.notice_id, m.href, early, lane.place as lane, needed,
         coalesce(busy.many, 0) + row_number() over (partition by n.source order by early, lane.place, needed) as place
    from media m join notice n on n.id = m.notice_id left join busy using (source)
    cross join lateral (select case n.priority when 'urgent' then 0 when 'normal' then 1 else 2 end) as lane (place)
    cross join lateral (select coalesce(n.publish_at > now() + interval '1 minute', false),
                               greatest(m.due_at, n.publish_at)) as sooner (early, needed)
   where m.state = 'wanted' and m.due_at <= now() and (m.taken_until is null or m.taken_until < now())
)
select notice_id, href, place from waiting where place <= $1 order by early, lane, place, needed
"""
TAKE = """
update media set taken_until = now() + interval '30 seconds', tries = tries + 1
 where (notice_id, href) in (
   select notice_id, href from media m join unnest($1::uuid[], $2::text[]) as x (notice_id, href)
          using (notice_id, href)
    where m.state = 'wanted' and m.due_at <= now() and (m.taken_until is null or m.taken_until < now())
      for update of m skip locked)
returning notice_id, href, tries, taken_until
"""
# A correction takes away what is being fetched: it wants what is there from now on, or at another date.
HAVE = """
update media set state = 'ready', kind = $4, content = $5, taken_until = null
 where notice_id = $1 and href = $2 and taken_until = $3
"""
# Of what was fetched before, and is not to be had after a correction, that is shown.
LATER = """
update media
   set state = case when not $4 then 'wanted' when content is null then 'failed' else 'ready' end, error = $5,
       due_at = now() + $6::interval, taken_until = null
 where notice_id = $1 and href = $2 and taken_until = $3
"""
# Nothing more to wait for: the deliveries that waited for media may go.
RELEASE = """
update delivery set due_at = least(due_at, greatest(ready_at, now()))
 where id in (
   select id from delivery
    where notice_id = $1 and state = 'due' and failures = 0 and lease_until is null
      and not exists (select from media where notice_id = $1 and state = 'wanted')
    order by id for no key update)
"""
SIZE = "select coalesce(sum(length(content)), 0) from media where notice_id = $1 and href = any($2)"


class Fetching:
    """One per worker process."""

    def __init__(self, pool: Pool, outgoing: Outgoing) -> None:
        """Begin with nothing under way."""
        self._pool, self._outgoing = pool, outgoing
        self._free, self._claiming = AT_ONCE, asyncio.Lock()

    async def fetch(self) -> int:
        """Fetch what is wanted now and finds room, side by side; returns how many were tried."""
        async with self._claiming:
            rows = await self._taken() if self._free else []
            self._free -= len(rows)
        await asyncio.gather(*(self._one(row) for row in rows))
        return len(rows)

    async def _taken(self) -> list[asyncpg.Record]:
        """Take what is wanted; several of one source only while others find room: theirs may hang, too."""
        chosen: list[asyncpg.Record] = []
        for row in await self._pool.fetch(WANTED, OF_A_SOURCE):
            if (row["place"] - 1) * OF_A_SOURCE < self._free - len(chosen):
                chosen.append(row)
        if not chosen:
            return []
        columns = [[row[name] for row in chosen] for name in ("notice_id", "href")]
        return list(await self._pool.fetch(TAKE, *columns))

    async def _one(self, row: asyncpg.Record) -> None:
        try:
            await _fetch(self._pool, self._outgoing, row)
        finally:
            self._free += 1


async def _fetch(pool: Pool, outgoing: Outgoing, row: asyncpg.Record) -> None:
    notice, href = row["notice_id"], row["href"]
    taken = (notice, href, row["taken_until"])
    try:
        async with asyncio.timeout(LONGEST):
            fetched = await outgoing.fetch(href, MOST)
        await pool.execute(HAVE, *taken, kind_of(fetched.content), fetched.content)
        log.info("media.fetched", notice=str(notice), size=len(fetched.content))
    except (FetchError, ClientError, OSError, TimeoutError, ValueError) as error:
        why = reason(error)
        final = row["tries"] >= TRIES or (isinstance(error, FetchError) and error.final)
        await pool.execute(LATER, *taken, final, why, AGAIN)
        log.warning("media.failed", notice=str(notice), reason=why, final=final)
    await pool.execute(RELEASE, notice)


def kind_of(content: bytes) -> str:
    """Tell a picture from a document by its first bytes, and not by what the server calls it.

    A picture that is too large or too narrow to be shown is a document. Raises FetchError for anything else.
    """
    if content.startswith(PDF):
        return DOCUMENT
    sides = sides_of(content)
    if sides is None:
        raise FetchError("neither a PNG or JPEG picture nor a PDF")
    return PHOTO if is_a_photo(sides) else DOCUMENT


async def contents(pool: Pool, notice: UUID, hrefs: Sequence[str]) -> dict[str, bytes]:
    """Give the media of a notice by address: of what was ready when their call was claimed, the same until it ends."""
    rows = await pool.fetch("select href, content from media where notice_id = $1 and href = any($2)", notice, hrefs)
    return {row["href"]: row["content"] for row in rows}


class Shelf:
    """The contents that a process has at hand, one copy of each: a bulk asks for the same ones many times at once."""

    def __init__(self, pool: Pool) -> None:
        """Begin with nothing at hand."""
        self._pool, self._held, self._reading = pool, dict[tuple[UUID, str], bytes](), asyncio.Lock()

    async def within(self, notice: UUID, hrefs: Sequence[str], most: int) -> dict[str, bytes] | None:
        """Give the media of a notice by address; None, and nothing is read, where they are more than `most` bytes."""
        async with self._reading:
            if not all((notice, href) in self._held for href in hrefs):
                if await self._pool.fetchval(SIZE, notice, hrefs) > most:
                    return None
                found = await contents(self._pool, notice, hrefs)
                self._put(notice, found)
            held = {href: self._held[notice, href] for href in hrefs}
        return held if sum(map(len, held.values())) <= most else None

    def _put(self, notice: UUID, found: dict[str, bytes]) -> None:
        """Take away those that were put here first, so that no more is kept than fits; a call may still hold them."""
        self._held |= {(notice, href): content for href, content in found.items()}
        room = sum(map(len, self._held.values())) - AT_HAND
        for key in [key for key in self._held if key not in {(notice, href) for href in found}]:
            if room <= 0:
                break
            room -= len(self._held.pop(key))
