# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-10: Telegram is away for a day of simulated time, while notices come in. Nothing is lost; it is asked rarely."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from app.domain.backoff import GIVE_UP
from app.domain.breaker import CALLS, LONGEST, URGENT
from app.domain.delivery import Intent, Progress, Settlement, State
from app.domain.lane import GOALS
from app.domain.outcome import Doubted, Failed, Outcome
from app.domain.pace import MINUTE
from app.domain.settle import settle
from tests.domain.simulated_breaker import Breaker
from tests.domain.simulated_outage import MANY, OWN, Outage
from tests.domain.simulated_platform import unkept
from tests.domain.simulated_world import LIMITS, Row

DAY = timedelta(hours=24)
WINDOW = timedelta(seconds=30)
AT_FIRST = 5
"""Questions, after rests of 1, 2, 4, 8 and 16 seconds."""
RETRIED = 0.1
"""Calls in vain that asked nothing, by what was owed."""
A_MOMENT = timedelta(seconds=10)


def broken(outage: Outage) -> list[str]:
    """Live through an outage, and give every promise that it broke."""
    found = outage.run()
    return [*found, *unkept(outage), *calls_in_vain(outage), *questions(outage), *losses(outage), *late(outage)]


def calls_in_vain(outage: Outage) -> Iterator[str]:
    vain = [at for moments in outage.vain.values() for at in moments]
    before = sum(at <= min(outage.breaker.opened, default=outage.back) for at in vain)
    if before > 5 * CALLS:
        yield f"{before} calls were in vain before it counted as away"
    if len(vain) - len(outage.breaker.asks) > RETRIED * len(outage.rows):
        yield f"{len(vain)} calls were in vain, {len(outage.breaker.asks)} of them questions"


def questions(outage: Outage) -> Iterator[str]:
    """Count in each half minute: two questions, more at first, and one every five seconds while something is urgent."""
    asks = outage.breaker.asks
    moments = [moment for moment, _ in asks]
    for number, at in enumerate(moments):
        within = [urgent for _, urgent in asks[number : bisect_left(moments, at + WINDOW)]]
        opened = max((each for each in outage.breaker.opened if each <= at), default=at)
        is_first = number - bisect_left(moments, opened) < AT_FIRST
        most = 2 if not is_first and not any(within) else WINDOW / URGENT + 1
        if len(within) > most:
            yield f"it was asked {len(within)} times within half a minute of {at}"


def losses(outage: Outage) -> Iterator[str]:
    """Say what appeared too late, and what was given up, or left to a person, neither for its age nor for a doubt."""
    if outage.platform.late:
        yield f"{outage.platform.late} appeared after their time"
    for row in outage.rows:
        vain, ended = outage.vain.get(row.number, []), row.progress.state
        is_old = bool(vain) and vain[-1] - vain[0] > GIVE_UP[row.progress.lane] - A_MOMENT
        if ended not in (State.DELIVERED, State.EXPIRED) and not row.doubts and not is_old:
            yield f"delivery {row.number} is {ended} after {len(vain)} calls in vain"


def late(outage: Outage) -> Iterator[str]:
    """Say which channel had what waited for it later than the pace, and the next question, explain."""
    waited = [row for row in outage.rows if row.effects and handed_in(row) < outage.back <= row.effects[0][1]]
    first = timedelta(seconds=min(len(waited), MANY * LIMITS.group_per_minute) / LIMITS.per_second)
    for number, many in Counter(row.channel.number for row in waited).items():
        last = max(row.effects[0][1] for row in waited if row.channel.number == number)
        if last - outage.back > LONGEST + MINUTE * (many / LIMITS.group_per_minute) + first + A_MOMENT:
            yield f"channel {number} had its {many} {last - outage.back} after it was back"


def handed_in(row: Row) -> datetime:
    return row.rank - GOALS[row.progress.lane]


def test_a_day_away_loses_nothing_and_is_asked_about_rarely() -> None:
    """8,900 deliveries to 60 channels, three workers; the night has fifty days."""
    outage = Outage(1, DAY)

    assert broken(outage) == []
    assert len(outage.breaker.asks) > 3000
    assert {State.DELIVERED, State.EXPIRED} <= {row.progress.state for row in outage.rows}


@pytest.mark.nightly
@pytest.mark.timeout(7200)
def test_fifty_days_away_lose_nothing() -> None:
    assert {seed: found for seed in range(2, 52) if (found := broken(Outage(seed, DAY)))} == {}


def test_it_may_come_and_go() -> None:
    assert {minutes: found for minutes in (1, 10, 60) if (found := broken(Outage(7, timedelta(minutes=minutes))))} == {}


def never(*_: object) -> bool:
    return False


def hastily(*_: object, **__: object) -> timedelta:
    return timedelta(seconds=3)


def in_a_burst(account: object, now: datetime, *_: object) -> list[datetime]:  # noqa: ARG001 - as `slots` is called
    return [now] * 8


def a_doubt_is_taken_for_a_failure(before: Progress, done: Intent, outcome: Outcome, *rest: Any) -> Settlement:
    return settle(before, done, Failed("?") if isinstance(outcome, Doubted) else outcome, *rest)


@pytest.mark.parametrize(
    ("fault", "promise"),
    [
        ({"breaker": partial(Breaker, judge=never)}, "calls were in vain"),
        ({"breaker": partial(Breaker, rest=hastily)}, "it was asked 10 times within half a minute"),
        ({"wakes": False}, "after it was back"),
        ({"spread": in_a_burst}, "too many at once"),
        ({"knows_the_time": False}, "appeared after their time"),
        ({"settling": a_doubt_is_taken_for_a_failure}, "is there twice, where it may not be repeated"),
    ],
    ids=["no breaker", "asks too often", "wakes nobody", "no pace", "no expiry", "doubt as failure"],
)
def test_a_fault_breaks_a_promise_within_an_hour(fault: dict[str, Any], promise: str) -> None:
    """What cannot fail proves nothing."""
    found = broken(Outage(3, timedelta(hours=1), replace(OWN, **fault)))

    assert re.search(promise, "\n".join(found))
