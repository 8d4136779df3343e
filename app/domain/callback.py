# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a source can be told of its notices, when a failed call is tried again, when an endpoint is given up."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from app.domain.delivery import State


class EventType(StrEnum):
    ACCEPTED = "notice.accepted"  # stored, with all it owes
    DELIVERED = "notice.delivered"  # every channel that it is owed to shows the present revision
    WITHDRAWN = "notice.withdrawn"  # taken back, and no channel shows it as current any more
    DEAD = "notice.dead"  # one delivery was given up
    HELD = "notice.held"  # one delivery waits for a person
    IN_DOUBT = "notice.in_doubt"  # one delivery may have arrived
    EXPIRED = "notice.expired"  # the time of one delivery was over before all of it could be posted
    DISABLED = "endpoint.disabled"  # another endpoint of the source is not called any more


PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400))
"""After the first try, at once: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h; 75 h 35 min in all."""
SPREAD = 0.1
"""By how much of itself a pause is lengthened at most, so that not all come back at one moment."""
FAILURES, WITHIN = 3, timedelta(hours=24)
"""So many failures within that time start the clock."""
PATIENCE = timedelta(days=5)
"""After so long with nothing but failures an endpoint is not called any more."""
LARGEST = 20_000
"""Bytes of a body at most."""
ALONE = {
    State.DEAD: EventType.DEAD,
    State.HELD: EventType.HELD,
    State.IN_DOUBT: EventType.IN_DOUBT,
    State.EXPIRED: EventType.EXPIRED,
}
OVER = {State.DELIVERED, State.WITHDRAWN}


def pause_after(tries: int, chance: float, asked: float | None) -> timedelta | None:
    """Give the time until the next try, at least what the receiver asked for; None when there is no further one."""
    if tries > len(PAUSES):
        return None
    pause = PAUSES[tries - 1] * (1 + SPREAD * chance)
    return max(pause, timedelta(seconds=asked or 0))


def come_to(counts: Mapping[State, int], *, withdrawn: bool) -> EventType | None:
    """Say what a notice as a whole has come to, if nothing of it is open or given up."""
    if any(count for state, count in counts.items() if state not in OVER):
        return None
    if withdrawn:
        return EventType.WITHDRAWN
    return EventType.DELIVERED if counts.get(State.DELIVERED) else None
