# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A measured figure, what it aims at, and the few sums that figures need."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

OURS = "campanella"


class Sense(StrEnum):
    """Which way an aim points."""

    LEAST = "≥"
    MOST = "≤"
    EXACTLY = "="


@dataclass(frozen=True, slots=True)
class Aim:
    sense: Sense
    bound: float

    def met_by(self, value: float) -> bool:
        match self.sense:
            case Sense.LEAST:
                return value >= self.bound
            case Sense.MOST:
                return value <= self.bound
            case Sense.EXACTLY:
                return value == self.bound


def at_least(bound: float) -> Aim:
    return Aim(Sense.LEAST, bound)


def at_most(bound: float) -> Aim:
    return Aim(Sense.MOST, bound)


def exactly(bound: float) -> Aim:
    return Aim(Sense.EXACTLY, bound)


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured of whom."""

    what: str
    value: float
    unit: str = ""
    aim: Aim | None = None
    who: str = OURS

    @property
    def is_met(self) -> bool | None:
        return None if self.aim is None else self.aim.met_by(self.value)


def nothing_open(many: int) -> Figure:
    """Say how many deliveries were still open when all should have been over: what comes of them is not counted."""
    return Figure("still open at the end", many, "", exactly(0))


@dataclass(frozen=True, slots=True)
class Measured:
    """What a scenario found: its figures, and sentences about what was left out or how it was done."""

    figures: tuple[Figure, ...]
    remarks: tuple[str, ...] = ()


def ratio(value: float, base: float) -> float:
    """Give what a value is to its base; to none at all it is nothing."""
    return value / base if base else math.nan


def rate(moments: Sequence[float]) -> float:
    """Give the arrivals per second between the first and the last; of fewer than two there is none."""
    seconds = moments[-1] - moments[0] if moments else 0.0
    return ratio(len(moments) - 1, seconds)


def median(values: Sequence[float]) -> float:
    return quantile(values, 0.5)


def quantile(values: Sequence[float], share: float) -> float:
    """Give the value that a share of all values does not exceed, between neighbours in proportion; of none, nothing."""
    if not values:
        return math.nan
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
