# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What happened, in order: every call with its verdict, every effect, every deed of a person."""

from pathlib import Path
from typing import Any, TextIO

import msgspec

from deploy.sandbox.clock import Clock
from deploy.sandbox_wechat.account import Publication, Send


class Entry(msgspec.Struct):
    """One call (`by` app), effect (`by` wechat) or deed of a person.

    `did`: token, uploaded, drafted, submitted, confirmed, finished, deleted, published, answered, refused, nothing.
    """

    number: int
    wall: float
    path: str
    by: str = "app"
    did: str = "nothing"
    errcode: int | None = None
    key: str | None = None
    msg_id: str | None = None
    titles: list[str] = []
    status: str | None = None
    address: str | None = None
    fault: str | None = None


class Journal:
    """All entries in memory, and as JSON lines in a file if one is named."""

    def __init__(self, clock: Clock, path: Path | None = None) -> None:
        self.clock = clock
        self.entries: list[Entry] = []
        self.last = 0
        self.file: TextIO | None = path.open("a", encoding="utf-8") if path else None

    def arrive(self, path: str, address: str | None = None, by: str = "app") -> Entry:
        self.last += 1
        entry = Entry(self.last, self.clock.wall(), path, by, address=address)
        self.entries.append(entry)
        return entry

    def settle(self, entry: Entry) -> None:
        """Write an entry down before any answer leaves."""
        if self.file:
            self.file.write(msgspec.json.encode(entry).decode() + "\n")
            self.file.flush()

    def watch(self, what: str, thing: Any) -> None:
        """Write down an effect."""
        if not isinstance(thing, Send | Publication):
            return
        entry = self.arrive("", by="wechat")
        entry.did, entry.titles = what, [article.title for article in thing.articles]
        if isinstance(thing, Send):
            entry.key, entry.msg_id, entry.status = thing.key, str(thing.msg_id), thing.status
        else:
            entry.msg_id, entry.status = thing.id, thing.state
        self.settle(entry)

    def close(self) -> None:
        if self.file:
            self.file.close()
            self.file = None
