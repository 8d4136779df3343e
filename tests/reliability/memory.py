# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a backup remembers of each delivery, and what follows for it beside what Telegram really shows."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from deploy.checker import Entry, Violation
from deploy.checker.evidence import CODE, code_of
from tests.reliability.ground import Ground

KNOWN = """
select d.id, d.notice_id, c.address, d.ready_at < now() - interval '1 hour' as is_old, d.state = 'held' as was_held,
       d.state = 'in_doubt' or d.lease_until is not null and d.intent ->> 'action' = 'post' as in_flight,
       d.state = 'due' and d.shown is null and d.wanted is not null as is_new,
       case when c.can_ask then (d.intent ->> 'after')::int end as after
  from delivery d join channel c on c.id = d.channel_id
"""
ASKED = 3
"""How many places behind the last known post are looked at."""
STRAY = "every post belongs to a delivery"
Place = tuple[str, str]
"""A chat and the code of a notice: where a post of it is found."""


@dataclass(frozen=True)
class Known:
    """A delivery as the backup has it. `in_flight`: its post may be on the wire, behind `after` where one can ask."""

    id: int
    place: Place
    is_old: bool
    is_new: bool
    in_flight: bool
    was_held: bool
    after: int | None

    @property
    def is_asked(self) -> bool:
        return self.in_flight and self.after is not None

    @property
    def waits(self) -> bool:
        """Tell whether it must wait for a person, without any question."""
        return not self.is_asked and (self.in_flight or (self.is_new and self.is_old))

    @property
    def goes_out(self) -> bool:
        """Tell whether it is young enough to go out by itself, perhaps for the second time."""
        return self.is_new and not self.is_old and not self.in_flight


async def known(ground: Ground) -> list[Known]:
    names = ("id", "is_old", "is_new", "in_flight", "was_held", "after")
    rows = await ground.pool.fetch(KNOWN)
    return [
        Known(place=(row["address"], code_of(row["notice_id"])), **{name: row[name] for name in names}) for row in rows
    ]


def posted(entries: Iterable[Entry]) -> Counter[Place]:
    """Count what was posted where."""
    return Counter(_place(entry) for entry in entries if entry.is_post)


def adopted(rows: Iterable[Known], entries: Sequence[Entry]) -> set[int]:
    """Say which of those that are asked about stand there as they were posted, where the question looks."""
    changed = {(str(entry.chat), number) for entry in entries if not entry.is_post for number in entry.messages}
    there = {(_place(entry), number) for entry in entries if entry.is_post for number in entry.messages}
    return {
        row.id
        for row in rows
        if row.is_asked and row.after is not None
        for number in range(row.after + 1, row.after + 1 + ASKED)
        if (row.place, number) in there and (row.place[0], number) not in changed
    }


@dataclass(frozen=True)
class Oblivion:
    """What the restored rows cannot know: `notices` that came after the backup, and what became of its `rows`.

    `entries`: the journal, to the end.
    """

    rows: Sequence[Known]
    notices: Iterable[UUID]
    entries: Sequence[Entry]

    def explains(self, violation: Violation) -> bool:
        """Tell whether only what was forgotten breaks a rule.

        That is: posts of notices that nobody knows of any more; posts whose intent was written after the backup; what
        was young enough to go out again by itself, or late; what was marked as withdrawn before in the same words.
        """
        entry = re.match(r"entry (\d+)\b", violation.what)
        if entry is not None:
            return violation.rule == STRAY and int(entry[1]) in self._strays()
        named = {int(number) for number in re.findall(r"delivery (\d+) \(", violation.what)}
        return any(row.id in named and self._excuses(violation, row) for row in self.rows)

    def _strays(self) -> set[int]:
        codes = {code_of(number) for number in self.notices}
        return {entry.number for entry in self.entries if entry.is_post and _place(entry)[1] in codes}

    def _excuses(self, violation: Violation, row: Known) -> bool:
        match violation.rule:
            case "I4 an intent before every post" | "I7 in order per channel":
                return row.is_new or row.in_flight
            case "I3 one post per notice and channel":
                return row.goes_out
            case "I2 delivered means seen there":
                marked = re.search(r" (\d+) does not say that it is withdrawn$", violation.what)
                return marked is not None and "ritirat" in self._shows(row.place[0], int(marked[1])).lower()
        return False

    def _shows(self, chat: str, number: int) -> str:
        """Give the text that was written to a place last."""
        written = ("accepted", "edited")
        at = [each for each in self.entries if str(each.chat) == chat and number in each.messages]
        return [each.text for each in at if each.did in written][-1]


def _place(entry: Entry) -> Place:
    return str(entry.chat), CODE.findall(entry.text)[-1]
