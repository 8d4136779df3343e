# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Finds what nobody recorded: lapsed leases become doubts, lapsed times become ends. Any worker may, at any moment."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from app.database import HELD_UP, Pool, is_away
from app.domain.backoff import DOUBT_RESTS
from app.domain.step import LATE, MAY_STAND
from app.grants import API

# Whoever holds a channel, or stands still with it, keeps back what has lapsed there and nothing else.
# A doubt keeps its intent, also that of a correction which a platform works on: nothing else knows of that then.
# edits: it may land yet, and must not come after a later change of the same post.
# over: found by their time alone, or Postgres, where many have had a lease lately, would go through all deliveries.
# Right after a start of Postgres nothing has lapsed: whoever has an answer that could not be written down comes first.
LAPSED = """
with over as materialized (
  select id from delivery
   where lease_until < now() and pg_postmaster_start_time() < clock_timestamp() - interval '3 seconds'
   order by lease_until limit 5000
), lapsed as materialized (
  select held.* from (select id from over order by id) over cross join lateral (
    select d.id, d.intent ->> 'action' = 'edit' as edits,
           case when c.kind = any($2::text[]) then interval '0' else $1::interval end as rest
      from delivery d join channel c on c.id = d.channel_id
     where d.id = over.id and (d.lease_until < now()) is true for no key update of d, c skip locked) held
   limit 500
), moved as (
  update delivery d
     set state = case when d.intent ->> 'action' = 'post' then 'in_doubt' else d.state end,
         intent = case when d.intent ->> 'action' = 'post' or d.state = 'in_doubt' then d.intent end,
         token = d.token + 1, lease_until = null, crashes = d.crashes + 1, due_at = now() + rest,
         last_error = 'the worker ended before it could record an outcome'
    from lapsed where d.id = lapsed.id
  returning d.id, d.channel_id, d.token, lapsed.edits, rest
), tried as (
  update attempt a set finished_at = now(), outcome = 'crashed', error = 'no outcome was recorded'
    from moved where a.delivery_id = moved.id and a.token = moved.token - 1 and a.outcome is null
), freed as (
  update channel c
     set turn_until = null, free_at = case when edits then greatest(c.free_at, now() + rest) else c.free_at end
    from moved where c.id = moved.channel_id
)
select from moved
"""
# Not all was sent yet and its time is over: it ends here, so that it is seen even where the channel is never free.
# What stands of a notice that was corrected since may not say so yet: a claim corrects it first, and ends it then;
# where a person has to approve the correction, not before that.
EXPIRED = f"""
with over as (
  select id from delivery
   where state = 'due' and expires_at <= now() and lease_until is null and wanted is not null and shown is null
     and (wanted = 1 or posts::text = '[]')
   order by id for update skip locked limit 500
)
update delivery d
   set state = 'expired', parked = false, awaits = null, settled_at = now(),
       last_error = case when d.posts::text <> '[]' then 'its time was over before all of it could be posted'
                         when d.doubted then '{LATE}{MAY_STAND}' else '{LATE}' end
  from over where d.id = over.id
"""  # noqa: S608 - ours
# The day that it waited for has begun. In its order, channel by channel, so that no later one goes before it: what
# stands behind one that somebody holds sleeps on until that one wakes, too.
# Locked one by one, by their ids: Postgres, where it knows of none, would go through all of them for each.
ASLEEP = """
state = 'due' and not parked and lease_until is null and failures = 0 and awaits = 'tomorrow' and due_at <= now()
"""
MORNING = f"""
with asleep as materialized (
  select id, channel_id, rank from delivery where {ASLEEP} order by due_at, channel_id, rank, id limit 5000
), awake as materialized (
  select asleep.* from asleep cross join lateral (
    select from delivery where id = asleep.id and ({ASLEEP}) is true for no key update skip locked) held
), missed as materialized (
  select distinct on (channel_id) channel_id, rank, id from asleep where id not in (select id from awake)
   order by channel_id, rank, id
)
update delivery d set awaits = null, last_error = null
  from awake left join missed using (channel_id)
 where d.id = awake.id and (missed.id is null or (awake.rank, awake.id) < (missed.rank, missed.id))
"""  # noqa: S608 - ours
# Made due in the very moment in which its channel was resumed: the resume did not see it, nor it the resume.
FORGOTTEN = """
with forgotten as (
  select d.id from delivery d
   where ((d.state in ('due', 'in_doubt') and d.parked) or d.state in ('held', 'dead'))
     and d.state in ('due', 'in_doubt') and exists (select from channel where id = d.channel_id and paused_at is null)
   order by d.id for no key update of d skip locked limit 500
)
update delivery d set parked = false from forgotten where d.id = forgotten.id
"""
STRAY = """
with stray as (
  select id from channel
   where turn_until < now() and not exists (
     select from delivery where channel_id = channel.id and lease_until is not null)
   order by id for no key update skip locked
)
update channel c set turn_until = null from stray where c.id = stray.id
"""
# Accepted in the very moment in which its channel was retired, or left over from it: nothing is owed there any more.
RETIRED = """
with retired as (
  select id from channel where retired_at is not null
), over as (
  select id from delivery
   where lease_until is null
     and id in (select d.id from retired join delivery d on d.channel_id = retired.id
                 where d.state in ('due', 'in_doubt') and not d.parked
                union all
                select d.id from retired join delivery d on d.channel_id = retired.id
                 where ((d.state in ('due', 'in_doubt') and d.parked) or d.state in ('held', 'dead'))
                   and d.state <> 'dead')
   order by id for no key update skip locked limit 500
)
update delivery d
   set state = 'withdrawn', parked = false, token = token + 1, intent = null, settled_at = now(),
       last_error = 'the channel was retired'
  from over where d.id = over.id
"""
# A process that stands still between preparing a statement and running it is "active" to Postgres, whose own limits for
# statements and for idle transactions both do not count then: what it has locked, the pace too, it would hold for ever.
# An API's, too, where Postgres lets a worker see and end it (deploy/container/database.sql).
FROZEN = """
select count(*) filter (where pg_terminate_backend(pid)) from pg_stat_activity
 where datname = current_database() and application_name = 'campanella'
   and (usename = current_user or usename = $2 and pg_has_role(current_user, 'pg_signal_backend', 'usage'))
   and state = 'active' and wait_event = 'ClientRead' and xact_start < clock_timestamp() - $1::interval
"""
STANDS_STILL = timedelta(seconds=15)
"""As long as Postgres gives an idle transaction (app.database)."""


