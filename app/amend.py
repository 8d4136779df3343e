# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Corrections and withdrawals: a new wish for every delivery of a notice; the difference to what is shown is work."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.database import Connection, Pool
from app.domain.backoff import GIVE_UP, MEDIA_AHEAD, MEDIA_PATIENCE
from app.domain.channel import reached
from app.domain.errors import StateConflictError, UnknownServiceError
from app.domain.lane import GOALS, LANES
from app.domain.likeness import digest
from app.domain.notice import Notice, Priority
from app.hold import HOLD, Change, agreed, locked, noted
from app.intake import attached
from app.routing import Routing, Snapshot

__all__ = ["Amended", "Change", "amend", "amend_within", "withdraw", "withdraw_within"]

REVISE = """
with kept as (
  insert into revision (notice_id, number, content, digest, created_by) values ($1, $2, $3::json, $4, $5)
)
update notice
   set revision = $2, content = $3::json, service = $6, kind = $7, priority = $8, policy = $9, publish_at = $10,
       expires_at = $11, changed_at = now(), broadcast = $13, likeness = null,
       owed = (select count(distinct channel) from (
                 select channel_id as channel from delivery where notice_id = $1
                 union select unnest($12::uuid[])) as all_of_them)
 where id = $1
"""
# A doubt rests its time whatever is wished meanwhile: the doubted request may still be on its way.
# What was delivered, refused or expired is due again; what a person must decide stays with the person.
# What ended its workers is tried in its new form; a doubt goes on with what it was about, and so does its count.
# What ended after a doubt, and may stand there in an earlier form, is posted anew only where the notice is repeated.
# What a retired channel shows stays as it is: nobody speaks there any more.
# A date can be put off, brought forward and taken away; what was ready before keeps its place.
WISH = """
update delivery d
   set wanted = case when d.channel_id = any($2::uuid[]) then $3::int end, lane = $4,
       due_at = case when d.state = 'in_doubt' then d.due_at else now() end,
       state = case when d.state in ('held', 'in_doubt') then d.state when asks then 'in_doubt' else 'due' end,
       intent = case when asks then json_build_object(
                  'action', 'post', 'number', json_array_length(d.posts), 'parts', json_array_length(d.posts) + 1,
                  'digest', '', 'payload', '', 'revision', $3::int - 1) else d.intent end, settled_at = null,
       ready_at = greatest(least(d.ready_at, now()), $5),
       rank = greatest(least(d.ready_at, now()), $5) + $6::interval,
       give_up_at = greatest(now(), $5) + $7::interval, expires_at = $8, awaits = null, failures = 0,
       crashes = case when d.state = 'in_doubt' then d.crashes else 0 end,
       parked = d.state <> 'held' and (select paused_at is not null from channel where id = d.channel_id), erase = false
  from (select id, doubted and state in ('dead', 'expired', 'withdrawn') and channel_id = any($2::uuid[])
                   and $9::text <> 'repeat' as asks
          from delivery where notice_id = $1) before
 where d.id = before.id and not exists (select from channel where id = d.channel_id and retired_at is not null)
"""
ALSO = """
insert into delivery (notice_id, channel_id, lane, ready_at, due_at, rank, give_up_at, expires_at, state,
                      parked, wanted)
select $1, channel.id, $4, at, at, at + $6::interval, at + $7::interval, $8, 'due', paused_at is not null, $3
  from channel, (select greatest(now(), $5) as at) as moment
 where channel.id = any($2::uuid[])
on conflict (notice_id, channel_id) do nothing
"""
# What could not be fetched before gets a fresh chance; what was fetched, and then refused by a platform, does not.
# What was sent nowhere is fetched anew: what is there now belongs to the correction. Until it is here, and where it is
# not to be had, what was there before stays. Once it was sent, or goes out in a post with others, an address keeps its
# content, which processes and platforms remember.
FETCH = """
insert into media (notice_id, href, due_at)
select distinct $1::uuid, href, greatest(now(), $3::timestamptz - $4::interval)
  from unnest($2::text[]) as href order by href
on conflict (notice_id, href) do update
   set state = 'wanted', tries = 0, due_at = excluded.due_at, error = null, taken_until = null
 where media.content is null or media.state = 'wanted'
    or media.state = 'ready' and not exists (
      select from delivery where notice_id = $1 and (attempts > 0 or state = 'in_doubt'))
"""
NO_MORE = "delete from media where notice_id = $1 and state = 'wanted' and href <> all($2::text[])"
PATIENCE = """
update delivery set due_at = greatest(ready_at, now()) + $2::interval
 where notice_id = $1 and wanted is not null and state = 'due'
   and exists (select from media where notice_id = $1 and state = 'wanted')
"""
LATEST = "select digest from revision where notice_id = $1 and number = $2"
WITHDRAW = "update notice set withdrawn_at = now(), changed_at = now() where id = $1"
# $3: it is to be deleted. $4: for the first time; whoever asks for the deletion later asks for that alone.
# What was superseded before it was posted is withdrawn and still wanted: a doubt about it is a person's from now on.
# What is wrong is not shown until a date that the correct notice was put off to.
NOTHING = """
update delivery d
   set wanted = null, due_at = case when state = 'in_doubt' then due_at else now() end, settled_at = null,
       state = case when state in ('held', 'in_doubt') then state else 'due' end,
       give_up_at = now() + $2::interval, erase = erase or $3, awaits = null, failures = 0,
       crashes = case when state = 'in_doubt' then crashes else 0 end,
       ready_at = least(ready_at, now()), rank = least(rank, now() + $5::interval),
       parked = state <> 'held' and (select paused_at is not null from channel where id = d.channel_id)
 where notice_id = $1
   and ($4 and (state <> 'withdrawn' or wanted is not null)
        or $3 and not erase and (state <> 'withdrawn' or posts::text <> '[]'))
   and not exists (select from channel where id = d.channel_id and retired_at is not null)
"""


