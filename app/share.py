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
    """What this process holds of one caller's quota, and how the caller stood when it was taken."""

    tokens: int = 0
    taken_at: float = 0.0
    ahead: tuple[float, ...] = ()
    closed_until: float = 0.0
    spent: int = 0
    waiting: int = 0
    taking: asyncio.Task[bool] | None = None

    def held(self, now: float) -> int:
        return self.tokens if now - self.taken_at < KEPT else 0


def aheads(share: Share, policies: Sequence[Policy]) -> list[tuple[Policy, float]]:
    """Say how far each policy runs ahead now, if what this process still holds counts as not asked."""
    passed, held = time.monotonic() - share.taken_at, share.held(time.monotonic())
    pairs = zip(policies, share.ahead or (0.0,) * len(policies), strict=False)
    return [(policy, max(0.0, ahead - passed - held * policy.interval)) for policy, ahead in pairs]


def wait(share: Share, policies: Sequence[Policy], number: int) -> float:
    return max(policy.wait(ahead, number) for policy, ahead in aheads(share, policies))


def standing(share: Share, policies: Sequence[Policy], refused: int | None = None) -> Standing:
    return Standing(aheads(share, policies), None if refused is None else wait(share, policies, refused))
