# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What Postgres says, read by plain SQL in one transaction."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from deploy.checker.notices import NOTICES, Notice, latest, notice_of

DELIVERIES = """
select d.id, d.notice_id, d.channel_id, d.state, d.wanted, d.shown, d.posts, d.rank, d.ready_at, d.due_at, d.parked,
       d.lease_until, d.intent is not null as has_intent, coalesce(d.last_error, '') as last_error, d.erase, d.awaits,
       c.kind, c.address, c.slug, c.paused_at, c.retired_at, c.turn_until, c.can_ask,
       c.can_ask and d.intent ->> 'after' is not null as askable,
       coalesce((select json_agg(json_build_array(a.action, a.part, a.revision, a.started_at, a.finished_at, a.outcome,
                                                  a.wire) order by a.token)
                   from attempt a where a.delivery_id = d.id), '[]') as attempts
  from delivery d join channel c on c.id = d.channel_id
"""
POST = "post"
DOUBTS = ("doubted", "crashed", None)


@dataclass(frozen=True, slots=True)
class Attempt:
    action: str
    part: int
    revision: int
    started_at: datetime
    finished_at: datetime | None
    outcome: str | None
    wire: str | None

    @property
    def is_doubt(self) -> bool:
        return self.action == POST and self.outcome in DOUBTS

    def may_have_made(self, posted: datetime) -> bool:
        """Tell whether what was posted then may be of this attempt: what is in doubt may come at any later time."""
        is_over = self.finished_at is not None and self.finished_at < posted and not self.is_doubt
        return self.action == POST and self.started_at <= posted and not is_over


@dataclass(frozen=True, slots=True)
class Delivery:
    id: int
    notice: Notice
    channel_id: UUID
    slug: str
    kind: str
    address: str
    state: str
    wanted: int | None
    shown: int | None
    references: tuple[str, ...]
    items: tuple[str, ...]
    unknown: int
    erase: bool
    rank: datetime
    ready_at: datetime
    due_at: datetime
    parked: bool
    paused_at: datetime | None
    retired_at: datetime | None
    lease_until: datetime | None
    turn_until: datetime | None
    has_intent: bool
    can_ask: bool
    askable: bool
    awaits: str | None
    last_error: str
    attempts: tuple[Attempt, ...]

    @property
    def is_told_of(self) -> bool:
        """Tell whether the journal is of its platform; elsewhere references need not be numbers."""
        return self.kind == "telegram"

    @property
    def where(self) -> str:
        return f"delivery {self.id} (notice {self.notice.id}, channel {self.slug}, {self.state})"

    @property
    def doubts(self) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt.is_doubt]

    def ends(self, posted: datetime) -> datetime | None:
        """Say when the time of what was posted then was over: of its revision, or the latest where nobody can tell."""
        tries = [each for each in self.attempts if each.may_have_made(posted)]
        if not tries:
            return latest(revision.expires_at for revision in self.notice.revisions.values())
        return latest(self.notice.ends(each.revision, each.started_at) for each in tries)

    def made_by(self, posted: datetime) -> Attempt | None:
        """Give the attempt that must have made what was posted then."""
        return next(
            (each for each in reversed(self.attempts) if each.action == POST and each.started_at <= posted), None
        )

    @property
    def by_a_person(self) -> bool:
        """Tell whether a person said that a post is there, and nobody knows where."""
        return self.unknown > 0


@dataclass(frozen=True, slots=True)
class Records:
    """All rows as of one moment, `now` by the database's clock."""

    now: datetime
    notices: Mapping[UUID, Notice]
    deliveries: tuple[Delivery, ...]


async def read_records(connection: "asyncpg.Connection[asyncpg.Record]") -> Records:
    """Read everything as of one moment."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        now: datetime = await connection.fetchval("select now()")
        notices = {row["id"]: notice_of(row) for row in await connection.fetch(NOTICES)}
        rows = await connection.fetch(DELIVERIES)
    return Records(now, notices, tuple(_delivery(row, notices) for row in rows))


def _delivery(row: asyncpg.Record, notices: Mapping[UUID, Notice]) -> Delivery:
    posts = json.loads(row["posts"])
    return Delivery(
        id=row["id"],
        notice=notices[row["notice_id"]],
        channel_id=row["channel_id"],
        slug=row["slug"],
        kind=row["kind"],
        address=row["address"],
        state=row["state"],
        wanted=row["wanted"],
        shown=row["shown"],
        references=tuple(post["reference"] for post in posts if post["reference"] is not None),
        items=tuple(item for post in posts for item, _ in post.get("items", ())),
        unknown=sum(post["reference"] is None for post in posts),
        erase=row["erase"],
        rank=row["rank"],
        ready_at=row["ready_at"],
        due_at=row["due_at"],
        parked=row["parked"],
        paused_at=row["paused_at"],
        retired_at=row["retired_at"],
        lease_until=row["lease_until"],
        turn_until=row["turn_until"],
        has_intent=row["has_intent"],
        can_ask=row["can_ask"],
        askable=row["askable"],
        awaits=row["awaits"],
        last_error=row["last_error"],
        attempts=tuple(_attempt(*attempt) for attempt in json.loads(row["attempts"])),
    )


def _attempt(action: str, part: int, revision: int, started: str, finished: str | None, *how: str | None) -> Attempt:
    ended = None if finished is None else datetime.fromisoformat(finished)
    return Attempt(action, part, revision, datetime.fromisoformat(started), ended, *how)
