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
from app.outgoing import FetchError, Outgoing
from app.telemetry import log

MOST = 10 << 20
TRIES = 3
AGAIN = timedelta(seconds=2)
KINDS: list[tuple[bytes, str, str]] = [
    (b"\x89PNG\r\n\x1a\n", "image/png", "photo"),
    (b"\xff\xd8\xff", "image/jpeg", "photo"),
    (b"%PDF-", "application/pdf", "document"),
]
"""Told by the first bytes; what the server calls it does not count."""
WANTED = """
update media set taken_until = now() + interval '30 seconds', tries = tries + 1
 where (notice_id, href) in (
   select notice_id, href from media
    where state = 'wanted' and due_at <= now() and (taken_until is null or taken_until < now())
    order by due_at for update skip locked limit 8)
returning notice_id, href, tries
"""
HAVE = """
update media set state = 'ready', kind = $3, content = $4, taken_until = null where notice_id = $1 and href = $2
"""
LATER = """
update media
   set state = case when $3 then 'failed' else 'wanted' end, error = $4, due_at = now() + $5::interval,
       taken_until = null
 where notice_id = $1 and href = $2
"""
# Nothing more to wait for: the deliveries that waited for media may go.
RELEASE = """
update delivery set due_at = least(due_at, greatest(ready_at, now()))
 where notice_id = $1 and state = 'due' and failures = 0 and lease_until is null
   and not exists (select from media where notice_id = $1 and state = 'wanted')
"""
SIZE = "select coalesce(sum(length(content)), 0) from media where notice_id = $1 and href = any($2)"


async def fetch_media(pool: Pool, outgoing: Outgoing) -> int:
    """Fetch what is wanted now, side by side; returns how many were tried."""
    rows = await pool.fetch(WANTED)
    await asyncio.gather(*(_fetch(pool, outgoing, row) for row in rows))
    return len(rows)


async def _fetch(pool: Pool, outgoing: Outgoing, row: asyncpg.Record) -> None:
    notice, href = row["notice_id"], row["href"]
    try:
        fetched = await outgoing.fetch(href, MOST)
        await pool.execute(HAVE, notice, href, kind_of(fetched.content), fetched.content)
        log.info("media.fetched", notice=str(notice), size=len(fetched.content))
    except (FetchError, ClientError, OSError, TimeoutError, ValueError) as error:
        why = str(error) if isinstance(error, FetchError) else type(error).__name__
        final = row["tries"] >= TRIES or (isinstance(error, FetchError) and error.final)
        await pool.execute(LATER, notice, href, final, why, AGAIN)
        log.warning("media.failed", notice=str(notice), reason=why, final=final)
    await pool.execute(RELEASE, notice)


def kind_of(content: bytes) -> str:
    """Tell a picture from a document by its first bytes. Raises FetchError for anything else."""
    for head, _, kind in KINDS:
        if content.startswith(head):
            return kind
    raise FetchError("neither a PNG or JPEG picture nor a PDF")


async def contents(pool: Pool, notice: UUID, hrefs: Sequence[str]) -> dict[str, bytes]:
    """Give the media of a notice by address."""
    rows = await pool.fetch("select href, content from media where notice_id = $1 and href = any($2)", notice, hrefs)
    return {row["href"]: row["content"] for row in rows}


async def contents_within(pool: Pool, notice: UUID, hrefs: Sequence[str], most: int) -> dict[str, bytes] | None:
    """Give the media of a notice by address; None, and nothing is read, where they are more than `most` bytes."""
    return None if await pool.fetchval(SIZE, notice, hrefs) > most else await contents(pool, notice, hrefs)
