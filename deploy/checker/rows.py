# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What Postgres says, read by plain SQL in one transaction."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

NOTICES = """
select n.id, n.owed, n.revision, n.policy, n.expires_at, n.withdrawn_at, coalesce(v.approvals, '{}') as guarded,
       (select json_object_agg(r.number, r.content) from revision r where r.notice_id = n.id) as contents,
       (select case when current_setting('track_commit_timestamp')::boolean then pg_xact_commit_timestamp(r.xmin) end
          from revision r where r.notice_id = n.id and r.number = 1) as committed_at,
       (select json_agg(json_build_array(a.language, a.revision)) from approval a where a.notice_id = n.id) as approvals
  from notice n left join service v on v.slug = n.service
"""
DELIVERIES = """
select d.id, d.notice_id, d.channel_id, d.state, d.wanted, d.shown, d.posts, d.rank, d.ready_at, d.due_at, d.parked,
       d.lease_until, d.intent is not null as has_intent, coalesce(d.last_error, '') as last_error, d.erase, d.awaits,
       c.address, c.slug, c.paused_at, c.turn_until, c.can_ask and d.intent ->> 'after' is not null as askable,
       coalesce((select json_agg(json_build_array(a.action, a.revision, a.started_at, a.finished_at, a.outcome, a.wire)
                                 order by a.token)
                   from attempt a where a.delivery_id = d.id), '[]') as attempts
  from delivery d join channel c on c.id = d.channel_id
"""
POST = "post"
DOUBTS = ("doubted", "crashed", None)


@dataclass(frozen=True, slots=True)
class Attempt:
    action: str
    revision: int
    started_at: datetime
    finished_at: datetime | None
    outcome: str | None
    wire: str | None

    @property
    def is_doubt(self) -> bool:
        return self.action == POST and self.outcome in DOUBTS


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice, the titles and the texts of every revision, and what its service wants to be approved.

    `approvals`: language and revision of each text that a person has read. `committed_at`: when its acceptance was,
    where Postgres keeps that.
    """

    id: UUID
    owed: int
    revision: int
    policy: str
    expires_at: datetime | None
    withdrawn_at: datetime | None
    committed_at: datetime | None
    titles: Mapping[int, frozenset[str]]
    texts: Mapping[int, Mapping[str, Any]]
    guarded: frozenset[str]
    approvals: tuple[tuple[str, int], ...]

    def text(self, language: str, revision: int | None) -> Any:
        return self.texts.get(revision or 0, {}).get(language)

    def is_guarded(self, language: str) -> bool:
        return not self.guarded.isdisjoint({language, language.partition("-")[0]})

    def is_approved(self, language: str, revision: int | None) -> bool:
        """Tell whether a person has read this very text, in whichever revision it stood."""
        wanted = self.text(language, revision)
        return any(each == language and self.text(each, number) == wanted for each, number in self.approvals)


@dataclass(frozen=True, slots=True)
class Delivery:
    id: int
    notice: Notice
    channel_id: UUID
    slug: str
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
    lease_until: datetime | None
    turn_until: datetime | None
    has_intent: bool
    askable: bool
    awaits: str | None
    last_error: str
    attempts: tuple[Attempt, ...]

    @property
    def where(self) -> str:
        return f"delivery {self.id} (notice {self.notice.id}, channel {self.slug}, {self.state})"

    @property
    def doubts(self) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt.is_doubt]

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
        notices = {row["id"]: _notice(row) for row in await connection.fetch(NOTICES)}
        rows = await connection.fetch(DELIVERIES)
    return Records(now, notices, tuple(_delivery(row, notices) for row in rows))


def _notice(row: asyncpg.Record) -> Notice:
    contents: dict[str, Any] = json.loads(row["contents"] or "{}")
    titles = {int(number): _titles(content) for number, content in contents.items()}
    names = ("id", "owed", "revision", "policy", "expires_at", "withdrawn_at", "committed_at")
    same = {name: row[name] for name in names}
    return Notice(
        **same,
        titles=titles,
        texts={int(number): content["texts"] for number, content in contents.items()},
        guarded=frozenset(row["guarded"]),
        approvals=tuple((language, number) for language, number in json.loads(row["approvals"] or "[]")),
    )


def _titles(content: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(text["title"] for text in content["texts"].values())


def _delivery(row: asyncpg.Record, notices: Mapping[UUID, Notice]) -> Delivery:
    posts = json.loads(row["posts"])
    return Delivery(
        id=row["id"],
        notice=notices[row["notice_id"]],
        channel_id=row["channel_id"],
        slug=row["slug"],
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
        lease_until=row["lease_until"],
        turn_until=row["turn_until"],
        has_intent=row["has_intent"],
        askable=row["askable"],
        awaits=row["awaits"],
        last_error=row["last_error"],
        attempts=tuple(_attempt(*attempt) for attempt in json.loads(row["attempts"])),
    )


def _attempt(action: str, revision: int, started: str, finished: str | None, *how: str | None) -> Attempt:
    ended = None if finished is None else datetime.fromisoformat(finished)
    return Attempt(action, revision, datetime.fromisoformat(started), ended, *how)
