# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Nothing is lost: what was accepted is owed, every delivery is in a state that has a name, and can be reached."""

from collections import Counter
from collections.abc import Iterator

from deploy.checker.evidence import Evidence
from deploy.checker.rows import Delivery, Records

STATES = ("due", "delivered", "in_doubt", "held", "expired", "withdrawn", "dead")
OPEN = ("due", "in_doubt")


def account(records: Records) -> dict[str, int]:
    """Count what was accepted and what became of it."""
    states = Counter(row.state for row in records.deliveries)
    accepted = sum(notice.owed for notice in records.notices.values())
    return {"accepted": accepted, **{state: states[state] for state in STATES}}


def as_accounted(evidence: Evidence) -> Iterator[str]:
    records = evidence.records
    owed = Counter(row.notice.id for row in records.deliveries)
    for notice in records.notices.values():
        if owed[notice.id] != notice.owed:
            yield f"notice {notice.id} is owed to {notice.owed} channels, but has {owed[notice.id]} deliveries"
    counts = account(records)
    if counts["accepted"] != sum(counts[state] for state in STATES):
        yield f"the account is not exact: {counts}"


def stored(evidence: Evidence) -> Iterator[str]:
    """Say which notices are not there although a caller was told that they are accepted."""
    known = evidence.records.notices
    yield from (f"notice {number} is not there" for number in evidence.accepted if number not in known)


def settles(evidence: Evidence) -> Iterator[str]:
    """Say what is open although nothing should be any more; what waits, for a time or for a person, may."""
    for row in evidence.records.deliveries if evidence.settled else ():
        waits = row.paused_at is not None or row.ready_at > evidence.records.now
        awaits = row.state == "due" and row.awaits is not None  # with what reason, is a rule of its own
        if row.state in OPEN and not waits and not awaits:
            yield f"{row.where} is open: {row.last_error or 'no error'}"


def reachable(evidence: Evidence) -> Iterator[str]:
    """Say which open rows no look at Postgres would ever find."""
    for row in evidence.records.deliveries:
        if row.state in OPEN:
            yield from _unreachable(row)
        elif row.lease_until is not None and row.lease_until < evidence.records.now:
            yield f"{row.where} is final but leased"


def _unreachable(row: Delivery) -> Iterator[str]:
    if row.parked and row.paused_at is None:
        yield f"{row.where} is parked, but its channel is not paused"
    if row.state == "in_doubt" and not row.has_intent:
        yield f"{row.where} is in doubt about nothing"
    if row.lease_until is not None and row.turn_until is None:
        yield f"{row.where} is leased without its channel's turn"
