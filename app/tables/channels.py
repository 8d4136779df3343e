# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Where is published, and how often that may be."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, DateTime, Float, Index, Text, text
from sqlmodel import Field, SQLModel

from app.tables.columns import flag, instant, instants, number, words


class Channel(SQLModel, table=True):
    """A place we publish to. turn_until: somebody's turn; free_at: pace; sent: the last sends of a minute.

    others_free_at: until then only urgent notices go out, to which the rest of a group's minute is left.
    slowdown, slowed_at: as of an account (Pace).
    told: how many notices it was told on the day `told_on`, where a day's cap is set.
    """

    __tablename__ = "channel"
    __table_args__ = (
        Index("channel_place", "kind", "address", unique=True, postgresql_where=text("retired_at is null")),
        Index("channel_paused", "paused_at", postgresql_where=text("paused_at is not null")),
        Index("channel_retired", "id", postgresql_where=text("retired_at is not null")),
    )
    id: UUID = Field(primary_key=True)
    slug: str = Field(sa_type=Text, unique=True)
    kind: str = Field(sa_type=Text)
    address: str = Field(sa_type=Text)
    title: str | None = Field(default=None, sa_type=Text)
    language: str = Field(sa_type=Text)
    fallback: bool = flag(start=True)
    interim: bool = flag()
    test: bool = flag()
    services: list[str] = words()
    grades: list[str] = words()
    schools: list[str] = words()
    areas: list[str] = words()
    created_at: datetime = instant(now=True)
    retired_at: datetime | None = instant()
    paused_at: datetime | None = instant()
    paused_reason: str | None = Field(default=None, sa_type=Text)
    turn_until: datetime | None = instant()
    free_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("'epoch'")))
    others_free_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("'epoch'"))
    )
    sent: list[datetime] = instants()
    slowdown: float = Field(sa_column=Column(Float, nullable=False, server_default=text("1")))
    slowed_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("'epoch'"))
    )
    told_on: date | None = None
    told: int = number()
    last_reference: str | None = Field(default=None, sa_type=Text)
    can_ask: bool = flag()
    checked_at: datetime | None = instant()
    check_result: dict[str, Any] | None = Field(default=None, sa_column=Column("check_result", JSON))


class Pace(SQLModel, table=True):
    """When an account of a kind may send next; every claim locks it, so claims take turns.

    sent: when the last sends, as many as a second may have, can have arrived at the latest.
    slowdown: 1 at full speed, more after the platform asked us to wait, at `slowed_at`; half of it is gone in a minute.
    throttled_by: the channel that was asked last.
    troubled_at: when a call last had no answer. away_since: nothing is answered; asked: how often we asked since,
    asked_at: when last.
    """

    __tablename__ = "pace"
    kind: str = Field(primary_key=True, sa_type=Text)
    free_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("'epoch'")))
    sent: list[datetime] = instants()
    slowdown: float = Field(default=1.0)
    slowed_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("'epoch'"))
    )
    throttled_at: datetime | None = instant()
    throttled_by: UUID | None = None
    blocked_reason: str | None = Field(default=None, sa_type=Text)
    troubled_at: datetime | None = instant()
    away_since: datetime | None = instant()
    asked_at: datetime | None = instant()
    asked: int = number()
