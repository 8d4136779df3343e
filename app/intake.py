# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The way in: a notice is stored together with everything it owes, or not at all."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import rfc8785
from uuid_utils.compat import uuid7

from app.database import Pool
from app.domain.backoff import GIVE_UP, MEDIA_PATIENCE
from app.domain.channel import reached
from app.domain.errors import EventExistsError, UnavailableError, UnknownServiceError
from app.domain.lane import GOALS, LANES
from app.domain.notice import Notice
from app.routing import Routing, Snapshot

ACCEPT = """
with added as (
  insert into notice (id, source, event_id, service, kind, priority, content, policy, publish_at, expires_at, owed,
                      event_source, event)
  select $1, $2, $3, $4, $5, $6, $7::json, $8, $9, $10, cardinality($11::uuid[]), $20, $21::json
   where (select epoch from routing) = $12
  on conflict (source, event_source, event_id) do nothing
  returning id, created_at, greatest(publish_at, created_at) as ready_at
), first as (
  insert into revision (notice_id, number, content, digest, created_by)
  select id, 1, $7::json, $13, $14 from added
), fetched as (
  insert into media (notice_id, href) select added.id, href from added, unnest($18::text[]) as href
), owed as (
  insert into delivery (notice_id, channel_id, lane, ready_at, due_at, rank, give_up_at, expires_at,
                        state, parked, wanted)
  select added.id, channel.id, $15, ready_at, ready_at + $19::interval, ready_at + $16::interval,
         ready_at + $17::interval, $10, 'due', channel.paused_at is not null, 1
    from added, channel where channel.id = any($11::uuid[])
)
select created_at, (select epoch from routing) as epoch from (select 1) as one left join added on true
"""
EARLIER = """
select notice.id, notice.created_at, notice.owed, exists (
         select from revision where notice_id = notice.id and revision.digest = $4
       ) as same
  from notice where source = $1 and event_source = $2 and event_id = $3
"""
COMMIT_UNKNOWN = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError)
EPOCHS = 5
"""How often the channels may change under one acceptance before the caller is told to come back."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a POST: `replayed` says that an earlier call had stored it."""

    id: UUID
    created_at: datetime
    owed: int
    replayed: bool


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a notice comes from: the source and its key, and which of the source's event sources ("": its first one).

    `event` holds the attributes of the CloudEvent that brought it, as JSON; None for a plain notice.
    """

    source: str
    by: str
    event_source: str = ""
    event: str | None = None


def digest(notice: Notice) -> bytes:
    """Tell two contents apart whatever the order of their members (RFC 8785)."""
    return hashlib.sha256(rfc8785.dumps(notice.model_dump(mode="json"))).digest()


def attached(notice: Notice) -> list[str]:
    return list(dict.fromkeys(attachment.href for attachment in notice.attachments))


async def accept(pool: Pool, routing: Routing, notice: Notice, origin: Origin) -> Accepted:
    """Store the notice and all it owes in one statement, or find what an earlier call stored.

    Raises UnknownServiceError, and EventExistsError when the event_id was used for other content.
    """
    content = digest(notice)
    snapshot = routing.snapshot
    for _ in range(EPOCHS):
        if notice.service in snapshot.services:
            accepted, epoch = await _insert(pool, snapshot, notice, origin, content)
            if accepted is not None:
                return accepted
            if epoch == snapshot.epoch:
                return await _earlier(pool, notice, origin, content)
        snapshot = await routing.refresh(pool)
        if notice.service not in snapshot.services:
            raise UnknownServiceError(pointer="#/service")
    raise UnavailableError("the channels are being changed at this moment")


async def _insert(
    pool: Pool, snapshot: Snapshot, notice: Notice, origin: Origin, content: bytes
) -> tuple[Accepted | None, int]:
    """Run the one statement; None when the epoch has moved on or the event is known."""
    number: UUID = uuid7()
    channels = [channel.id for channel in reached(notice, snapshot.channels)]
    lane = LANES[notice.priority]
    whose = (number, origin.source, notice.event_id, notice.service, notice.kind, notice.priority)
    what = (notice.model_dump_json(), notice.doubt_policy, notice.publish_at, notice.expires_at, channels)
    guard = (snapshot.epoch, content, origin.by, lane, GOALS[lane], GIVE_UP[lane])
    media = (attached(notice), MEDIA_PATIENCE[lane] if notice.attachments else timedelta(0))
    event = (origin.event_source, origin.event)
    try:
        row = await pool.fetchrow(ACCEPT, *whose, *what, *guard, *media, *event)
    except COMMIT_UNKNOWN:
        # The connection broke, perhaps after the commit: what is stored tells, and if nothing is, the caller retries.
        return await _earlier(pool, notice, origin, content), snapshot.epoch
    if row is None or row["created_at"] is None:
        return None, row["epoch"] if row else 0
    return Accepted(number, row["created_at"], len(channels), replayed=False), row["epoch"]


async def _earlier(pool: Pool, notice: Notice, origin: Origin, content: bytes) -> Accepted:
    row = await pool.fetchrow(EARLIER, origin.source, origin.event_source, notice.event_id, content)
    if row is None:
        raise UnavailableError("whether the notice was stored is not known; send it again")
    if not row["same"]:
        raise EventExistsError(pointer="#/event_id", notice=str(row["id"]))
    return Accepted(row["id"], row["created_at"], row["owed"], replayed=True)
