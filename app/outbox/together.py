# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Deliveries of one channel that go out in one post: begun in one transaction, and let go in one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from app.database import Connection
from app.domain.delivery import Intent
from app.outbox.allowed import is_news
from app.outbox.kind import ChannelKind
from app.outbox.owed import Owed
from app.outbox.step import step_of
from app.outbox.stored import intent_text
from app.outbox.works import works_of

# Whoever holds rows of both has the channels first (app.outbox.record).
PLACES = """
select from channel where id in (select channel_id from delivery where id = any($1::bigint[])) order by id
   for no key update
"""
FREE = """
select id from delivery
 where id = any($1::bigint[]) and state = 'due' and lease_until is null and not parked and ready_at <= now()
   and wanted is not null
 order by id for no key update
"""
BEGUN = """
update delivery d
   set state = 'in_doubt', intent = t.intent::json, awaits = t.awaits, token = d.token + 1,
       due_at = now() + interval '1 second', last_error = 'it goes out in one post with others'
  from unnest($1::bigint[], $2::text[], $3::text[]) as t (id, intent, awaits) where d.id = t.id
"""
TOLD = "update channel set told = told + $2 where id = $1"
LET_GO = """
with back as (
  update delivery set state = 'due', intent = null, due_at = now(), token = token + 1
   where id = any($1::bigint[]) and state = 'in_doubt' and lease_until is null and intent ->> 'key' = any($2::text[])
  returning channel_id, attempts
)
update channel c set told = greatest(0, c.told - untold.news)
  from (select channel_id, count(*) filter (where attempts = 0) as news from back group by channel_id) as untold
 where c.id = untold.channel_id
"""


async def steps_of(
    connection: Connection, kind: ChannelKind, ids: Sequence[int], now: datetime
) -> list[tuple[Owed, Intent]]:
    """Lock deliveries that nobody has begun, and give the step of each that has one to take, in the order of ids."""
    await connection.execute(PLACES, list(ids))
    free = {row["id"] for row in await connection.fetch(FREE, list(ids))}
    works = await works_of(connection, [number for number in ids if number in free])
    found: list[tuple[Owed, Intent]] = []
    for work in works:  # each that is news counts against what the channel may be told today
        news = sum(is_news(*each) for each in found)
        told = (work.told if work.told_on == kind.cap.day(now) else 0) + news
        counted, step = step_of(replace(work, told_on=kind.cap.day(now), told=told), kind, now)
        if isinstance(step, Intent) and step.key is not None:
            found.append((counted, step))
    return found


async def begin(connection: Connection, steps: Sequence[tuple[Owed, Intent]]) -> None:
    """Write their intents down, before one byte leaves: from now on each is in doubt until it is told of."""
    news = sum(is_news(work, intent) for work, intent in steps)
    if news:
        await connection.execute(TOLD, steps[0][0].channel_id, news)
    texts, waits = [intent_text(intent) for _, intent in steps], [work.awaits for work, _ in steps]
    await connection.execute(BEGUN, [work.id for work, _ in steps], texts, waits)


async def leave(connection: Connection, ids: Sequence[int], keys: Sequence[str]) -> None:
    """Take the intents with these keys back, of which certainly nothing was sent."""
    await connection.execute(PLACES, list(ids))
    await connection.execute(LET_GO, list(ids), list(keys))
