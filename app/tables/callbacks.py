# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Who is told what becomes of a source's notices: endpoints, what has changed, and the calls that are owed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Integer, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.tables.columns import instant, number, words


class Endpoint(SQLModel, table=True):
    """An address of a source. consented_at: it wants to be called; turn_until: somebody calls it; free_at: not before.

    failing_since: from then on it has only failed; failures and failed_at count up to that.
    """

    __tablename__ = "endpoint"
    __table_args__ = (Index("endpoint_of", "source", postgresql_where=text("retired_at is null")),)
    id: UUID = Field(primary_key=True)
    source: str = Field(sa_type=Text)
    url: str = Field(sa_type=Text)
    types: list[str] = words()
    created_at: datetime = instant(now=True)
    retired_at: datetime | None = instant()
    consented_at: datetime | None = instant()
    ask_at: datetime = instant(now=True)
    asked_at: datetime | None = instant()
    problem: str | None = Field(default=None, sa_type=Text)
    rate: int | None = Field(default=None, sa_type=Integer)
    turn_until: datetime | None = instant()
    free_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("'epoch'")))
    failures: int = number()
    failed_at: datetime | None = instant()
    failing_since: datetime | None = instant()
    disabled_at: datetime | None = instant()
    disabled_reason: str | None = Field(default=None, sa_type=Text)


class Change(SQLModel, table=True):
    """What has become of a notice or a delivery, written by a trigger in the transaction of the change itself."""

    __tablename__ = "endpoint_change"
    id: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    notice_id: UUID
    delivery_id: int | None = Field(default=None, sa_type=BigInteger)
    state: str = Field(sa_type=Text)
    at: datetime = instant(now=True)


class Call(SQLModel, table=True):
    """One event owed to one endpoint: due, delivered, failed, or missed (the endpoint was disabled at the time)."""

    __tablename__ = "endpoint_call"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "key", name="endpoint_call_once"),
        Index("endpoint_call_due", "endpoint_id", "due_at", postgresql_where=text("state = 'due'")),
        Index("endpoint_call_oldest", "created_at"),
    )
    id: str = Field(primary_key=True, sa_type=Text)
    endpoint_id: UUID = Field(foreign_key="endpoint.id")
    notice_id: UUID | None = None
    type: str = Field(sa_type=Text)
    key: str = Field(sa_type=Text)
    body: str = Field(sa_type=Text)
    headers: str = Field(default="{}", sa_column=Column(Text, nullable=False, server_default=text("'{}'")))
    state: str = Field(sa_type=Text)
    tries: int = number()
    created_at: datetime = instant(now=True)
    due_at: datetime = instant(now=True)
    tried_at: datetime | None = instant()
    settled_at: datetime | None = instant()
    error: str | None = Field(default=None, sa_type=Text)
