# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a claim is asked for, and what it gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto

from app.domain.delivery import Action, Intent, Settlement
from app.domain.lane import LANES
from app.domain.notice import Priority
from app.outbox.account import Moments
from app.outbox.owed import Owed


class Beside(Enum):
    """What else a process has on the wire when it claims: nothing, calls just begun, or one that takes its time."""

    NOTHING = auto()
    QUICK = auto()
    SLOW = auto()


@dataclass(frozen=True, slots=True)
class Turn:
    """How much one claim may take: at most so many, reserved so far ahead, leased for so long.

    `came`: by their moments, when sends can have arrived that came late. `moments`: the database's time seen from here.
    `careful`: a worker ended without a word lately, so what is rendered is counted before. `lanes`: last one to go.
    """

    most: int
    horizon: timedelta
    lease: timedelta
    beside: Beside = Beside.NOTHING
    careful: bool = False
    lanes: int = LANES[Priority.BULK]
    came: Mapping[datetime, datetime] = field(default_factory=dict)
    moments: Moments = field(default_factory=Moments)


@dataclass(frozen=True, slots=True)
class Claimed:
    """One call to make: what, under which token, and the moment that the pace has for it."""

    owed: Owed
    intent: Intent
    token: int
    moment: datetime

    @property
    def over_at(self) -> datetime | None:
        """Say from when on it may not be made: what changes a post, or asks about one, may be made at any time."""
        is_new = self.intent.action is Action.POST and self.intent.reference is None
        return self.owed.progress.expires_at if is_new else None


@dataclass(frozen=True, slots=True)
class Taken:
    """What one claim took, what ended without a call, and when another look is worth it.

    `now` is the database's time when this process's monotonic clock showed `at`, or up to `unsure` seconds less.
    `ahead`: by so many seconds the leases are longer than was asked, as the pace has no moment sooner.
    `waits`: what comes first must go alone and could not; None where nobody looked.
    """

    now: datetime
    at: float
    calls: tuple[Claimed, ...] = ()
    ended: tuple[tuple[Owed, Settlement], ...] = ()
    again: float | None = None
    waits: bool | None = None
    unsure: float = 0.0
    ahead: float = 0.0

    def seconds_to(self, moment: datetime) -> float:
        """Give the monotonic seconds of this process when it is that moment for the database."""
        return self.at + (moment - self.now).total_seconds()

    def at_the_latest(self, moment: datetime) -> float:
        """Give the monotonic seconds until which it is surely not yet that moment for the database."""
        return self.seconds_to(moment) - self.unsure
