# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Which deliveries may go out now, most urgent first, found without going through all that waits."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.database import Connection

NEAR = 256
"""Deliveries at the head of all lanes that are looked at first."""
SPARE = 32
"""More than are asked for: somebody else may hold some."""
FAIR = timedelta(milliseconds=200)
"""Of each second: for so long whoever was sent to least lately goes first, where something is late."""
# A doubt is asked about as soon as any call may go: nothing is posted to its channel before, also nothing urgent.
FREE = """
c.kind = $1 and c.paused_at is null and c.retired_at is null and c.turn_until is null and c.free_at <= $3
and (c.others_free_at <= $3 or d.lane = 0 or d.state = 'in_doubt')
"""
# A doubt is asked about although its notice was put off meanwhile: until then it would keep its whole channel waiting.
READY = "d.due_at <= $3 and (d.ready_at <= $3 or d.state = 'in_doubt' and c.can_ask)"
WAITING = f"d.state in ('due', 'in_doubt') and not d.parked and {READY}"
# Asked of what is known by its id. Of a table that was never analyzed, or when nothing was open, Postgres thinks that
# hardly any row is like that: it would rather go through all of an index of such rows for each that was found.
STILL = f"({FREE} and {WAITING}) is true"
# What waits for a person keeps nobody waiting; what is shown meanwhile without that text does, also while it rests
# after a try that failed.
GOES = "(d.awaits is null or c.interim and (d.due_at <= $3 or d.failures > 0 or d.state = 'in_doubt'))"
GOES_BEFORE = GOES.replace("d.", "e.")
# Nothing is posted to a channel that is still to be asked: a probe takes what stands behind the last known post for its
# own, and where that is another notice of ours it would be written over. Even an urgent one waits these seconds.
# Asked for the one in front and not whether there is any: for that Postgres, where it knows of many, would rather go
# through the table or another index until it meets one, and may have to pass all that is delivered.
FIRST = f"""
(d.state = 'in_doubt' or (
   select e.id from delivery e
    where e.channel_id = d.channel_id and e.state in ('due', 'in_doubt') and not e.parked
      and e.ready_at <= $3 and ($4 or e.due_at <= $3) and {GOES_BEFORE}
      and (e.rank, e.id) < (d.rank, d.id)
    order by e.rank, e.id limit 1) is null)
and (d.state = 'in_doubt' or not c.can_ask or d.channel_id not in (
   select channel_id from delivery where state = 'in_doubt' and not parked))
"""  # noqa: S608 - ours
# What keeps those behind it waiting, as above.
BLOCKS = f"d.ready_at <= $3 and ($4 or d.due_at <= $3) and {GOES}"
# What is late goes before what is not, so where one source has handed in more than goes out in its time, all others
# would wait until that is gone: their channels get a part of each second.
FAIRLY = "(select wanted from fair)"
MORE = f"({FAIRLY} or (select count(*) from head) = {NEAR} and (select count(*) from near) < $2)"  # noqa: S608 - ours
LATELY = f"""
case when {FAIRLY} then d.lane end as lane, case when {FAIRLY} then c.sent[cardinality(c.sent)] end as served"""
# head, near: usually what is most urgent belongs to a channel that is free. far: where the head of the lanes waits for
# channels that rest, each that is free is asked for its first; else a claim would take the longer the more is waiting.
# Of each, only the first that may go or keeps others waiting counts: whatever stands behind one that is put off is not
# even looked at, however much it is. Only what is in doubt goes out of turn; those are few, and have their own index.
# The lateral joins go through their rows in order, and stop when there are enough: `offset 0` keeps them from being
# turned into others.
DUE = f"""
with head as materialized (
  select id, channel_id, lane, rank, state, parked, due_at, ready_at from delivery
   where state in ('due', 'in_doubt') and not parked and lease_until is null
   order by rank, id limit {NEAR}
), fair as materialized (
  select $6::boolean and exists (select from head where lane > 0 and rank <= $3) as wanted
), near as materialized (
  select d.id, d.rank, null::smallint as lane, null::timestamptz as served
    from head d cross join lateral (select * from channel where id = d.channel_id offset 0) c
   where not {FAIRLY} and {FREE} and {WAITING} and {FIRST}
   limit $2 + {SPARE}
), doubts as materialized (
  select id, channel_id, lane, rank, state, parked, due_at, ready_at
    from delivery where state = 'in_doubt' and not parked
), far as materialized (
  select distinct on (channel_id) id, rank, lane, served from (
    select d.channel_id, d.id, d.rank, {LATELY} from channel c cross join lateral (
      select * from delivery d
       where d.channel_id = c.id and d.state in ('due', 'in_doubt') and not d.parked and ({BLOCKS} or {READY})
       order by d.rank, d.id limit 1) d
     where {FREE} and {WAITING} and {MORE}
       and (d.state = 'in_doubt' or not c.can_ask or c.id not in (select channel_id from doubts))
    union all
    select d.channel_id, d.id, d.rank, {LATELY}
      from doubts d cross join lateral (select * from channel where id = d.channel_id offset 0) c
     where {FREE} and {WAITING} and {MORE}) one
   order by channel_id, rank, id
), found as materialized (
  select id, rank, lane, served from near union select id, rank, lane, served from far
   order by lane, served nulls first, rank, id limit $2 + {SPARE}
)
select held.id
  from found cross join lateral (
    select d.id from delivery d join channel c on c.id = d.channel_id
     where d.id = found.id and d.lane <= $5 and {STILL}
       for no key update of c, d skip locked) held
 limit $2
"""  # noqa: S608 - every part is ours
NEXT = """
select min(t.free) from channel c cross join lateral (values (c.free_at), (c.others_free_at)) as t (free)
 where c.kind = $1 and t.free > $2::timestamptz and t.free < $2::timestamptz + interval '1.5 seconds'
   and c.paused_at is null and c.turn_until is null
   and (select d.id from delivery d
         where d.channel_id = c.id and d.state in ('due', 'in_doubt') and not d.parked
           and d.due_at <= $2::timestamptz + interval '1.5 seconds'
         order by d.rank, d.id limit 1) is not null
"""


async def due(
    connection: Connection, kind: str, most: int, now: datetime, lanes: int, *, in_order: bool
) -> Sequence[int]:
    """Lock and name at most so many deliveries that may go out, and their channels; what others hold is passed over.

    `lanes`: the last one that may go.
    """
    fairly = timedelta(microseconds=now.microsecond) < FAIR
    return [row["id"] for row in await connection.fetch(DUE, kind, most, now, in_order, lanes, fairly)]


async def seconds_to_next(connection: Connection, kind: str, now: datetime) -> float | None:
    """Say in how many seconds a channel with work has rested; None where none has within a second or so."""
    moment: datetime | None = await connection.fetchval(NEXT, kind, now)
    return None if moment is None else (moment - now).total_seconds()
