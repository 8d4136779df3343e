# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How many pushes a platform allows in a day and in a month, and when the next one may go out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

MOST_ARTICLES = 8
"""What one push holds, where a platform rations pushes of articles."""


@dataclass(frozen=True, slots=True)
class Quota:
    """Pushes per calendar day and calendar month, 0 for no such limit, in the time zone that the platform counts in."""

    per_day: int
    per_month: int
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left today and this month (None: no limit), and from when on a push may go out."""

    today: int | None
    month: int | None
    opens_at: datetime

    def is_open(self, now: datetime) -> bool:
        return self.opens_at <= now


def allowance(quota: Quota, pushes: Iterable[datetime], now: datetime) -> Allowance:
    """Count what was pushed against the calendar of the platform."""
    today = now.astimezone(quota.zone)
    there = [push.astimezone(quota.zone) for push in pushes]
    day = _left(quota.per_day, sum(push.date() == today.date() for push in there))
    month = _left(quota.per_month, sum((push.year, push.month) == (today.year, today.month) for push in there))
    if month == 0:
        return Allowance(day, month, _first_of_next_month(today))
    if day == 0:
        return Allowance(day, month, _midnight(today + timedelta(days=1)))
    return Allowance(day, month, now)


def next_day(now: datetime, zone: ZoneInfo) -> datetime:
    """Give the next midnight of the platform's calendar."""
    return _midnight(now.astimezone(zone) + timedelta(days=1))


def _left(limit: int, used: int) -> int | None:
    return max(0, limit - used) if limit else None


def _first_of_next_month(today: datetime) -> datetime:
    return _midnight((today.replace(day=1) + timedelta(days=32)).replace(day=1))


def _midnight(day: datetime) -> datetime:
    return datetime.combine(day.date(), time.min, day.tzinfo)
