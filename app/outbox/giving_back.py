# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Returns what was claimed and not sent."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg

from app.database import Pool
from app.domain.outcome import Postponed
from app.domain.pace import interval, rests_until
from app.outbox.kind import ChannelKind
from app.outbox.stored import posts_text
from app.outbox.turn import Claimed

# The channel first, as everybody does who holds both (app.outbox.record).
PLACE = "select address, sent, free_at, clock_timestamp() as now from channel where id = $1 for no key update"
GIVE_BACK = """
with back as (
  update delivery set token = token + 1, attempts = attempts - 1, lease_until = null,
                      intent = case when state = 'in_doubt' then intent end, posts = $6::json,
                      due_at = case when $7::interval > '0' then now() + $7 else due_at end,
                      last_error = coalesce($8, last_error)
   where id = $1 and token = $2 and lease_until is not null
  returning id, channel_id, token, attempts = 0 and state = 'due' as news
), gone as (
  delete from attempt a using back where a.delivery_id = back.id and a.token = back.token - 1
)
update channel c
   set turn_until = null, told = greatest(0, c.told - back.news::int), sent = $3, free_at = $4, others_free_at = $5
  from back where c.id = back.channel_id
"""


async def give_back(pool: Pool, kind: ChannelKind, call: Claimed, later: Postponed | None = None) -> None:
    """Return a call that was not made, as if it had never been claimed; `later`: when and why it is claimed again."""
    wait = timedelta(seconds=0 if later is None else later.seconds)
    why = None if later is None else later.reason
    async with pool.acquire() as connection, connection.transaction():
        place = await connection.fetchrow(PLACE, call.owed.channel_id)
        if place is not None:
            before = posts_text(call.owed.progress.posts)
            await connection.execute(
                GIVE_BACK, call.owed.id, call.token, *_without(place, kind, call), before, wait, why
            )


def _without(place: asyncpg.Record, kind: ChannelKind, call: Claimed) -> tuple[Sequence[datetime], datetime, datetime]:
    """Give the sends of a channel without those of a call, and until when it then rests and has only what is urgent."""
    now, sent, is_group = place["now"], sorted(place["sent"]), kind.is_group(place["address"])
    limits, left = kind.limits.slower(call.owed.slowdown), [at for at in sent if at != call.moment]
    rests, _ = rests_until(sent, limits, now, is_group=is_group)
    rests = max(rests, call.moment + interval(limits.channel_per_second) * (len(sent) - len(left)))  # of an album
    free, others = rests_until(left, limits, now, is_group=is_group)
    longer = place["free_at"] > rests  # somebody has made it rest meanwhile
    return left, place["free_at"] if longer else free, others
