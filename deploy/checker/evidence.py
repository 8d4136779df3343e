# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The history laid beside the rows: which posts belong to which delivery, and what each place shows in the end."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from deploy.checker.journal import Entry
from deploy.checker.rows import Delivery, Records

LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE = re.compile(r"AV-[2-9A-HJKMNP-TV-Z]{5}")
TEST_POST = re.compile(r"Prova di Campanella [0-9a-f]{8}")
"""What a check of a channel posts in silence, asks for and deletes; the one post that is meant to be of no notice."""
Place = tuple[str, int]
LEASE = timedelta(seconds=95)
"""What a worker gives a call that it claims, waits for its moment and makes, unless it is told otherwise."""


def code_of(notice: UUID) -> str:
    """Give the short code that every post of a notice shows, as people are told to read it."""
    number = int.from_bytes(hashlib.sha256(notice.bytes).digest()[:8], "big")
    signs = [LETTERS[number // len(LETTERS) ** place % len(LETTERS)] for place in range(5)]
    return "AV-" + "".join(signs)


@dataclass
class Evidence:
    """`posts` of each delivery in their order; `shows`: the entry that last wrote a place; places of people's posts.

    `gone`: places from which something was deleted, by whomever; `removed`: by us.
    `proved`: when a check posted to a chat, last. `accepted`: what callers were told is. `settled`: nothing should be
    open any more. `lease`: of a call.
    """

    records: Records
    entries: Sequence[Entry]
    accepted: Sequence[UUID] = ()
    settled: bool = field(default=True, kw_only=True)
    lease: timedelta = field(default=LEASE, kw_only=True)
    posts: dict[int, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    shows: dict[Place, Entry] = field(default_factory=dict)
    foreign: set[Place] = field(default_factory=set)
    strays: list[Entry] = field(default_factory=list)
    gone: set[Place] = field(default_factory=set)
    removed: set[Place] = field(default_factory=set)
    proved: dict[str, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = _by_code(self.records.deliveries)
        referred = {(row.address, reference): row for row in self.records.deliveries for reference in row.references}
        for entry in self.entries:
            places = [(str(entry.chat), message) for message in entry.messages]
            if entry.by == "human" and entry.did in ("accepted", "pinned"):
                self.foreign.update(places[-1:])
            if entry.did in ("accepted", "edited"):
                self.shows.update(dict.fromkeys(places, entry))
            if entry.did == "deleted":
                self.gone.update(places)
                self.removed.update(places if entry.by == "bot" else ())
            if entry.is_post:
                self._attribute(entry, known, referred)

    def _attribute(
        self, entry: Entry, known: dict[tuple[str, str], list[Delivery]], referred: dict[tuple[str, str], Delivery]
    ) -> None:
        codes = CODE.findall(entry.text)
        owner = _meant(entry, known.get((str(entry.chat), codes[-1]), [])) if codes else None
        for message in entry.messages:
            owner = owner or referred.get((str(entry.chat), str(message)))
        if owner is not None:
            self.posts[owner.id].append(entry)
        elif TEST_POST.fullmatch(entry.text):
            self.proved[str(entry.chat)] = entry.at
        elif codes or entry.text or entry.method != "sendMediaGroup":  # an album may lose the item with its caption
            self.strays.append(entry)

    def is_overwriting(self, entry: Entry) -> bool:
        """Tell whether our bot changed or removed what a person had posted."""
        touched = {(str(entry.chat), message) for message in entry.messages}
        return entry.by == "bot" and entry.did in ("edited", "deleted") and not touched.isdisjoint(self.foreign)

    def stands(self, entry: Entry) -> list[int]:
        """Give the messages of a post that are still there."""
        return [message for message in entry.messages if (str(entry.chat), message) not in self.gone]


def _by_code(rows: Sequence[Delivery]) -> dict[tuple[str, str], list[Delivery]]:
    known: dict[tuple[str, str], list[Delivery]] = defaultdict(list)
    for row in rows:
        known[row.address, code_of(row.notice.id)].append(row)
    return known


def _meant(entry: Entry, rows: Sequence[Delivery]) -> Delivery | None:
    """Choose among those with the code that a post shows: of a few thousand notices two may have the same."""
    if not rows[1:]:
        return next(iter(rows), None)
    titled = [row for row in rows if any(title in entry.text for title in row.notice.titles)]
    claimed = [row for row in titled if any(str(message) in row.references for message in entry.messages)]
    return next(iter(claimed or titled or rows))
