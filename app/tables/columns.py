# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The sorts of column that the rows share."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Integer,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

NOW = text("now()")


def words() -> Any:
    return Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{}'")))


def instants() -> Any:
    column: Column[list[datetime]] = Column(ARRAY(DateTime(timezone=True)), nullable=False, server_default=text("'{}'"))
    return Field(default_factory=list, sa_column=column)


def instant(*, now: bool = False, nullable: bool = True) -> Any:
    column: Column[datetime] = Column(
        DateTime(timezone=True), nullable=nullable and not now, server_default=NOW if now else None
    )
    return Field(default=None, sa_column=column)


def number(start: int = 0, kind: type[Integer] = Integer) -> Any:
    """Make a counter whose start the database knows too: the hot path writes plain SQL."""
    return Field(default=start, sa_column=Column(kind, nullable=False, server_default=text(str(start))))


def flag(*, start: bool = False) -> Any:
    return Field(default=start, sa_column=Column(Boolean, nullable=False, server_default=text(str(start).lower())))