@dataclass(frozen=True, slots=True)
class Swept:
    """How many deliveries each part moved; `failed`: why a part could not be done, though the others were."""

    lapsed: int
    expired: int
    retired: int
    failed: Exception | None = None


async def sweep(pool: Pool, landed: Collection[str] = ()) -> Swept:
    """Turn lapsed leases into doubts, end what is overdue or owed to a retired channel, find what a resume missed.

    `landed`: the kinds of channels whose calls are over for so long before their lease is that a doubt need not rest.
    """
    counts, failed = [], None
    for part, arguments in (
        (LAPSED, (DOUBT_RESTS, list(landed))),
        *((each, ()) for each in (EXPIRED, RETIRED, MORNING, FORGOTTEN, STRAY)),
    ):
        try:
            counts.append(int((await pool.execute(part, *arguments)).split()[-1]))
        except Exception as error:
            if is_away(error) and not isinstance(error, HELD_UP):
                raise
            counts.append(0)
            failed = failed or error
    lapsed, expired, retired, *_ = counts
    return Swept(lapsed, expired, retired, failed)


async def end_frozen(pool: Pool, after: timedelta = STANDS_STILL) -> int:
    """End the transactions of processes of ours that stand still in the middle of one; gives how many."""
    ended: int = await pool.fetchval(FROZEN, after, API)
    return ended
