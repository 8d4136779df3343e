# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Who did what. Triggers refuse every change of these rows; see app/audit.py and app/domain/chain.py."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Text
from sqlmodel import Field, SQLModel

from app.tables.columns import instant


class Audit(SQLModel, table=True):
    """One administrative act. before, after: what it changed, as JSON. hash covers the row and the hash before it."""

    __tablename__ = "audit"
    __table_args__ = (Index("audit_target", "target", "number"), Index("audit_who", "who", "number"))
    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    at: datetime = instant(nullable=False)
    who: str = Field(sa_type=Text)
    label: str = Field(sa_type=Text)
    act: str = Field(sa_type=Text)
    target: str = Field(sa_type=Text)
    why: str | None = Field(default=None, sa_type=Text)
    address: str | None = Field(default=None, sa_type=Text)
    before: str | None = Field(default=None, sa_type=Text)
    after: str | None = Field(default=None, sa_type=Text)
    hash: bytes = Field(sa_type=LargeBinary)


class AuditCheckpoint(SQLModel, table=True):
    """One row: the last entry that was pruned, on whose hash the chain goes on."""

    __tablename__ = "audit_checkpoint"
    single: bool = Field(primary_key=True, default=True)
    number: int = Field(sa_type=BigInteger)
    at: datetime = instant(nullable=False)
    hash: bytes = Field(sa_type=LargeBinary)
