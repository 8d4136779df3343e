# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What one process holds of a caller's quota, and how the caller stands by that."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.rate import Policy, Standing

KEPT = 1.0
"""Seconds for which requests that were taken may be spent."""


@dataclass(slots=True)
class Share:
    """What this process holds of one caller's quota, and how the caller stood when Postgres was asked.

    `closed_from`: requests of so many and more are refused until `closed_until` without asking.
    """

    tokens: int = 0
    taken_at: float = 0.0
    ahead: tuple[float, ...] = ()
    told_at: float = 0.0
    closed_from: int = 0
    closed_until: float = 0.0
    spent: int = 0
    waiting: int = 0
    taking: asyncio.Task[bool] | None = None

    def held(self, now: float) -> int:
        return self.tokens if now - self.taken_at < KEPT else 0

    def paid(self, number: int) -> bool:
        """Pay from what is held, if that is enough."""
        if self.held(time.monotonic()) < number:
            return False
        self.tokens -= number
        self.spent += number
        return True

    def lay_aside(self) -> int:
        """Give what is held to whoever takes the rest, so that nobody spends it meanwhile."""
        held, self.tokens = self.held(time.monotonic()), 0
        return held

    def lend(self, number: int) -> None:
        """Hold so many more, which Postgres has counted."""
        now = time.monotonic()
        self.tokens, self.taken_at = self.held(now) + number, now

    def told(self, ahead: tuple[float, ...]) -> None:
        self.ahead, self.told_at = ahead, time.monotonic()

    def took(self, number: int) -> None:
        """Hold what was just taken, with what is left of the last time: whoever takes needs all of that."""
        self.tokens, self.taken_at, self.spent = self.tokens + number, time.monotonic(), 0

    def is_closed(self, number: int) -> bool:
        return number >= self.closed_from and time.monotonic() < self.closed_until

    def close(self, number: int, policies: Sequence[Policy]) -> None:
        """Refuse so many and more for the time of one request."""
        wait = standing(self, policies, number).wait or 0.0
        self.closed_from = number
        self.closed_until = time.monotonic() + min(wait, max(policy.interval for policy in policies))


def standing(share: Share, policies: Sequence[Policy], refused: int | None = None) -> Standing:
    """Say how a caller stands now; what this process still holds counts as not asked.

    Not so for who is refused: when they come again it will be lost.
    """
    now = time.monotonic()
    passed, held = now - share.told_at, 0 if refused else share.held(now)
    pairs = zip(policies, share.ahead or (0.0,) * len(policies), strict=False)
    return Standing([(policy, max(0.0, ahead - passed - held * policy.interval)) for policy, ahead in pairs], refused)
