# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Platforms that ration posts and tell later what came of them: what was pushed, what a person chose, what was told."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Column, Identity, Index, Text
from sqlmodel import Field, SQLModel

from app.tables.columns import flag, instant, number


class Push(SQLModel, table=True):
    """One push that counts against a quota, ours or one made by hand. `key`: what the platform tells a repetition by.

    state: prepared, called (its fate may be unknown), submitted, done, failed, deleted.
    """

    __tablename__ = "push"
    __table_args__ = (Index("push_counted", "kind", "at"), Index("push_of_delivery", "delivery_id"))
    id: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    kind: str = Field(sa_type=Text)
    channel_id: UUID
    audience: str = Field(sa_type=Text)
    delivery_id: int | None = Field(default=None, sa_type=BigInteger)
    step: str | None = Field(default=None, sa_type=Text)
    key: str | None = Field(default=None, sa_type=Text, unique=True)
    state: str = Field(sa_type=Text)
    at: datetime = instant(now=True)
    draft: str | None = Field(default=None, sa_type=Text)
    drafts: int = number()
    called_at: datetime | None = instant()
    first_called_at: datetime | None = instant()
    reference: str | None = Field(default=None, sa_type=Text)
    result: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    entered_by: str | None = Field(default=None, sa_type=Text)
    note: str | None = Field(default=None, sa_type=Text)


class Share(SQLModel, table=True):
    """One notice among several in a push: its articles from `first` on, as they were handed in under its `step`.

    gone: its articles were deleted. alone: the platform did not take them together, so it goes by itself.
    """

    __tablename__ = "share"
    __table_args__ = (Index("share_of_delivery", "delivery_id"),)
    push_id: int = Field(sa_type=BigInteger, primary_key=True)
    delivery_id: int = Field(sa_type=BigInteger, primary_key=True, foreign_key="delivery.id")
    notice_id: UUID
    step: str = Field(sa_type=Text)
    payload: str = Field(sa_type=Text)
    first: int
    articles: int
    gone: bool = flag()
    alone: bool = flag()


class Choice(SQLModel, table=True):
    """Whether a notice of so many articles is worth a push, which a person is asked where pushes are rationed."""

    __tablename__ = "choice"
    delivery_id: int = Field(sa_type=BigInteger, primary_key=True, foreign_key="delivery.id")
    revision: int
    why: str = Field(sa_type=Text)
    articles: int = number(1)
    asked_at: datetime = instant(now=True)
    decided_at: datetime | None = instant()
    decided_by: str | None = Field(default=None, sa_type=Text)
    send: bool = flag()


class Allowance(SQLModel, table=True):
    """What was left of a channel's quota when a worker last counted; null: no such limit."""

    __tablename__ = "allowance"
    channel_id: UUID = Field(primary_key=True)
    today: int | None = None
    month: int | None = None
    opens_at: datetime = instant(nullable=False)


class Kept(SQLModel, table=True):
    """What a kind keeps between calls for all workers: a token, a cover. taken_until: one of them is fetching it.

    The API has no right to read it.
    """

    __tablename__ = "kept"
    kind: str = Field(sa_type=Text, primary_key=True)
    name: str = Field(sa_type=Text, primary_key=True)
    value: str | None = Field(default=None, sa_type=Text)
    until: datetime | None = instant()
    taken_until: datetime | None = instant()


class Callback(SQLModel, table=True):
    """What a platform told at our door of something of ours, once; `mark` tells a repetition."""

    __tablename__ = "callback"
    __table_args__ = (Index("callback_of", "kind", "reference"), Index("callback_oldest", "received_at"))
    kind: str = Field(sa_type=Text, primary_key=True)
    mark: str = Field(sa_type=Text, primary_key=True)
    reference: str = Field(sa_type=Text)
    content: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    received_at: datetime = instant(now=True)
