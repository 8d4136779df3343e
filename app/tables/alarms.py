# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What operators were told."""

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from app.tables.columns import instant, number


class Alarm(SQLModel, table=True):
    """Something that waited for a person. claimed_until: a worker is telling it; ended_at: it is so no more."""

    __tablename__ = "alarm"
    key: str = Field(primary_key=True, sa_type=Text)
    figure: int = number()
    claimed_until: datetime | None = instant()
    told_at: datetime | None = instant()
    ended_at: datetime | None = instant()
