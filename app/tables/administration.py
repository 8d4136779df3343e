# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Who may hand in what, and who works here."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    text,
)
from sqlmodel import Field, SQLModel

from app.tables.columns import flag, instant, number, words


class Service(SQLModel, table=True):
    """What notices are about; texts in the languages of `approvals` go out only when a person has approved them."""

    __tablename__ = "service"
    slug: str = Field(primary_key=True, sa_type=Text)
    name: str = Field(sa_type=Text)
    approvals: list[str] = words()
    created_at: datetime = instant(now=True)


class Source(SQLModel, table=True):
    """A municipal system; an empty list of services means every service.

    `event_sources` are the URIs its CloudEvents come from; a plain notice counts as an event of the first.
    `vouchers`: consumer/purpose of the national platform, whose vouchers are its keys.
    `signers`: certificates and public keys (PEM); if there are any, its calls are signed with one of them.
    Without a quota of its own (null) the one of the installation holds; 0 is no limit.
    """

    __tablename__ = "source"
    slug: str = Field(primary_key=True, sa_type=Text)
    name: str = Field(sa_type=Text)
    services: list[str] = words()
    event_sources: list[str] = words()
    link_hosts: list[str] = words()
    vouchers: list[str] = words()
    signers: list[str] = words()
    requests_per_minute: int | None = None
    requests_per_day: int | None = None
    created_at: datetime = instant(now=True)


class Key(SQLModel, table=True):
    """An access key; only a digest of its secret is kept. A key without a source is an operator's or a viewer's.

    No scopes: all that the role has. No networks: from anywhere. `certificate`: the thumbprint of the one it needs.
    """

    __tablename__ = "key"
    id: str = Field(primary_key=True, sa_type=Text)
    source: str | None = Field(default=None, sa_type=Text, foreign_key="source.slug", index=True)
    role: str = Field(sa_type=Text)
    digest: bytes = Field(sa_type=LargeBinary)
    label: str = Field(default="", sa_type=Text)
    scopes: list[str] = words()
    networks: list[str] = words()
    certificate: str | None = Field(default=None, sa_type=Text)
    peppered: bool = flag()
    created_by: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=text("''")))
    created_at: datetime = instant(now=True)
    not_before: datetime | None = instant()
    expires_at: datetime = instant(nullable=False)
    revoked_at: datetime | None = instant()
    last_used_at: datetime | None = instant()
    last_used_ip: str | None = Field(default=None, sa_type=Text)


class TokenSeen(SQLModel, table=True):
    """The id of a token that is good once; kept until nobody would take it for its age."""

    __tablename__ = "token_seen"
    __table_args__ = (Index("token_seen_expired", "expires_at"),)
    whose: str = Field(primary_key=True, sa_type=Text)
    jti: str = Field(primary_key=True, sa_type=Text)
    expires_at: datetime = instant(nullable=False)


class IdempotencyKey(SQLModel, table=True):
    """What a request was answered under its caller's key; without a status the request is still under way."""

    __tablename__ = "idempotency_key"
    __table_args__ = (Index("idempotency_key_oldest", "created_at"),)
    scope: str = Field(primary_key=True, sa_type=Text)
    key: str = Field(primary_key=True, sa_type=Text)
    fingerprint: bytes = Field(sa_type=LargeBinary)
    status: int | None = Field(default=None, sa_type=SmallInteger)
    headers: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    body: bytes | None = Field(default=None, sa_type=LargeBinary)
    created_at: datetime = instant(now=True)


class Routing(SQLModel, table=True):
    """One row whose epoch rises with every change of a channel or service, so that intake may keep them in memory."""

    __tablename__ = "routing"
    single: bool = Field(primary_key=True, default=True)
    epoch: int = Field(sa_type=BigInteger, default=1)


class Check(SQLModel, table=True):
    """A question about a channel that a worker answers: the app does not know the platforms."""

    __tablename__ = "channel_check"
    id: UUID = Field(primary_key=True)
    kind: str = Field(sa_type=Text)
    address: str = Field(sa_type=Text)
    ask: bool = flag()
    asked_at: datetime = instant(now=True)
    taken_at: datetime | None = instant()
    answer: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    test_post: str | None = Field(default=None, sa_type=Text)


class Question(SQLModel, table=True):
    """How a notice would look in the channels of one kind: asked of a worker, taken away with its answer."""

    __tablename__ = "rendering"
    __table_args__ = {"prefixes": ["unlogged"]}
    id: UUID = Field(primary_key=True)
    kind: str = Field(sa_type=Text)
    question: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    asked_at: datetime = instant(now=True)
    taken_at: datetime | None = instant()
    answer: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))


class Worker(SQLModel, table=True):
    """A worker process that has been seen lately."""

    __tablename__ = "worker"
    id: UUID = Field(primary_key=True)
    host: str = Field(sa_type=Text)
    started_at: datetime = instant(now=True)
    seen_at: datetime = instant(now=True)


class Quota(SQLModel, table=True):
    """How far a caller's requests run ahead of the clock, by each policy; `taken`: by the last statement."""

    __tablename__ = "quota"
    subject: str = Field(primary_key=True, sa_type=Text)
    burst: datetime = instant(nullable=False)
    daily: datetime = instant(nullable=False)
    taken: int = number()
