# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a claim is asked for, and what it gives."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from app.domain.delivery import Intent, Settlement
from app.outbox.owed import Owed


class Beside(Enum):
    """What else a process has on the wire when it claims: nothing, calls just begun, or one that takes its time."""

    NOTHING = auto()
    QUICK = auto()
    SLOW = auto()


@dataclass(frozen=True, slots=True)
class Turn:
    """How much one claim may take: at most so many, reserved so far ahead, leased for so long.

    `late`: how long after their moments calls go out; what follows moves by it, so that no second gets too many.
    `careful`: a worker ended without a word lately, so what is rendered is counted before.
    """

    most: int
    horizon: timedelta
    lease: timedelta
    late: timedelta = timedelta(0)
    beside: Beside = Beside.NOTHING
    careful: bool = False


@dataclass(frozen=True, slots=True)
class Claimed:
    """One call to make: what, under which token, and in how many seconds from the claim."""

    owed: Owed
    intent: Intent
    token: int
    wait: float


@dataclass(frozen=True, slots=True)
class Taken:
    """What one claim took, what ended without a call, and when another look is worth it.

    `now` is the database's time when this process's monotonic clock showed `at`; the calls' waits begin there.
    `waits`: what comes first must go alone and could not; None where nobody looked.
    """

    now: datetime
    at: float
    calls: tuple[Claimed, ...] = ()
    ended: tuple[tuple[Owed, Settlement], ...] = ()
    again: float | None = None
    waits: bool | None = None
