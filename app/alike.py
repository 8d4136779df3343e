# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Texts that came in just now under another event_id: looked for, and stored one at a time, so that none is missed."""

import hashlib
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

import asyncpg

from app.database import Connection, Pool
from app.domain.likeness import likeness
from app.domain.notice import Notice

# In the order of the list, which is the same for all: two who store the same texts never wait for each other.
LOCK = "select pg_advisory_xact_lock(key) from unnest($1::bigint[]) as key"
# Found along the index of the newest, and never more than a few of them: this costs the way in nothing.
TWIN = """
with lately as materialized (
  select source, service, event_id, withdrawn_at, content from notice
   where created_at > now() - interval '10 minutes' order by created_at desc, id desc limit 1000
)
select exists (
  select from lately
   where ($1::text is null or source = $1) and service = $2 and event_id <> $3 and withdrawn_at is null
     and (content -> 'texts')::jsonb = ($4::json -> 'texts')::jsonb
)
"""
EQUAL = """
select exists (
  select from notice
   where source = $1 and likeness = $2 and (event_source <> '' or event_id <> $3) and withdrawn_at is null
     and created_at > now() - interval '10 minutes'
)
"""
Likenesses = Iterable[tuple[str, bytes]]
"""Sources, each with the likeness of what it says."""


async def has_twin(pool: Pool, notice: Notice, source: str | None) -> bool:
    """Tell whether the same text about the same service came in just now under another event_id, not taken back."""
    given = (source, notice.service, notice.event_id, notice.model_dump_json())
    return bool(await pool.fetchval(TWIN, *given))


async def would_repeat(pool: Pool, notice: Notice, source: str) -> bool:
    """Tell whether the notice would be refused for its text, where that is set."""
    return bool(await pool.fetchval(EQUAL, source, likeness(notice), notice.event_id))


@asynccontextmanager
async def one_at_a_time(where: Pool | Connection, said: Likenesses) -> AsyncIterator[Pool | Connection]:
    """Give a way to store what is said once nobody else is storing the like, until its transaction ends.

    A connection is in a transaction already; of the pool one is taken, and its transaction ends here.
    """
    keys = _keys(said)
    if not keys:
        yield where
    elif isinstance(where, asyncpg.Pool):
        async with where.acquire() as connection, connection.transaction():
            await connection.execute(LOCK, keys)
            yield connection
    else:
        await where.execute(LOCK, keys)
        yield where


def _keys(said: Likenesses) -> Sequence[int]:
    """Give a number for each, in order; two with the same one would wait for each other, which harms nobody."""
    named = {hashlib.sha256(source.encode() + b"\n" + alike).digest()[:8] for source, alike in said}
    return sorted(int.from_bytes(each, signed=True) for each in named)
