# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How often the platforms let us speak: per account, per channel, per channel and minute."""

from bisect import insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

MARGIN = 0.988
"""Of the rate that is allowed. Thirty sends so take twelve milliseconds more than a second."""
TOLERATED = 0.008
"""Seconds that a send may come late without anybody minding: what the margin has room for, and some for the clocks."""
SECOND = 1 + TOLERATED + 0.002
"""Between a send and the one that has room again because of it: what nobody was told of, and some for the clocks."""
MOST_KEPT = 1000
"""Sends that are remembered; where more are allowed a second, only the time between two is kept to."""
MINUTE = timedelta(seconds=60.5)
"""A minute with room for the way to the server."""
LEFT_TO_URGENT = 10
"""Of so many sends that a group may have in a minute, one is left to urgent notices: of Telegram's twenty, two."""
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Limits:
    """Sends per second for the account and for one channel, sends per minute for one group; 0 means no limit."""

    per_second: float = 30
    channel_per_second: float = 1
    group_per_minute: int = 20

    def slower(self, slowdown: float) -> "Limits":
        """Give what holds for a channel that is told that it is too fast."""
        return replace(self, channel_per_second=self.channel_per_second / slowdown)


def interval(per_second: float) -> timedelta:
    """Give the time between two sends; none without a limit."""
    return timedelta(seconds=1 / (per_second * MARGIN)) if per_second else timedelta(0)


@dataclass(frozen=True, slots=True)
class Account:
    """What an account has spent: when it may send next, and when its last sends can have arrived at the latest.

    `slowdown`: 1 at full speed, more after the platform asked us to wait.
    """

    free_at: datetime
    sent: Sequence[datetime] = ()
    slowdown: float = 1.0

    def next_at(self, per_second: float) -> datetime:
        """Say when the next send may go, which may be long ago."""
        if not per_second:
            return self.free_at
        return max(self.free_at, _has_room(sorted(self.sent), per_second / self.slowdown, kept(per_second)))

    def told(self, came: Mapping[datetime, datetime]) -> "Account":
        """Count sends from when they can have come, which `came` gives by their moments."""
        return replace(self, sent=sorted(came.get(moment, moment) for moment in self.sent))

    def spent(self, moments: Sequence[datetime], per_second: float) -> "Account":
        """Count sends at these moments (ascending), and forget what no second has to do with any more."""
        many = kept(per_second)
        sent = sorted([*self.sent, *moments])[-many:] if many else []
        return replace(self, sent=sent, free_at=moments[-1] + interval(per_second / self.slowdown))


def slots(account: Account, now: datetime, horizon: timedelta, per_second: float, most: int) -> list[datetime]:
    """Give the moments at which the account may send within the horizon, at most `most`, without a burst.

    Sends that came late count from when they came: the next ones keep their distance, so that no second, wherever it
    begins, gets more than it may.
    """
    if not per_second:
        return [now] * most
    step, sent, found = interval(per_second / account.slowdown), sorted(account.sent), list[datetime]()
    moment = max(account.free_at, now)
    while len(found) < most:
        moment = max(moment, _has_room(sent, per_second / account.slowdown, kept(per_second)))
        if moment > now + horizon:
            break
        found.append(moment)
        insort(sent, moment)
        moment += step
    return found


def placed(account: Account, moments: Sequence[datetime], many: Sequence[int], per_second: float) -> list[datetime]:
    """Give calls of so many messages each their moments, of those that `slots` gave; the last may go beyond them.

    Each message spends one, and all of a call go at its last one: so no second gets more than it may.
    """
    if not per_second:
        return list(moments[: len(many)])
    step, sent, found, spent = interval(per_second / account.slowdown), sorted(account.sent), list[datetime](), 0
    for messages in many:
        if spent >= len(moments):
            break
        spent += messages
        at = moments[min(spent, len(moments)) - 1] + step * max(0, spent - len(moments))
        at = max(at, _fits(sent, per_second, account.slowdown, messages), *(last + step for last in found[-1:]))
        found.append(at)
        sent.extend([at] * messages)
    return found


def _fits(sent: Sequence[datetime], per_second: float, slowdown: float, messages: int) -> datetime:
    """Say when so many may go at once: for more than a second may have it must be empty before."""
    most = kept(per_second)
    back = max(1, most - messages + 1)
    long = timedelta(seconds=SECOND * max(1.0, most * slowdown / per_second))
    return sent[-back] + long if most and back <= len(sent) else LONG_AGO


def kept(per_second: float) -> int:
    """Say how many sends must be remembered: as many as one second may have."""
    return max(1, int(per_second)) if per_second <= MOST_KEPT else 0


def _has_room(sent: Sequence[datetime], rate: float, many: int) -> datetime:
    """Say when the last but so many is a second ago, or as long as so many take, if that is more."""
    return sent[-many] + timedelta(seconds=SECOND * max(1.0, many / rate)) if 0 < many <= len(sent) else LONG_AGO


def channel_free_at(sent: Sequence[datetime], limits: Limits, *, is_group: bool) -> datetime | None:
    """Say when a channel may be sent to again after the sends in `sent` (ascending), or None when at once."""
    waits = []
    if sent and limits.channel_per_second:
        waits.append(sent[-1] + interval(limits.channel_per_second))
    if is_group and limits.group_per_minute and len(sent) >= limits.group_per_minute:
        waits.append(sent[-limits.group_per_minute] + MINUTE)
    return max(waits, default=None)


def others_free_at(sent: Sequence[datetime], limits: Limits, *, is_group: bool) -> datetime | None:
    """Say when a group may be sent what is not urgent again as far as its minute goes, or None when at once."""
    many = limits.group_per_minute - limits.group_per_minute // LEFT_TO_URGENT
    return sent[-many] + MINUTE if is_group and 0 < many <= len(sent) else None


def fits_at(sent: Sequence[datetime], limits: Limits, many: int, *, urgent: bool) -> datetime | None:
    """Say when a group's minute has room for so many after the sends in `sent` (ascending), or None when at once."""
    most = limits.group_per_minute - (0 if urgent else limits.group_per_minute // LEFT_TO_URGENT)
    left = most - min(many, most)
    return sent[-left - 1] + MINUTE if most and len(sent) > left else None


def rests_until(
    sent: Sequence[datetime], limits: Limits, now: datetime, *, is_group: bool
) -> tuple[datetime, datetime]:
    """Say when a channel may be sent to again after the sends in `sent` (ascending), and when also what can wait."""
    free = channel_free_at(sent, limits, is_group=is_group) or now
    return free, others_free_at(sent, limits, is_group=is_group) or now
