# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How often the platforms let us speak: per account, per channel, per channel and minute."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

MARGIN = 0.983
"""Exactly 30/s puts 31 sends into some seconds (scheduling jitter); at 29.5/s a strict server refuses none."""
MINUTE = timedelta(seconds=60.5)
"""A minute with room for the way to the server."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Sends per second for the account and for one channel, sends per minute for one group; 0 means no limit."""

    per_second: float = 30
    channel_per_second: float = 1
    group_per_minute: int = 20


def interval(per_second: float) -> timedelta:
    """Give the time between two sends; none without a limit."""
    return timedelta(seconds=1 / (per_second * MARGIN)) if per_second else timedelta(0)


def slots(free_at: datetime, now: datetime, horizon: timedelta, per_second: float, most: int) -> list[datetime]:
    """Give the moments at which the account may send within the horizon, at most `most`, without a burst."""
    if not per_second:
        return [now] * most
    step = interval(per_second)
    first = max(free_at, now)
    count = min(most, int((now + horizon - first) / step) + 1) if first <= now + horizon else 0
    return [first + step * number for number in range(count)]


def channel_free_at(sent: Sequence[datetime], limits: Limits, *, is_group: bool) -> datetime | None:
    """Say when a channel may be sent to again after the sends in `sent` (ascending), or None when at once."""
    waits = []
    if sent and limits.channel_per_second:
        waits.append(sent[-1] + interval(limits.channel_per_second))
    if is_group and limits.group_per_minute and len(sent) >= limits.group_per_minute:
        waits.append(sent[-limits.group_per_minute] + MINUTE)
    return max(waits, default=None)
