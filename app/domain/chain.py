# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The chain of the audit log: each entry's hash covers the one before, so that no entry can change by itself."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

import rfc8785

START = bytes(32)
"""What the first entry's hash is built on."""
FLOOR = timedelta(days=184)
"""Six months: what the law wants to be kept at least, and what Postgres refuses to forget."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One act: `number` counts without gaps, `before` and `after` are JSON as text."""

    number: int
    at: datetime
    who: str
    label: str
    act: str
    target: str
    why: str | None = None
    address: str | None = None
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where the chain stood at a moment, kept elsewhere: what has been cut off since is missed."""

    number: int
    at: datetime
    hash: bytes


def link(previous: bytes, entry: Entry) -> bytes:
    """Give the hash of an entry: SHA-256 over the previous hash and the entry as canonical JSON (RFC 8785)."""
    row = {**asdict(entry), "number": str(entry.number), "at": entry.at.astimezone(UTC).isoformat()}
    return hashlib.sha256(previous + rfc8785.dumps(row)).digest()


def faults(start: Anchor, chain: Iterable[tuple[Entry, bytes]], anchors: Sequence[Anchor] = ()) -> Iterator[str]:
    """Say what is wrong with a chain that goes on from `start`, the checkpoint of what was pruned: nothing, if well."""
    last, known = start, {start.number: start}
    for entry, kept in chain:
        if entry.number != last.number + 1:
            yield f"Entry {last.number + 1} is missing, or entry {entry.number} is out of place."
        if link(last.hash, entry) != kept:
            yield f"Entry {entry.number} is not what was written, or something is gone before it."
        last = Anchor(entry.number, entry.at, kept)
        known[entry.number] = last
    for anchor in anchors:
        yield from _against(anchor, start, last, known.get(anchor.number))


def _against(anchor: Anchor, start: Anchor, last: Anchor, kept: Anchor | None) -> Iterator[str]:
    if anchor.number > last.number:
        yield f"The log ends at entry {last.number}, but an anchor has seen entry {anchor.number}."
    elif anchor.number < start.number and start.at - anchor.at > timedelta(0):
        return  # pruned in due time, with all that was as old
    elif anchor.number < start.number:
        yield f"Entry {anchor.number} was pruned although it is younger than the checkpoint says."
    elif kept != anchor:
        yield f"Entry {anchor.number} is another one than an anchor has seen."