@dataclass(frozen=True, slots=True)
class Amended:
    """The revision a notice has now; `changed` is False when the content was the same already."""

    revision: int
    changed: bool


async def amend(pool: Pool, routing: Routing, change: Change, notice: Notice) -> Amended:
    """Store a new revision and make it what every channel should show.

    Raises NotFoundError, PreconditionFailedError when the expected revision is not the present one,
    StateConflictError when the notice is withdrawn or the event_id differs, UnknownServiceError, UnauthenticatedError
    when the key stands no more.
    """
    snapshot = await routing.refresh(pool)
    async with pool.acquire() as connection, connection.transaction():
        return await amend_within(connection, snapshot, change, notice)


async def amend_within(connection: Connection, snapshot: Snapshot, change: Change, notice: Notice) -> Amended:
    """Do the same in a transaction of the caller's, by a snapshot that was read just before."""
    if notice.service not in snapshot.services:
        raise UnknownServiceError(pointer="#/service")
    revision = await _present(connection, change, notice)
    if await connection.fetchval(LATEST, change.number, revision) == digest(notice):
        return Amended(revision, changed=False)
    channels = [channel.id for channel in reached(notice, snapshot.channels)]
    await _revise(connection, change, revision + 1, notice, channels, waits=snapshot.must_wait(notice))
    await noted(connection, change, "notice.amended", {"source": change.source, "revision": revision + 1})
    return Amended(revision + 1, changed=True)


async def withdraw(pool: Pool, change: Change, *, delete: bool = False) -> Amended:
    """Take a notice back: what is not yet posted never is, what is posted will say so. Repeatable.

    With `delete`, what is posted is taken away where the platform allows it, also of a notice withdrawn before.
    """
    async with pool.acquire() as connection, connection.transaction():
        return await withdraw_within(connection, change, delete=delete)


async def withdraw_within(connection: Connection, change: Change, *, delete: bool = False) -> Amended:
    """Do the same in a transaction of the caller's."""
    row = await locked(connection, change)
    first = row["withdrawn_at"] is None
    if not first and not delete:
        return Amended(row["revision"], changed=False)
    if first:
        agreed(row["revision"], change.expected)
        await connection.execute(WITHDRAW, change.number)
    lane = LANES[Priority(row["priority"])]
    await connection.execute(HOLD, change.number)
    tag = await connection.execute(NOTHING, change.number, GIVE_UP[lane], delete, first, GOALS[lane])
    changed = first or not tag.endswith(" 0")
    if changed:
        await noted(connection, change, "notice.withdrawn", {"source": change.source, "delete": delete})
    return Amended(row["revision"], changed=changed)


async def _present(connection: Connection, change: Change, notice: Notice) -> int:
    row = await locked(connection, change)
    if row["withdrawn_at"] is not None:
        raise StateConflictError("the notice is withdrawn; hand in a new one")
    if row["event_id"] != notice.event_id:
        raise StateConflictError("the event_id of a notice cannot change", pointer="#/event_id")
    if json.loads(row["content"]).get("test", False) != notice.test:
        raise StateConflictError("an exercise cannot become real, nor the other way round", pointer="#/test")
    agreed(row["revision"], change.expected)
    revision: int = row["revision"]
    return revision


async def _revise(
    connection: Connection, change: Change, revision: int, notice: Notice, channels: Sequence[UUID], *, waits: bool
) -> None:
    lane = LANES[notice.priority]
    which = (change.number, revision, notice.model_dump_json(), digest(notice), change.by)
    what = (notice.service, notice.kind, notice.priority, notice.doubt_policy, notice.publish_at, notice.expires_at)
    await connection.execute(REVISE, *which, *what, list(channels), waits)
    times = (notice.publish_at, GOALS[lane], GIVE_UP[lane], notice.expires_at)
    await connection.execute(HOLD, change.number)
    await _attach(connection, change.number, notice)  # after deliveries, as whoever records has them
    await connection.execute(WISH, change.number, list(channels), revision, lane, *times, notice.doubt_policy)
    await connection.execute(ALSO, change.number, list(channels), revision, lane, *times)
    await connection.execute(PATIENCE, change.number, MEDIA_PATIENCE[lane])


async def _attach(connection: Connection, number: UUID, notice: Notice) -> None:
    """Have the notice's pictures and documents fetched in time for its date, and no others."""
    hrefs = attached(notice)
    await connection.execute(NO_MORE, number, hrefs)
    await connection.execute(FETCH, number, hrefs, notice.publish_at, MEDIA_AHEAD)
