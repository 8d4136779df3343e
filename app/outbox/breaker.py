# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Whether a platform answers at all: while it is away one call asks now and then, and all others wait for that one.

Everything stands in the row of the pace, which every claim locks: what one worker finds out counts for all.
"""

from datetime import datetime

import asyncpg

from app.database import Connection, Pool
from app.domain.backoff import DOUBT_RESTS
from app.domain.breaker import CALLS, CHANNELS, WITHIN, Heard, is_away, rest
from app.domain.lane import GOALS, LANES
from app.domain.notice import Priority
from app.outbox.kind import ChannelKind
from app.telemetry import log

TROUBLED = """
update pace set troubled_at = clock_timestamp()
 where kind in (select kind from pace where kind = any($1) order by kind collate "C" for no key update)
"""
# What made no call says nothing, such as what is postponed; what had an answer, a refusal too, says that it is there.
LAST = """
select d.channel_id, a.outcome not in ('failed', 'doubted') as answered
  from attempt a join delivery d on d.id = a.delivery_id join channel c on c.id = d.channel_id
 where c.kind = $1 and a.started_at > $2::timestamptz - $3::interval and a.finished_at is not null
   and (a.outcome in ('failed', 'doubted') or a.outcome <> 'crashed' and a.wire not in ('none', 'connected'))
 order by a.started_at desc limit $4
"""
COULD = """
select count(*) from (
  select from channel where kind = $1 and paused_at is null and retired_at is null limit $2) as found
"""
ANSWERED = """
select exists (
  select from attempt a join delivery d on d.id = a.delivery_id join channel c on c.id = d.channel_id
   where c.kind = $1 and a.started_at > $2::timestamptz - $3::interval and a.finished_at > $4::timestamptz
     and a.outcome not in ('failed', 'doubted', 'crashed') and a.wire not in ('none', 'connected'))
"""
# In the order of their rank, which is years before that of all others: else each look would go through all that waits.
# One that is on its way is asked with just now.
URGENT = """
select exists (
  select from (
    select channel_id, lane from delivery
     where state in ('due', 'in_doubt') and not parked and lease_until is null and awaits is null
       and rank <= $2::timestamptz + $3::interval and ready_at <= $2
     order by rank, id) d join channel c on c.id = d.channel_id
   where c.kind = $1 and d.lane = 0)
"""
OPEN = "update pace set away_since = $2, asked_at = $2, asked = 0, blocked_reason = $3 where kind = $1"
CALM = "update pace set troubled_at = null where kind = $1"
CLOSE = """
update pace set away_since = null, troubled_at = null, blocked_reason = nullif(blocked_reason, $2) where kind = $1
"""
ASKED = "update pace set asked_at = $2, asked = asked + 1 where kind = $1"
# What waits because it failed need not wait any longer; only a doubt still rests, whose request may be on its way.
# Whoever holds one of the rows records just now, and may be about to wait for the pace: nobody waits for him.
WAKE = """
update delivery set due_at = case when state = 'in_doubt' then least(due_at, $2 + $3::interval) else $2 end
 where id in (
   select d.id from delivery d join channel c on c.id = d.channel_id
    where c.kind = $1 and d.state in ('due', 'in_doubt') and not d.parked and d.lease_until is null
      and d.failures > 0 and d.awaits is null and d.due_at > $2::timestamptz
      and (d.state = 'due' or d.due_at > $2::timestamptz + $3::interval)
      for no key update of d skip locked)
"""
SILENT = "its last calls had no answer, and now and then one call asks whether there is one again"


async def note_trouble(pool: Pool, kinds: set[str]) -> None:
    """Remember that calls had no answer, so that the next claim looks whether any had one."""
    if kinds:
        await pool.execute(TROUBLED, list(kinds))


async def waits(connection: Connection, kind: ChannelKind, pace: asyncpg.Record) -> float | None:
    """Say how many seconds nobody calls, 0 where one call may ask now whether it is back; None while it answers."""
    if not kind.one_platform or pace["troubled_at"] is None:
        return None
    if pace["away_since"] is None:
        return await _when_troubled(connection, kind, pace["now"])
    return await _when_away(connection, kind, pace)


async def asked(connection: Connection, kind: ChannelKind, now: datetime) -> None:
    """Remember that a call asks."""
    await connection.execute(ASKED, kind.name, now)


async def wake(connection: Connection, kind: ChannelKind, now: datetime) -> bool:
    """Make what waits because it failed due at once; tells whether anything did."""
    changed: str = await connection.execute(WAKE, kind.name, now, DOUBT_RESTS)
    return not changed.endswith(" 0")


async def _when_troubled(connection: Connection, kind: ChannelKind, now: datetime) -> float | None:
    rows = await connection.fetch(LAST, kind.name, now, WITHIN, CALLS)
    last = [Heard(row["channel_id"], row["answered"]) for row in rows]
    if all(call.answered for call in last):
        await connection.execute(CALM, kind.name)
    if not is_away(last, await connection.fetchval(COULD, kind.name, CHANNELS)):
        return None
    await connection.execute(OPEN, kind.name, now, SILENT)
    log.error("account.away", kind=kind.name)
    return rest(0, urgent=False).total_seconds()


async def _when_away(connection: Connection, kind: ChannelKind, pace: asyncpg.Record) -> float | None:
    now, since, asked_at = pace["now"], pace["away_since"], pace["asked_at"]
    # Calls of long ago say nothing about now: so long nobody asks only where there is nothing to ask with.
    if now - asked_at > WITHIN or await connection.fetchval(ANSWERED, kind.name, asked_at, WITHIN, since):
        await connection.execute(CLOSE, kind.name, SILENT)
        await wake(connection, kind, now)
        log.info("account.back", kind=kind.name, seconds=round((now - since).total_seconds()))
        return None
    urgent = await connection.fetchval(URGENT, kind.name, now, GOALS[LANES[Priority.URGENT]])
    left: float = (asked_at + rest(pace["asked"], urgent=urgent) - now).total_seconds()
    return max(0.0, left)
