# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The invariants, each a function from the evidence to what breaks it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from deploy.checker.account import STATES, as_accounted, reachable
from deploy.checker.approval import approved_first, waits_with_reason
from deploy.checker.doubt import asked, left
from deploy.checker.evidence import Evidence
from deploy.checker.journal import Entry
from deploy.checker.once import doubted_before, intended, once
from deploy.checker.order import in_order
from deploy.checker.rows import Records
from deploy.checker.shown import as_shown, in_time, taken_away

__all__ = ["RULES", "STATES", "Violation", "check"]

RULES: dict[str, Callable[[Evidence], Iterator[str]]] = {
    "I1 whatever is accepted is owed": as_accounted,
    "I2 delivered means seen there": as_shown,
    "I2 deleted means gone": taken_away,
    "I3 one post per notice and channel": once,
    "I3 whoever can be asked is asked": asked,
    "I4 a second try only after a recorded doubt": doubted_before,
    "I4 an intent before every post": intended,
    "I4 no doubt of what never left": left,
    "I5 nothing after expiry or withdrawal": in_time,
    "I6 reachable by Postgres alone": reachable,
    "I7 in order per channel": in_order,
    "I8 nothing waits for an approval that was given": waits_with_reason,
    "I8 nothing is shown that nobody has approved": approved_first,
}
TOO_MANY = 429


@dataclass(frozen=True, slots=True)
class Violation:
    rule: str
    what: str


def check(
    records: Records, entries: Sequence[Entry], accepted: Iterable[UUID] = (), *, settled: bool = True
) -> list[Violation]:
    """Give everything that breaks a promise.

    `accepted`: the notices that a caller was told are accepted. `settled`: nothing should be open any more.
    """
    if not settled:  # what has happened since the rows were read is for the next check
        entries = [entry for entry in entries if entry.at <= records.now]
    evidence = Evidence(records, entries)
    found = [Violation(rule, what) for rule, rule_of in RULES.items() for what in rule_of(evidence)]
    found += [
        Violation("I1 what was answered 202 is stored", f"notice {number} is not there")
        for number in accepted
        if number not in records.notices
    ]
    found += [Violation("no 429 caused by us", _named(e)) for e in entries if e.code == TOO_MANY and e.fault is None]
    found += [
        Violation("nothing of other people's is touched", _named(e)) for e in entries if evidence.is_overwriting(e)
    ]
    found += [Violation("every post belongs to a delivery", _named(entry)) for entry in evidence.strays]
    return found + ([Violation("everything settles", what) for what in _open(records)] if settled else [])


def _open(records: Records) -> Iterator[str]:
    for row in records.deliveries:
        waits = row.paused_at is not None or row.ready_at > records.now
        awaits = row.state == "due" and row.awaits is not None  # with what reason, is a rule of its own
        if row.state in ("due", "in_doubt") and not waits and not awaits:
            yield f"{row.where} is open: {row.last_error or 'no error'}"


def _named(entry: Entry) -> str:
    return f"entry {entry.number}: {entry.method} to {entry.chat} {list(entry.messages)} {entry.text[:60]!r}"
