# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The history that the stand-in for Telegram wrote: one JSON line for every call and for every deed of a person."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: when it arrived, who did what, and what really became of it.

    `took`: from its first bytes to what became of it, such as a file that comes up slowly; what a fault of the stand-in
    held up is not counted, since that is no doing of who sent it.
    """

    number: int
    at: datetime
    by: str
    method: str
    chat: int | str | None
    did: str
    messages: tuple[int, ...]
    text: str
    code: int | None
    fault: str | None
    took: timedelta = timedelta(0)

    @property
    def landed(self) -> datetime:
        """When what it did was done."""
        return self.at + self.took

    @property
    def is_post(self) -> bool:
        """Tell whether our bot put something new into a chat (a forward is a question, not a post)."""
        return self.by == "bot" and self.did == "accepted" and self.method.startswith("send")


def read_journal(path: Path) -> list[Entry]:
    """Read a journal in the order in which the calls arrived; a line that is still being written is left out."""
    with path.open(encoding="utf-8") as lines:
        return entries(json.loads(line) for line in lines if line.endswith("\n"))


def entries(rows: Iterable[dict[str, Any]]) -> list[Entry]:
    return sorted(map(_entry, rows), key=lambda entry: entry.number)


def _entry(row: dict[str, Any]) -> Entry:
    return Entry(
        number=row["number"],
        at=datetime.fromtimestamp(row["wall"], UTC),
        by=row["by"],
        method=row["method"],
        chat=row["chat"],
        did=row["did"],
        messages=tuple(row["messages"]),
        text=row["text"] or "",
        code=row["code"],
        fault=row["fault"],
        took=timedelta(seconds=0 if row["fault"] or row["settled"] is None else row["settled"] - row["monotonic"]),
    )
