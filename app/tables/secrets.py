# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What is kept encrypted."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, LargeBinary, Text
from sqlmodel import Field, SQLModel

from app.tables.columns import instant


class Secret(SQLModel, table=True):
    """A secret of a channel or an endpoint, sealed for this very row. `ends_at`: replaced, and serves until then."""

    __tablename__ = "secret"
    __table_args__ = (Index("secret_of", "purpose", "owner"),)
    id: UUID = Field(primary_key=True)
    purpose: str = Field(sa_type=Text)
    owner: str = Field(sa_type=Text)
    key_id: str = Field(sa_type=Text)
    content: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = instant(now=True)
    ends_at: datetime | None = instant()
