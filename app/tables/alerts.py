# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What the authorities have said, and which notice it is about."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, Index, LargeBinary, Text
from sqlmodel import Field, SQLModel

from app.tables.columns import instant


class AlertMessage(SQLModel, table=True):
    """A CAP message of a sender, as one of our sources handed it in; applied_at: its notice says so."""

    __tablename__ = "alert_message"
    __table_args__ = (
        Index("alert_message_notice", "notice_id"),
        Index("alert_message_subject", "source", "sender", "subject"),
    )
    source: str = Field(primary_key=True, sa_type=Text)
    sender: str = Field(primary_key=True, sa_type=Text)
    identifier: str = Field(primary_key=True, sa_type=Text)
    sent: datetime = instant(nullable=False)
    subject: str = Field(sa_type=Text)
    digest: bytes = Field(sa_type=LargeBinary)
    notice_id: UUID = Field(foreign_key="notice.id")
    applied_at: datetime | None = instant()
    taken_at: datetime = instant(now=True)


class BulletinDoubt(SQLModel, table=True):
    """What the latest issue leaves open of an alert zone on a day (no zone: of what may be one); null: nothing."""

    __tablename__ = "bulletin_doubt"
    source: str = Field(primary_key=True, sa_type=Text)
    zone: str = Field(primary_key=True, sa_type=Text)
    day: date = Field(primary_key=True, sa_type=Date)
    detail: str | None = Field(default=None, sa_type=Text)
    issued_at: datetime = instant(nullable=False)


class BulletinLevel(SQLModel, table=True):
    """What was told last of a risk in an alert zone on a day: how grave it is, by which event, of which issue."""

    __tablename__ = "bulletin_level"
    source: str = Field(primary_key=True, sa_type=Text)
    zone: str = Field(primary_key=True, sa_type=Text)
    day: date = Field(primary_key=True, sa_type=Date)
    risk: str = Field(primary_key=True, sa_type=Text)
    level: int
    event_id: str = Field(sa_type=Text)
    issued_at: datetime = instant(nullable=False)
