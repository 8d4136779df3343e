# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The published schedule of tries, and what a notice as a whole has come to."""

from datetime import timedelta

import pytest

from app.domain.callback import PAUSES, EventType, come_to, pause_after
from app.domain.delivery import State


def test_ten_tries_span_the_published_time() -> None:
    assert sum(PAUSES, timedelta(0)) == timedelta(hours=75, minutes=35, seconds=5)
    assert [pause_after(tries, 0, None) for tries in range(1, 11)] == [*PAUSES, None]


@pytest.mark.parametrize("tries", range(1, 10))
def test_pauses_are_spread_and_never_shortened(tries: int) -> None:
    pauses = [pause_after(tries, chance / 10, None) for chance in range(11)]

    assert pauses == sorted(pauses, key=lambda pause: pause or timedelta.max)
    assert (pauses[0], pauses[-1]) == (PAUSES[tries - 1], PAUSES[tries - 1] * 1.1)


def test_a_receiver_may_ask_for_a_longer_pause_and_not_for_a_shorter_one() -> None:
    assert pause_after(1, 0, 60) == timedelta(seconds=60)
    assert pause_after(2, 0, 60) == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("counts", "withdrawn", "expected"),
    [
        ({State.DELIVERED: 2}, False, EventType.DELIVERED),
        ({State.DELIVERED: 1, State.WITHDRAWN: 1}, False, EventType.DELIVERED),
        ({State.DELIVERED: 1, State.DUE: 1}, False, None),
        ({State.DELIVERED: 1, State.DEAD: 1}, False, None),
        ({State.EXPIRED: 1}, False, None),
        ({State.WITHDRAWN: 1}, False, None),
        ({}, False, None),
        ({State.WITHDRAWN: 2}, True, EventType.WITHDRAWN),
        ({State.WITHDRAWN: 1, State.DUE: 1}, True, None),
        ({}, True, EventType.WITHDRAWN),
    ],
)
def test_a_notice_as_a_whole_comes_to_something_once_nothing_is_open(
    counts: dict[State, int], *, withdrawn: bool, expected: EventType | None
) -> None:
    assert come_to(counts, withdrawn=withdrawn) is expected
