# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The ground truth: every call, when it came, and what really became of it."""

from collections.abc import Mapping
from io import TextIOBase
from pathlib import Path
from typing import Any, TextIO

import msgspec

from deploy.sandbox.clock import Clock
from deploy.sandbox.refusals import RefusedError


class Entry(msgspec.Struct):
    """One call of the bot, or one deed of a human.

    `did` is what happened in the chats: accepted, edited, deleted, pinned, unpinned, answered (a question),
    refused, or nothing (a fault came first). `messages` are the ids it happened to.
    """

    number: int
    wall: float
    monotonic: float
    connection: int | None
    method: str
    by: str = "bot"
    chat: int | str | None = None
    source: str | None = None
    asked: list[int] = []
    text: str | None = None
    did: str = "nothing"
    messages: list[int] = []
    code: int | None = None
    description: str | None = None
    retry_after: int | None = None
    fault: str | None = None
    settled: float | None = None

    def note(self, parameters: Mapping[str, Any]) -> None:
        """Write down what the call asks for."""
        self.chat = number_or_name(parameters.get("chat_id"))
        self.source = parameters.get("from_chat_id")
        self.text = parameters.get("text") or parameters.get("caption")
        if "message_ids" in parameters:
            self.asked = list(parameters["message_ids"])
        elif "message_id" in parameters:
            self.asked = [parameters["message_id"]]

    def refuse(self, error: RefusedError) -> None:
        self.did = "refused"
        self.code, self.description = error.code, error.description
        self.retry_after = error.parameters.get("retry_after")


class Journal:
    """All entries in memory, and as JSON lines in a file if one is named."""

    def __init__(self, clock: Clock, path: Path | None = None) -> None:
        self.clock = clock
        self.entries: list[Entry] = []
        self.last = 0
        self.file: TextIO | TextIOBase | None = path.open("a", encoding="utf-8") if path else None

    def arrive(self, method: str, connection: int | None = None, by: str = "bot") -> Entry:
        self.last += 1
        entry = Entry(self.last, self.clock.wall(), self.clock.monotonic(), connection, method, by)
        self.entries.append(entry)
        return entry

    def settle(self, entry: Entry) -> None:
        """Write an entry down once it is certain what became of it, before any answer leaves."""
        entry.settled = self.clock.monotonic()
        if self.file:
            self.file.write(msgspec.json.encode(entry).decode() + "\n")
            self.file.flush()

    def human(self, method: str, chat_id: int, did: str, messages: list[int], text: str | None = None) -> None:
        entry = self.arrive(method, by="human")
        entry.chat, entry.did, entry.messages, entry.text = chat_id, did, messages, text
        self.settle(entry)

    def clear(self) -> None:
        self.entries.clear()

    def close(self) -> None:
        if self.file:
            self.file.close()
            self.file = None


def number_or_name(address: str | None) -> int | str | None:
    try:
        return int(address) if address is not None else None
    except ValueError:
        return address
