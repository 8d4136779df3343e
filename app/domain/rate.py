# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How much one caller may ask, as a rate with room for bursts (GCRA): what is asked runs ahead of the clock."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Policy:
    """`quota` requests in `window` seconds. `ahead`: the seconds by which what was asked runs ahead of the clock."""

    name: str
    quota: int
    window: int

    @property
    def interval(self) -> float:
        """Seconds that one request takes off the window."""
        return self.window / self.quota

    def remaining(self, ahead: float) -> int:
        return max(0, min(self.quota, math.floor((self.window - ahead) / self.interval + ROUNDING)))

    def wait(self, ahead: float, number: int = 1) -> float:
        """Give the seconds until so many requests may come."""
        return max(0.0, ahead + number * self.interval - self.window)

    def reset(self, ahead: float) -> int:
        """Give the seconds to tell: until the next request may come if none may now, else until all may again."""
        return math.ceil(max(0.0, ahead if self.remaining(ahead) else self.wait(ahead)) - ROUNDING)


@dataclass(slots=True)
class Excess:
    """A request beyond the quota. `is_let_in`: it was urgent, and the reserve has paid for it."""

    standing: "Standing"
    is_let_in: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How a caller stands with each policy. `refused`: so many requests were refused, None where they may come."""

    policies: Sequence[tuple[Policy, float]]
    refused: int | None = None

    @property
    def wait(self) -> float | None:
        """The seconds until what was refused may come, None if it may now."""
        return (
            None if self.refused is None else max(policy.wait(ahead, self.refused) for policy, ahead in self.policies)
        )

    @property
    def violated(self) -> list[str]:
        """Name the policies that a refused request would break."""
        many = self.refused or 1
        broken = [policy.name for policy, ahead in self.policies if policy.wait(ahead, many) > ROUNDING]
        return broken or [self.tightest.name]

    @property
    def tightest(self) -> Policy:
        return min(self.policies, key=lambda one: (one[0].remaining(one[1]), -one[0].reset(one[1])))[0]

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Tell it in both families: the three fields of the Italian guidelines, and the two of the draft."""
        if not self.policies:
            return []
        shown = {policy.name: (policy, policy.remaining(ahead), policy.reset(ahead)) for policy, ahead in self.policies}
        first, remaining, reset = min(shown.values(), key=lambda one: (one[1], -one[2]))
        told = ", ".join(f'"{name}";r={left};t={seconds}' for name, (_, left, seconds) in shown.items())
        rules = ", ".join(f'"{name}";q={policy.quota};w={policy.window}' for name, (policy, _, _) in shown.items())
        return [
            ("RateLimit-Limit", str(first.quota)),
            ("RateLimit-Remaining", str(remaining)),
            ("RateLimit-Reset", str(reset)),
            ("RateLimit", told),
            ("RateLimit-Policy", rules),
        ]
