# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Notices become rows, with all they owe: any number of them in one statement, so that all are stored or none is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self
from uuid import UUID

import asyncpg

from app.alike import one_at_a_time
from app.confirmed import is_confirmed
from app.database import Connection, Pool
from app.domain.backoff import GIVE_UP, MEDIA_AHEAD, MEDIA_PATIENCE
from app.domain.channel import reached
from app.domain.lane import GOALS, LANES
from app.domain.likeness import digest_of, likeness
from app.domain.notice import Notice
from app.fallen import FALLEN
from app.reply import Reply, current_reply
from app.routing import Snapshot
from app.trace import Trace, current

AHEAD = int(MEDIA_AHEAD.total_seconds())
# What is alike was stored a moment ago by an earlier statement, or stands before it in the list and is new itself.
# Always in the order of their natural keys: two who store the same notices at once never wait for each other.
ACCEPT = f"""
with given as (
  select given.*, {FALLEN} as fallen from unnest(
    $1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::timestamptz[], $12::timestamptz[], $13::int[], $14::bytea[], $15::text[], $16::smallint[],
    $17::interval[], $18::interval[], $19::interval[], $20::text[], $21::text[],
    $22::uuid[], $23::text[]
  ) as given (
    id, source, event_source, event_id, service, kind, priority, content, event, policy, publish_at, expires_at, owed,
    digest, by, lane, goal, patience, give_up, traceparent, tracestate, reply_to,
    correlation
  ) cross join lateral (select given.by) as caller (by)
), looked as (
  select l.*, given.source, given.event_source, given.event_id, given.fallen, (
           select n.id from notice n
            where n.source = given.source and n.likeness = l.likeness and not l.confirmed
              and n.created_at > now() - interval '10 minutes' and n.withdrawn_at is null
              and (n.event_source, n.event_id) <> (given.event_source, given.event_id)
            order by n.created_at desc limit 1) as earlier
    from unnest($30::uuid[], $31::bytea[], $32::boolean[]) with ordinality as l (id, likeness, confirmed, place)
    join given using (id)
), alike as (
  select l.id, l.likeness, coalesce(l.earlier, (
           select f.id from looked f
            where f.source = l.source and f.likeness = l.likeness and f.place < l.place and not l.confirmed
              and f.earlier is null and not f.fallen and (f.event_source, f.event_id) <> (l.event_source, l.event_id)
              and not exists (select from notice n where (n.source, n.event_source, n.event_id)
                                                       = (f.source, f.event_source, f.event_id))
            order by f.place limit 1)) as twin
    from looked l
), added as (
  insert into notice (id, source, event_source, event_id, service, kind, priority, content, event, policy, publish_at,
                      expires_at, owed, traceparent, tracestate, reply_to, correlation, broadcast, likeness)
  select id, source, event_source, event_id, service, kind, priority, content::json, event::json, policy, publish_at,
         expires_at, owed, traceparent, tracestate, reply_to, correlation, id = any($29::uuid[]),
         (select likeness from alike where alike.id = given.id)
    from given
   where (select epoch from routing) = $24 and not fallen
     and not exists (select from alike where alike.id = given.id and twin is not null)
   order by source, event_source, event_id
  on conflict (source, event_source, event_id) do nothing
  returning id, created_at, greatest(publish_at, created_at) as ready_at, broadcast
), first as (
  insert into revision (notice_id, number, content, digest, created_by)
  select id, 1, content::json, digest, by from added join given using (id)
), fetched as (
  insert into media (notice_id, href, due_at)
  select id, href, greatest(now(), ready_at - interval '{AHEAD} seconds')
    from unnest($25::uuid[], $26::text[]) as attached (id, href) join added using (id) join given using (id)
), owed as (
  insert into delivery (notice_id, channel_id, lane, ready_at, due_at, rank, give_up_at, expires_at,
                        state, parked, wanted)
  select added.id, channel.id, lane, ready_at, ready_at + patience, ready_at + goal, ready_at + give_up, expires_at,
         'due', channel.paused_at is not null, 1
    from unnest($27::uuid[], $28::uuid[]) with ordinality as owes (notice, channel, place)
    join added on added.id = owes.notice join given using (id) join channel on channel.id = owes.channel
   order by owes.place  -- all have one moment, so their numbers are what says which was given first
)
select given.id, given.owed, added.created_at, added.broadcast, (select epoch from routing) as epoch, alike.twin,
       given.fallen
  from given left join added using (id) left join alike using (id)
"""  # noqa: S608 - ours
EARLIER = """
select given.place, notice.id, notice.created_at, notice.owed, exists (
         select from revision where notice_id = notice.id and revision.digest = given.digest
       ) as same
  from unnest($1::text[], $2::text[], $3::text[], $4::bytea[]) with ordinality
       as given (source, event_source, event_id, digest, place)
  join notice using (source, event_source, event_id)
"""
Store = Pool | Connection


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a notice comes from: the source and its key, and which of the source's event sources ("": its first one).

    `event` holds the attributes of the CloudEvent that brought it, as JSON; None for a plain notice. `trace` is the one
    that the event names; without it the notice belongs to that of the request.
    """

    source: str
    by: str
    event_source: str = ""
    event: str | None = None
    trace: Trace | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """A notice that is to be stored: its number-to-be, its content as JSON, and what tells that from any other.

    `trace` and `reply` are those of its request, taken where the wish is made: another's task may store it.
    `confirmed`: it is meant, however much it is like another.
    """

    id: UUID
    notice: Notice
    origin: Origin
    content: str
    digest: bytes
    trace: Trace | None
    reply: Reply
    confirmed: bool = False

    @classmethod
    def of(cls, number: UUID, notice: Notice, origin: Origin) -> Self:
        belongs = (origin.trace or current(), current_reply())
        content = notice.model_dump_json()
        return cls(number, notice, origin, content, digest_of(content), *belongs, is_confirmed())

    @property
    def natural_key(self) -> tuple[str, str, str]:
        return self.origin.source, self.origin.event_source, self.notice.event_id


def attached(notice: Notice) -> list[str]:
    return list(dict.fromkeys(attachment.href for attachment in notice.attachments))


async def store(store: Store, snapshot: Snapshot, wishes: Sequence[Wish]) -> dict[UUID, asyncpg.Record]:
    """Store what is not known yet, if the channels are still as in the snapshot.

    Gives a row for each wish: `created_at` where it was stored, `twin` where it is like another, `fallen` where the
    key of its caller stands no more, the epoch now. Where likeness is looked for, those who say the same at the same
    moment wait for each other.
    """
    owed = {wish.id: [channel.id for channel in reached(wish.notice, snapshot.channels)] for wish in wishes}
    columns = zip(*(_row(wish, len(owed[wish.id])) for wish in wishes), strict=True)
    pictures = _pairs({wish.id: attached(wish.notice) for wish in wishes})
    waiting = [wish.id for wish in wishes if snapshot.must_wait(wish.notice)]
    alike = [(wish, likeness(wish.notice)) for wish in wishes] if snapshot.equal_texts else []
    looked = ([wish.id for wish, _ in alike], [said for _, said in alike], [wish.confirmed for wish, _ in alike])
    async with one_at_a_time(store, [(wish.origin.source, said) for wish, said in alike]) as there:
        rows = await there.fetch(
            ACCEPT, *map(list, columns), snapshot.epoch, *pictures, *_pairs(owed), waiting, *looked
        )
    return {row["id"]: row for row in rows}


async def earlier(store: Store, wishes: Sequence[Wish]) -> dict[int, asyncpg.Record]:
    """Find what earlier calls stored under the same natural keys, by the place in the list."""
    keys = zip(*(wish.natural_key for wish in wishes), strict=True)
    rows = await store.fetch(EARLIER, *map(list, keys), [wish.digest for wish in wishes])
    return {row["place"] - 1: row for row in rows}


def _row(wish: Wish, owed: int) -> tuple[object, ...]:
    """Give the columns of a notice, in the order in which the statement takes them."""
    notice = wish.notice
    lane = LANES[notice.priority]
    what = (notice.service, notice.kind, notice.priority, wish.content, wish.origin.event, notice.doubt_policy)
    patience = MEDIA_PATIENCE[lane] if notice.attachments else timedelta(0)
    when = (notice.publish_at, notice.expires_at, owed)
    guard = (wish.digest, wish.origin.by, lane, GOALS[lane], patience, GIVE_UP[lane])
    traced = (str(wish.trace), wish.trace.state or None) if wish.trace else (None, None)
    answered = (wish.reply.endpoint, wish.reply.correlation)
    return (wish.id, *wish.natural_key, *what, *when, *guard, *traced, *answered)


def _pairs(several: Mapping[UUID, Iterable[Any]]) -> tuple[list[UUID], list[Any]]:
    pairs = [(one, each) for one, many in several.items() for each in many]
    return [one for one, _ in pairs], [each for _, each in pairs]
