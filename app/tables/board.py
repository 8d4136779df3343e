# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What the noticeboards show."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, Index, Text, text
from sqlmodel import Field, SQLModel

from app.tables.columns import flag, instant, words


class Posting(SQLModel, table=True):
    """One notice on one board, as it is shown; written by a worker, read by the pages.

    `supersedes`: the notice that this one replaces. `ends_at`: when it leaves the front page for the archive.
    """

    __tablename__ = "posting"
    __table_args__ = (
        Index("posting_current", "channel_id", "ends_at"),
        Index("posting_archived", "channel_id", "posted_at", "notice_id"),
        Index("posting_changed", "channel_id", "changed_at"),
        Index("posting_superseding", "channel_id", "supersedes", postgresql_where=text("supersedes is not null")),
    )
    notice_id: UUID = Field(primary_key=True, foreign_key="notice.id")
    channel_id: UUID = Field(primary_key=True)
    supersedes: UUID | None = None
    state: str = Field(sa_type=Text)
    revision: int
    urgent: bool = flag()
    service: str = Field(sa_type=Text)
    grades: list[str] = words()
    schools: list[str] = words()
    areas: list[str] = words()
    posted_at: datetime = instant(nullable=False)
    changed_at: datetime = instant(nullable=False)
    ends_at: datetime = instant(nullable=False)
    content: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
