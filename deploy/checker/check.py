# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The invariants, each a function from the evidence to what breaks it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from deploy.checker.account import STATES, as_accounted, reachable, settles, stored
from deploy.checker.approval import approved_first, waits_with_reason
from deploy.checker.chats import in_pace, owned, untouched
from deploy.checker.doubt import asked, left
from deploy.checker.evidence import LEASE, Evidence
from deploy.checker.in_time import in_time
from deploy.checker.journal import Entry
from deploy.checker.once import doubted_before, intended, once
from deploy.checker.order import in_order
from deploy.checker.rows import Records
from deploy.checker.shown import as_shown, taken_away

__all__ = ["ANSWERED", "RULES", "SETTLES", "STATES", "Violation", "check"]

ANSWERED, SETTLES = "I1 what was answered 202 is stored", "everything settles"
RULES: dict[str, Callable[[Evidence], Iterator[str]]] = {
    "I1 whatever is accepted is owed": as_accounted,
    ANSWERED: stored,
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
    "no 429 caused by us": in_pace,
    "nothing of other people's is touched": untouched,
    "every post belongs to a delivery": owned,
    SETTLES: settles,
}
"""All that is promised. Each is broken on purpose by a test, which fails where one is added without that."""


@dataclass(frozen=True, slots=True)
class Violation:
    rule: str
    what: str


def check(
    records: Records,
    entries: Sequence[Entry],
    accepted: Iterable[UUID] = (),
    *,
    settled: bool = True,
    lease: timedelta = LEASE,
) -> list[Violation]:
    """Give everything that breaks a promise.

    `accepted`: the notices that a caller was told are accepted. `settled`: nothing should be open any more.
    `lease`: what the workers give a call.
    """
    if not settled:  # what has happened since the rows were read is for the next check
        entries = [entry for entry in entries if entry.at <= records.now]
    evidence = Evidence(records, entries, tuple(accepted), settled=settled, lease=lease)
    return [Violation(rule, what) for rule, rule_of in RULES.items() for what in rule_of(evidence)]
