# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A doubt keeps its channel waiting until it has been asked about; where that fails and fails, its policy decides."""

from datetime import datetime, timedelta

from app.database import Connection
from app.domain.delivery import Action, Intent, Settlement, by_policy
from app.outbox.kind import ChannelKind
from app.outbox.owed import Owed

TRIES = 8
"""Questions that failed: one to two minutes of them."""
LATELY = timedelta(minutes=2)
WHY = "asking about it failed {} times while others were answered, and more waits behind it"
# While the platform is away nobody is answered, and the doubt waits until it is back.
IN_VAIN = """
select exists (
         select from delivery
          where channel_id = $1 and id <> $2 and state = 'due' and not parked and awaits is null
            and due_at <= $3 and ready_at <= $3)
   and exists (
         select from attempt a join delivery d on d.id = a.delivery_id join channel c on c.id = d.channel_id
          where c.kind = $4 and c.id <> $1 and a.started_at > $3::timestamptz - $5::interval
            and a.outcome not in ('failed', 'doubted', 'crashed') and a.wire not in ('none', 'connected'))
"""


async def or_end(
    connection: Connection, kind: ChannelKind, work: Owed, step: Intent | Settlement, now: datetime
) -> Intent | Settlement:
    """Give the step, or the end of a doubt that is asked about in vain."""
    tries = work.progress.failures
    if not isinstance(step, Intent) or step.action is not Action.PROBE or tries < TRIES:
        return step
    vain = await connection.fetchval(IN_VAIN, work.channel_id, work.id, now, kind.name, LATELY)
    return by_policy(work.progress, WHY.format(tries), now) if vain else step
