# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Asks now and then whether a channel that could not be posted to is mended, and lets it go on by itself."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import asyncpg

from app.database import Pool
from app.domain.channel import BY_HAND, MOVED_TO
from app.outbox import resume
from app.telemetry import log
from workers.desk import Desk

EVERY = timedelta(minutes=1)
SELDOM = timedelta(days=1)
# A family that blocks the bot is asked after as long again as it was paused already; a channel is somebody's to mend.
# A place that moved onto another channel's may still answer as if it were well, and refuses the next post as it did.
PAUSED = """
update channel set checked_at = now()
 where id in (select id from channel c
               where paused_at is not null and not starts_with(paused_reason, $1) and retired_at is null
                 and kind = any($2) and paused_at < now() - $3::interval
                 and (checked_at is null
                      or checked_at < now() - case when address ~ '^[0-9]+$'
                           then least($4::interval, greatest($3, checked_at - paused_at)) else $3 end)
                 and not exists (select from channel other
                                  where other.kind = c.kind and other.address = substring(c.paused_reason from $5)
                                    and other.retired_at is null)
               order by checked_at nulls first for no key update skip locked limit 10)
returning id, slug, kind, address, paused_reason
"""


async def look_for_comebacks(pool: Pool, desks: Mapping[str, Desk]) -> None:
    """Check the channels that a platform paused once a minute, persons ever less often; one paused by hand stays so."""
    rows = await pool.fetch(PAUSED, BY_HAND, list(desks), EVERY, SELDOM, MOVED_TO)
    await asyncio.gather(*(_look(pool, desks[row["kind"]], row) for row in rows))


async def _look(pool: Pool, desk: Desk, row: asyncpg.Record) -> None:
    why = row["paused_reason"]
    if await _is_well(desk, row["address"], why) and await resume(pool, row["id"], reason=why):
        log.info("channel.resumed", channel=row["slug"])


async def _is_well(desk: Desk, address: str, why: str) -> bool:
    """Ask the kind, which knows for what reasons a channel refuses posts of which a check says that it is well."""
    if desk.may_go_on is not None:
        return await desk.may_go_on(address, why)
    return (await desk.inspect(address, None)).answer.verdict == "ok"
