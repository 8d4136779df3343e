# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Which deliveries may go out now, most urgent first, found without going through all that waits."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.database import Connection
from app.domain.lane import GOALS

NEAR = 256
"""Deliveries at the head of all lanes that are looked at first."""
SPARE = 32
"""More than are asked for: somebody else may hold some."""
FAIR = timedelta(milliseconds=200)
"""Of each second: for so long sources take turns, where something is late."""
PROMPT = timedelta(seconds=1)
"""What is urgent is late after that: its goal is only so early that it goes before all else."""
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
LATE = f"rank <= $3 and (lane > 0 or rank <= $3 - interval '{(PROMPT - GOALS[0]).total_seconds():.0f} seconds')"
# What waits for a person, or for tomorrow, is looked for only once its time has come (WOKEN): claims would go through
# all of it, which may be more than all else. Written as the indexes have it (app.tables.publishing).
AWAKE = "(d.awaits is null or d.failures > 0 or d.state = 'in_doubt')"
AWAKE_BEFORE = AWAKE.replace("d.", "e.")
# So is what is not ready yet: a rank is at the most so long after that.
SOON = f"$3::timestamptz + interval '{max(GOALS.values()).total_seconds():.0f} seconds'"
# Of what is awake only this waits for a person: it has begun to be shown without that text, and keeps others waiting,
# also while it rests after a try that failed. What is asleep keeps nobody waiting.
GOES = "(d.awaits is null or c.interim)"
GOES_BEFORE = GOES.replace("d.", "e.")
# Each is looked at again, or is shown meanwhile without the text that waits; what waited for tomorrow is awake when the
# day begins (app.outbox.sweep). Those whose time has come are few, and have their own index.
WOKEN = """
select id, channel_id, notice_id, lane, rank, state, parked, due_at, ready_at from delivery
 where state = 'due' and not parked and lease_until is null and failures = 0
   and awaits is not null and awaits <> 'tomorrow' and due_at <= $3
"""
# Said so that Postgres takes the index of what is in doubt, and not that of all that is open.
IN_DOUBT = "state = 'in_doubt' and (not parked) is true"
# What keeps another waiting in its channel.
AHEAD = f"""
{AWAKE_BEFORE} and e.ready_at <= $3 and ($4 or e.due_at <= $3) and {GOES_BEFORE}
and (e.rank, e.id) < (d.rank, d.id)
"""
# Accepted, or made due, beside the resume of its channel: what that did not see stays parked until the sweep finds it
# (FORGOTTEN), and keeps those behind it waiting until then. A channel that may be posted to has hardly ever such a one,
# and what is parked has an index of its own, so that nobody goes through what waits in channels that are paused.
NONE_FORGOTTEN = f"""
(d.state = 'in_doubt' or (
   select e.id from delivery e
    where e.channel_id = d.channel_id and e.state in ('due', 'in_doubt') and e.parked
      and {AHEAD}
    order by e.rank, e.id limit 1) is null)
"""  # noqa: S608 - ours
# Nothing is posted to a channel that is still to be asked: a probe takes what stands behind the last known post for its
# own, and where that is another notice of ours it would be written over. Even an urgent one waits these seconds.
# Asked for the one in front and not whether there is any: for that Postgres, where it knows of many, would rather go
# through the table or another index until it meets one, and may have to pass all that is delivered.
FIRST = f"""
(d.state = 'in_doubt' or (
   select e.id from delivery e
    where e.channel_id = d.channel_id and e.state in ('due', 'in_doubt') and not e.parked
      and {AHEAD}
    order by e.rank, e.id limit 1) is null)
and {NONE_FORGOTTEN}
and (not c.interim or d.state = 'in_doubt' or not exists (
   select from woken e where e.channel_id = d.channel_id and e.ready_at <= $3 and (d.rank, d.id) > (e.rank, e.id)))
and (d.state = 'in_doubt' or not c.can_ask or d.channel_id not in (
   select channel_id from delivery where {IN_DOUBT}))
"""  # noqa: S608 - ours
# What keeps those behind it waiting, as above.
BLOCKS = f"d.ready_at <= $3 and ($4 or d.due_at <= $3) and {GOES}"
# What is late goes before what is not, so where one source has handed in more than goes out in its time, all others
# would wait until that is gone: they get a part of each second. There sources take turns, however many channels each
# has, and of a source the channel that was sent to least lately.
FAIRLY = "(select wanted from fair)"
MORE = f"({FAIRLY} or (select count(*) from head) = {NEAR} and (select count(*) from near) < $2)"  # noqa: S608 - ours
LATELY = f"""
case when {FAIRLY} then d.lane end as lane, case when {FAIRLY} then c.sent[cardinality(c.sent)] end as served"""
# Asked in the order of ids, which only the key has: planned while the table was small, the one with this id would be
# looked for in an index of (created_at, id), all of it, for each channel.
SOURCE = "(select source from notice where id between far.notice_id and far.notice_id order by id limit 1) as source"
# By lot which source begins: who was sent to last is not known of what rests by now, or of what has nothing left.
TURN = """
row_number() over (partition by lane, source order by served nulls first, rank, id) as turn,
hashtextextended(source, (extract(epoch from $3::timestamptz) * 1000000)::bigint) as lot"""
# head, near: usually what is most urgent belongs to a channel that is free. far: where the head of the lanes waits for
# channels that rest, each that is free is asked for its first; else a claim would take the longer the more is waiting.
# Of each, only the first that may go or keeps others waiting counts: whatever stands behind one that is put off is not
# even looked at, however much it is. Only what is in doubt goes out of turn; those are few, and have their own index.
# The lateral joins go through their rows in order, and stop when there are enough: `offset 0` keeps them from being
# turned into others.
DUE = f"""
with woken as materialized ({WOKEN}), head as materialized (
  select id, channel_id, notice_id, lane, rank, state, parked, due_at, ready_at from delivery d
   where state in ('due', 'in_doubt') and not parked and lease_until is null and {AWAKE} and rank <= {SOON}
   order by rank, id limit {NEAR}
), doubts as materialized (
  select id, channel_id, notice_id, lane, rank, state, parked, due_at, ready_at
    from delivery where {IN_DOUBT}
), fair as materialized (
  select $6::boolean and exists (select from head where {LATE}) as wanted
), near as materialized (
  select d.id, d.rank, null::smallint as lane, null::timestamptz as served
    from (select * from head union all select * from woken union all select * from doubts where rank > {SOON}
           order by rank, id) d
   cross join lateral (select * from channel where id = d.channel_id offset 0) c
   where not {FAIRLY} and {FREE} and {WAITING} and {FIRST}
   limit $2 + {SPARE}
), far as materialized (
  select distinct on (channel_id) id, notice_id, rank, lane, served from (
    select d.channel_id, d.id, d.notice_id, d.rank, {LATELY} from channel c cross join lateral (
      select * from delivery d
       where d.channel_id = c.id and d.state in ('due', 'in_doubt') and not d.parked and {AWAKE} and d.rank <= {SOON}
         and ({BLOCKS} or {READY})
       order by d.rank, d.id limit 1) d
     where {FREE} and {WAITING} and {MORE} and {NONE_FORGOTTEN}
       and (d.state = 'in_doubt' or not c.can_ask or c.id not in (select channel_id from doubts))
    union all
    select d.channel_id, d.id, d.notice_id, d.rank, {LATELY}
      from doubts d cross join lateral (select * from channel where id = d.channel_id offset 0) c
     where {FREE} and {WAITING} and {MORE}
    union all
    select d.channel_id, d.id, d.notice_id, d.rank, {LATELY}
      from woken d cross join lateral (select * from channel where id = d.channel_id offset 0) c
     where {FREE} and {WAITING} and {MORE} and {FIRST}) one
   order by channel_id, rank, id
), found as materialized (
  select id, rank, lane, null::bigint as turn, null::bigint as lot, served from near
   union select id, rank, lane, null, null, served from far where not {FAIRLY}
   union all select id, rank, lane, {TURN}, served from (select far.*, {SOURCE} from far where {FAIRLY}) one
   order by lane, turn, lot, served nulls first, rank, id limit $2 + {SPARE}
)
select held.id
  from found cross join lateral (
    select d.id from delivery d join channel c on c.id = d.channel_id
     where d.id = found.id and d.lane <= $5 and {STILL}
       for no key update of c, d skip locked) held
 limit $2
"""  # noqa: S608 - every part is ours
SOON_AFTER = SOON.replace("$3", "$2")
WOKEN_BY_THEN = WOKEN.replace("$3", "$2::timestamptz + interval '1.5 seconds'")
# RESTS says of the channel alone what is asked of `t` anyway: what is owed is looked for in those that it leaves.
RESTS = " or ".join(
    f"c.{each} > $2::timestamptz and c.{each} < $2::timestamptz + interval '1.5 seconds'"
    for each in ("free_at", "others_free_at")
)
NEXT = f"""
select min(t.free) from channel c cross join lateral (values (c.free_at), (c.others_free_at)) as t (free)
 where c.kind = $1 and t.free > $2::timestamptz and t.free < $2::timestamptz + interval '1.5 seconds'
   and c.paused_at is null and c.turn_until is null and ({RESTS})
   and ((select d.id from delivery d
          where d.channel_id = c.id and d.state in ('due', 'in_doubt') and not d.parked and {AWAKE}
            and d.rank <= {SOON_AFTER} and d.due_at <= $2::timestamptz + interval '1.5 seconds'
          order by d.rank, d.id limit 1) is not null
        or c.id in (select channel_id from ({WOKEN_BY_THEN}) woken))
"""  # noqa: S608 - every part is ours


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
