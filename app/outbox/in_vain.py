# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A doubt keeps its channel waiting until it has been asked about; where that fails and fails, its policy decides.

What stands between the first and the last item of an album is good to know, and nothing urgent waits for it.
"""

from datetime import datetime, timedelta

from uuid_utils.compat import uuid7

from app.database import Connection
from app.domain.delivery import Action, Intent, Settlement
from app.domain.known import unasked
from app.domain.lane import LANES
from app.domain.notice import Priority
from app.outbox.kind import ChannelKind
from app.outbox.owed import Owed

TRIES = 8
"""Questions that failed: one to two minutes of them."""
LATELY = timedelta(minutes=2)
WHY = "asking about it failed {} times while others were answered, and more waits behind it"
HURRIED = (
    "what stands between the first and the last item of its album was not asked for, since something urgent waited"
)
# Failures from before it was in doubt are none of a question: nobody may have asked yet.
FAILED = """
select count(*) from attempt
 where delivery_id = $1 and action = 'probe' and outcome in ('failed', 'doubted')
   and token > (select coalesce(max(token), 0) from attempt where delivery_id = $1 and action = 'post')
"""
WAITS = """
select exists (
  select from delivery
   where channel_id = $1 and id <> $2 and state = 'due' and not parked and awaits is null and lane <= $4
     and due_at <= $3 and ready_at <= $3)
"""
# While the platform is away nobody is answered, and the doubt waits until it is back.
# A check that was asked for while the last question was: where the platform answered the one and not the other it was
# there, also where no other channel is. Errors of a server or of a proxy to the question itself do not say so.
ANSWERED = """
select exists (
         select from attempt a join delivery d on d.id = a.delivery_id join channel c on c.id = d.channel_id
          where c.kind = $3 and c.id <> $1 and a.started_at > $4::timestamptz - $5::interval
            and a.outcome not in ('failed', 'doubted', 'crashed') and a.wire not in ('none', 'connected'))
    or exists (
         select from channel_check, (
           select started_at, finished_at from attempt where delivery_id = $2 order by token desc limit 1) last
          where kind = $3 and answer ->> 'verdict' <> 'unknown' and asked_at between started_at and finished_at)
"""
CHECK = "insert into channel_check (id, kind, address, ask, asked_at) values ($1, $2, $3, false, $4)"


async def or_end(
    connection: Connection, kind: ChannelKind, work: Owed, step: Intent | Settlement, now: datetime
) -> Intent | Settlement:
    """Give the step, or the end of a doubt that is asked about in vain; a check beside it tells whether it is."""
    if not isinstance(step, Intent) or step.action is not Action.PROBE:
        return step
    behind = (work.channel_id, work.id, now)
    if step.between and await connection.fetchval(WAITS, *behind, LANES[Priority.URGENT]):
        return unasked(work.progress, step, HURRIED, now)
    if work.progress.failures < TRIES:
        return step
    tries = await connection.fetchval(FAILED, work.id)
    if tries < TRIES or not await connection.fetchval(WAITS, *behind, LANES[Priority.BULK]):
        return step
    if await connection.fetchval(ANSWERED, work.channel_id, work.id, kind.name, now, LATELY):
        return unasked(work.progress, step, WHY.format(tries), now)
    await connection.execute(CHECK, uuid7(), kind.name, work.address, now)
    return step
