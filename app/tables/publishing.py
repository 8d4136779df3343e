# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What is published where, and how far it has come."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from app.tables.columns import flag, instant, number

WAITING = text("(state in ('due', 'in_doubt') and parked) or state in ('held', 'dead')")
OPEN, PARKED = (text(f"state in ('due', 'in_doubt') and {each}") for each in ("not parked", "parked"))
SUPERSEDES, SUPERSEDING = text("(content ->> 'supersedes')"), text("content ->> 'supersedes' is not null")
AWAKE = text(f"{OPEN} and (awaits is null or failures > 0 or state = 'in_doubt')")
READY = text(f"{AWAKE} and lease_until is null")
SLEEPS = "state = 'due' and not parked and lease_until is null and failures = 0 and awaits"
WAKING, TOMORROW = text(f"{SLEEPS} is not null and awaits <> 'tomorrow'"), text(f"{SLEEPS} = 'tomorrow'")


class Notice(SQLModel, table=True):
    """A notice as it stands; `content` is the latest revision.

    `event_source` is empty for the first event source of its source, `event` what the CloudEvent said around it.
    `broadcast`: each revision waits for a second person. `likeness`: of texts and audience, until it is amended.
    """

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("source", "event_source", "event_id", name="notice_once"),
        Index("notice_newest", "created_at", "id"),
        Index("notice_superseding", "source", "event_source", SUPERSEDES, postgresql_where=SUPERSEDING),
        Index("notice_alike", "source", "likeness", "created_at", postgresql_where=text("likeness is not null")),
    )
    id: UUID = Field(primary_key=True)
    source: str = Field(sa_type=Text)
    event_source: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=text("''")))
    event_id: str = Field(sa_type=Text)
    service: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    priority: str = Field(sa_type=Text)
    revision: int = number(1)
    content: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    policy: str = Field(sa_type=Text)
    publish_at: datetime | None = instant()
    expires_at: datetime | None = instant()
    created_at: datetime = instant(now=True)
    changed_at: datetime = instant(now=True)
    withdrawn_at: datetime | None = instant()
    event: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    owed: int = number()
    traceparent: str | None = Field(default=None, sa_type=Text)
    tracestate: str | None = Field(default=None, sa_type=Text)
    reply_to: UUID | None = None
    correlation: str | None = Field(default=None, sa_type=Text)
    broadcast: bool = flag()
    likeness: bytes | None = Field(default=None, sa_type=LargeBinary)


class Revision(SQLModel, table=True):
    __tablename__ = "revision"
    notice_id: UUID = Field(primary_key=True, foreign_key="notice.id")
    number: int = Field(primary_key=True)
    content: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    digest: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = instant(now=True)
    created_by: str = Field(sa_type=Text)


class Approval(SQLModel, table=True):
    """A person's approval of one text of a notice, told by its digest: a revision that leaves it keeps it."""

    __tablename__ = "approval"
    notice_id: UUID = Field(primary_key=True, foreign_key="notice.id")
    language: str = Field(primary_key=True, sa_type=Text)
    digest: str = Field(primary_key=True, sa_type=Text)
    revision: int
    name: str = Field(sa_type=Text)
    approved_by: str = Field(sa_type=Text)
    approved_at: datetime = instant(now=True)


class Countersign(SQLModel, table=True):
    """A second person's word that a revision of an urgent broadcast may go; `alone`: by one who broke the glass."""

    __tablename__ = "countersign"
    notice_id: UUID = Field(primary_key=True, foreign_key="notice.id")
    revision: int = Field(primary_key=True)
    name: str = Field(sa_type=Text)
    signed_by: str = Field(sa_type=Text)
    alone: bool
    signed_at: datetime = instant(now=True)


