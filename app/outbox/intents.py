# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Writes down what is about to be done, under a lease, before one byte leaves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import asyncpg

from app.database import Connection
from app.domain.delivery import Action, Intent
from app.domain.unheard import unheard
from app.outbox.owed import Owed
from app.outbox.stored import intent_text, posts_text

# The intent is in the same commit as the lease and the pace: whoever finds a lapsed lease knows what may have happened.
# So is what nobody would know of the posts then: whoever puts back what stood there before must know that it may not.
# The rows are locked before they are read: whoever amends or withdraws meanwhile comes after the lease, and is seen.
TAKE = """
with taken as (
  select * from unnest($1::bigint[], $2::text[], $3::text[], $4::int[], $5::int[], $8::int[], $9::text[],
                       $10::boolean[], $11::text[], $12::timestamptz[], $13::text[])
             as t (id, intent, action, part, revision, wanted, traceparent, erase, awaits, give_up_at, posts)
), claimed as (
  update delivery d
     set token = d.token + 1, attempts = d.attempts + 1, intent = t.intent::json, lease_until = $6::timestamptz,
         give_up_at = t.give_up_at, posts = coalesce(t.posts::json, d.posts),
         awaits = case when d.state = 'in_doubt' then d.awaits else t.awaits end
    from taken t where d.id = t.id and d.wanted is not distinct from t.wanted and d.erase = t.erase
  returning d.id, d.token
), kept as (
  insert into attempt (delivery_id, token, action, part, revision, started_at, traceparent)
  select c.id, c.token, t.action, t.part, t.revision, $7::timestamptz, t.traceparent
    from claimed c join taken t using (id)
)
select id, token from claimed
"""


@dataclass(frozen=True, slots=True)
class Planned:
    """One call to make, and the moment that the pace has for it."""

    owed: Owed
    intent: Intent
    slot: datetime


async def write_intents(
    connection: Connection, until: datetime, now: datetime, calls: Sequence[Planned]
) -> dict[int, int]:
    """Lease the deliveries for these calls until then; returns their tokens. Who changed meanwhile is left out."""
    # A probe leaves the doubted intent in place: should its worker die, the doubt is still the same doubt.
    kept = [replace(c.intent, action=Action.POST) if c.intent.action is Action.PROBE else c.intent for c in calls]
    rows: list[asyncpg.Record] = await connection.fetch(
        TAKE,
        [call.owed.id for call in calls],
        [intent_text(intent) for intent in kept],
        [call.intent.action.value for call in calls],
        [call.intent.number for call in calls],
        [call.intent.revision for call in calls],
        until,
        now,
        [call.owed.progress.wanted for call in calls],
        [_traced(call.owed) for call in calls],
        [call.owed.progress.erase for call in calls],
        [call.owed.awaits for call in calls],
        [call.owed.progress.give_up_at for call in calls],
        [_unheard(call) for call in calls],
    )
    return {row["id"]: row["token"] for row in rows}


def _unheard(call: Planned) -> str | None:
    before = call.owed.progress.posts
    posts = unheard(before, call.intent)
    return None if posts is before else posts_text(posts)


def _traced(work: Owed) -> str | None:
    return None if work.step is None else str(work.step)
