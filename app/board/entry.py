# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""One notice on a board, as pages and feeds show it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import asyncpg

from app.domain.channel import overlaps
from app.domain.posting import Shown

Standing = Literal["current", "corrected", "superseded", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The notice that replaces this one, or that this one replaces."""

    notice: UUID
    title: str
    language: str
    since: datetime


@dataclass(frozen=True, slots=True)
class File:
    """What an attachment was when it was fetched; `size` in bytes."""

    name: Literal["PDF", "PNG", "JPEG"]
    size: int

    @property
    def is_picture(self) -> bool:
        return self.name != "PDF"

    @property
    def media_type(self) -> str:
        return f"image/{self.name.lower()}" if self.is_picture else "application/pdf"


@dataclass(frozen=True, slots=True)
class Entry:
    """A notice with what has become of it. `is_fresh`: put up or changed within the last hours.

    `files`: its attachments by address, as far as they could be fetched.
    """

    notice: UUID
    shown: Shown
    posted_at: datetime
    changed_at: datetime
    is_over: bool
    is_fresh: bool
    older: Neighbour | None
    newer: Neighbour | None
    files: Mapping[str, File]

    @property
    def standing(self) -> Standing:
        if self.shown.state != "withdrawn" and self.newer is not None:
            return "superseded"
        return self.shown.state

    @property
    def holds(self) -> bool:
        """Whether people may still act on it."""
        return self.standing in ("current", "corrected")

    @property
    def is_urgent(self) -> bool:
        return self.shown.is_urgent and self.holds

    @property
    def rings(self) -> bool:
        """Whether it is to be read out at once to those who listen to the page."""
        return self.is_urgent and self.is_fresh

    @property
    def updated(self) -> datetime:
        return self.changed_at if self.newer is None else max(self.changed_at, self.newer.since)

    @property
    def sequence(self) -> int:
        """A number that rises with every change that a calendar must take over."""
        return 2 * (self.shown.revision - 1) + (0 if self.holds else 1)


@dataclass(frozen=True, slots=True)
class Choice:
    """What a reader wants to see; what is left empty leaves nothing out."""

    service: str | None = None
    grades: tuple[str, ...] = ()
    schools: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()

    def takes(self, entry: Entry) -> bool:
        """Tell whether a notice concerns whoever chose this; a notice for everyone does."""
        shown = entry.shown
        return (
            self.service in (None, shown.service)
            and overlaps(shown.grades, self.grades)
            and overlaps(shown.schools, self.schools)
            and overlaps(shown.areas, self.areas)
        )

    @property
    def audience(self) -> tuple[str, ...]:
        return (*self.grades, *self.schools, *self.areas)


def entry(row: asyncpg.Record) -> Entry:
    return Entry(
        notice=row["notice_id"],
        shown=Shown.model_validate_json(row["content"]),
        posted_at=row["posted_at"],
        changed_at=row["changed_at"],
        is_over=row["is_over"],
        is_fresh=row["is_fresh"],
        older=_neighbour(row, "older"),
        newer=_neighbour(row, "newer"),
        files={href: _file(*told) for href, told in json.loads(row["files"] or "{}").items()},
    )


def _file(first: str, size: int) -> File:
    """Tell the sort of a file by its first byte: a picture may be sent as a document."""
    return File("PNG" if first == "89" else "JPEG" if first == "ff" else "PDF", size)


def _neighbour(row: asyncpg.Record, which: str) -> Neighbour | None:
    if row[f"{which}_id"] is None:
        return None
    return Neighbour(row[f"{which}_id"], row[f"{which}_title"], row[f"{which}_language"], row[f"{which}_since"])