class Delivery(SQLModel, table=True):
    """One notice owed to one channel: `wanted`: the revision it should show (null: nothing), `posts`: what it shows.

    `erase`: what is withdrawn is to be deleted, not struck. `deleted_at`: when something of it was, last.
    `awaits`: what it waits for: the language whose text a person must approve, or `second-person`.
    `doubted`: a post of it may stand there that `posts` does not name.
    `spoken`: the languages of the texts in which `shown` stands there (null: an earlier version has not said so).
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("notice_id", "channel_id", name="delivery_once"),
        Index("delivery_ready", "rank", "id", postgresql_where=READY),
        Index("delivery_order", "channel_id", "rank", "id", postgresql_where=OPEN),
        Index("delivery_in_order", "channel_id", "rank", "id", postgresql_where=AWAKE),
        Index("delivery_parked", "channel_id", "rank", "id", postgresql_where=PARKED),
        Index("delivery_waking", "due_at", postgresql_where=WAKING),
        Index("delivery_tomorrow", "due_at", "channel_id", "rank", "id", postgresql_where=TOMORROW),
        Index("delivery_leased", "lease_until", postgresql_where=text("lease_until is not null")),
        Index("delivery_expiring", "expires_at", postgresql_where=text("state = 'due' and expires_at is not null")),
        Index("delivery_sad", "state", "id", postgresql_where=text("state in ('in_doubt', 'held', 'dead')")),
        Index("delivery_of_channel", "channel_id", "id"),
        Index("delivery_awaiting", "notice_id", postgresql_where=text("awaits is not null")),
        Index("delivery_waiting", "channel_id", "state", postgresql_where=WAITING),
    )
    id: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    notice_id: UUID = Field(foreign_key="notice.id")
    channel_id: UUID
    lane: int = Field(sa_type=SmallInteger)
    rank: datetime = instant(nullable=False)
    ready_at: datetime = instant(nullable=False)
    due_at: datetime = instant(nullable=False)
    give_up_at: datetime = instant(nullable=False)
    expires_at: datetime | None = instant()
    state: str = Field(sa_type=Text)
    parked: bool = flag()
    wanted: int | None
    shown: int | None = None
    posts: list[dict[str, Any]] = Field(
        default_factory=list, sa_column=Column(JSON, nullable=False, server_default=text("'[]'"))
    )
    attempts: int = number()
    failures: int = number()
    crashes: int = number()
    token: int = number(kind=BigInteger)
    lease_until: datetime | None = instant()
    intent: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    last_error: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = instant(now=True)
    settled_at: datetime | None = instant()
    erase: bool = flag()
    deleted_at: datetime | None = instant()
    awaits: str | None = Field(default=None, sa_type=Text)
    doubted: bool = flag()
    spoken: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))


class Attempt(SQLModel, table=True):
    """One try, kept: written with the intent, completed with the outcome."""

    __tablename__ = "attempt"
    __table_args__ = (Index("attempt_oldest", "started_at"),)
    delivery_id: int = Field(sa_type=BigInteger, primary_key=True, foreign_key="delivery.id")
    token: int = Field(sa_type=BigInteger, primary_key=True)
    action: str = Field(sa_type=Text)
    part: int
    revision: int
    started_at: datetime = instant(now=True)
    finished_at: datetime | None = instant()
    outcome: str | None = Field(default=None, sa_type=Text)
    wire: str | None = Field(default=None, sa_type=Text)
    error: str | None = Field(default=None, sa_type=Text)
    reference: str | None = Field(default=None, sa_type=Text)
    traceparent: str | None = Field(default=None, sa_type=Text)


class Media(SQLModel, table=True):
    """A picture or document of a notice: wanted, then ready (with its content) or failed (and shown as a link).

    Wanted once more, it keeps its content until another is there, and is not sent meanwhile.
    """

    __tablename__ = "media"
    __table_args__ = (Index("media_wanted", "due_at", postgresql_where=text("state = 'wanted'")),)
    notice_id: UUID = Field(primary_key=True, foreign_key="notice.id")
    href: str = Field(primary_key=True, sa_type=Text)
    state: str = Field(sa_column=Column(Text, nullable=False, server_default=text("'wanted'")))
    kind: str | None = Field(default=None, sa_type=Text)
    content: bytes | None = Field(default=None, sa_type=LargeBinary)
    tries: int = number()
    due_at: datetime = instant(now=True)
    taken_until: datetime | None = instant()
    error: str | None = Field(default=None, sa_type=Text)
