# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Forgets what nobody needs any more, a little at a time, so that tables stay small and locks short."""

from collections.abc import Awaitable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from app.audit import prune_audit
from app.database import HELD_UP, Pool, is_away
from app.settings import Settings
from app.tables import Notice
from app.telemetry import log

CHECKS_KEPT = timedelta(days=1)
CALLBACKS_KEPT = timedelta(days=30)
AT_ONCE = 1000
NOTICES_AT_ONCE = 200
ATTEMPTS = """
delete from attempt where (delivery_id, token) in (
  select a.delivery_id, a.token from attempt a join delivery d on d.id = a.delivery_id
   where a.started_at < now() - $1::interval and d.settled_at is not null
   order by a.started_at limit $2)
"""
KEYS_KEPT = timedelta(days=7)
KEYS = """
delete from idempotency_key where (scope, key) in (
  select scope, key from idempotency_key where created_at < now() - $1::interval order by created_at limit $2)
"""
CALLS = """
delete from endpoint_call where id in (
  select id from endpoint_call where created_at < now() - $1::interval and state <> 'due' order by created_at limit $2)
"""
RENDERINGS = "delete from rendering where asked_at < now() - interval '1 minute'"
# Later than they expire: the clocks of the machines that read them differ.
TOKENS = "delete from token_seen where expires_at < now() - interval '10 minutes'"
CHECKS = "delete from channel_check where asked_at < now() - $1::interval"
CALLBACKS = "delete from callback where received_at < now() - $1::interval"


OLD = """
select id from notice
 where created_at < now() - $1::interval and coalesce(expires_at, created_at) < now() - $1::interval
   and not exists (select from delivery where notice_id = notice.id and settled_at is null)
 order by created_at limit $2 for update skip locked
"""
LATELY = "select number, hash from audit where at > now() - interval '20 minutes' order by number desc limit 1"


@dataclass(frozen=True, slots=True)
class Kept:
    """For how long what is kept: notices with all that hangs on them, attempts, and the audit log."""

    notices: timedelta = timedelta(days=13 * 31)
    attempts: timedelta = timedelta(days=90)
    audit: timedelta = timedelta(days=24 * 31)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        months = [timedelta(days=31 * each) for each in (settings.keep_notices_months, settings.keep_audit_months)]
        return cls(months[0], timedelta(days=settings.keep_attempts_days), months[1])


async def prune(pool: Pool, kept: Kept | None = None) -> int:
    """Delete what is too old: attempts of settled deliveries, answered checks, kept answers, notices, audit entries.

    Returns how many attempts went. Raises what was the matter with the first part that could not be done, when the
    others have had their turn, too; at once where Postgres is away.
    """
    attempts, failed = 0, None
    for part in _parts(pool, kept or Kept()):
        try:
            attempts = await part
        except Exception as error:
            if is_away(error) and not isinstance(error, HELD_UP):
                raise
            failed = failed or error
    if failed is not None:
        raise failed
    return attempts


async def anchor_in_the_log(pool: Pool) -> None:
    """Say where the audit log ends, if it has grown lately: log lines are kept where nobody can change a database."""
    row = await pool.fetchrow(LATELY)
    if row is not None:
        log.info("audit.anchored", number=row["number"], hash=row["hash"].hex())


def _parts(pool: Pool, kept: Kept) -> Iterator[Awaitable[int]]:
    """Give all that is to be done, part by part; the last one says how many attempts went."""
    yield _gone(pool, CHECKS, CHECKS_KEPT)
    yield _gone(pool, RENDERINGS)
    yield _gone(pool, TOKENS)
    yield _gone(pool, CALLBACKS, CALLBACKS_KEPT)
    yield _gone(pool, KEYS, KEYS_KEPT, AT_ONCE)
    yield _gone(pool, CALLS, kept.attempts, AT_ONCE)
    yield _prune_notices(pool, kept.notices)
    yield prune_audit(pool, kept.audit)
    yield _gone(pool, ATTEMPTS, kept.attempts, AT_ONCE)


async def _gone(pool: Pool, statement: str, *arguments: object) -> int:
    return int((await pool.execute(statement, *arguments)).split()[-1])


async def _prune_notices(pool: Pool, kept: timedelta) -> int:
    """Delete settled notices with everything that refers to them, whatever tables that is in."""
    async with pool.acquire() as connection, connection.transaction():
        old = [row["id"] for row in await connection.fetch(OLD, kept, NOTICES_AT_ONCE)]
        for statement in _deletions() if old else ():
            await connection.execute(statement, old)
    if old:
        log.info("notice.forgotten", notices=len(old))
    return len(old)


def _deletions() -> Iterator[str]:
    """Give a statement for each table that refers to deliveries or notices, those that are referred to last."""
    for table in reversed(Notice.metadata.sorted_tables):
        for column in table.columns:
            target = next((each.target_fullname for each in column.foreign_keys), "")
            if target == "delivery.id":
                deliveries = "select id from delivery where notice_id = any($1::uuid[])"
                yield f"delete from {table.name} where {column.name} in ({deliveries})"  # noqa: S608 - ours
            elif target == "notice.id":
                yield f"delete from {table.name} where {column.name} = any($1::uuid[])"  # noqa: S608 - ours
    yield "delete from notice where id = any($1::uuid[])"
