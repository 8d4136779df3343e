# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a worker tells the pace of calls that came late, and where it places the database's moments."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.outcome import Wire
from app.domain.pace import TOLERATED
from app.outbox import Moments
from workers.arrivals import REMEMBERED, Arrivals

NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)


def test_a_call_that_came_late_is_told_of_until_the_pace_knows() -> None:
    arrivals, now = Arrivals(), time.monotonic()

    arrivals.note(NOW, due=now - 0.5, left=now - 0.001, wire=Wire.RESPONSE)

    assert timedelta(seconds=0.5) <= arrivals.late[NOW] - NOW
    arrivals.forget([NOW])
    assert arrivals.late == {}


def test_nobody_is_told_of_a_call_that_came_in_time() -> None:
    arrivals, now = Arrivals(), time.monotonic()

    arrivals.note(NOW, due=now + 60, left=now + 60, wire=Wire.RESPONSE)

    assert arrivals.late == {}


def test_what_the_quickest_call_took_is_the_way_and_no_delay() -> None:
    """A platform a minute away, where the slowest of these calls took no longer than the others."""
    arrivals, now = Arrivals(), time.monotonic()
    for _ in range(REMEMBERED):
        arrivals.note(NOW, due=now - 60, left=now - 60, wire=Wire.RESPONSE)
    first = arrivals.late[NOW] - NOW
    arrivals.forget([NOW])

    arrivals.note(NOW, due=now - 70, left=now - 60, wire=Wire.RESPONSE)

    assert first > timedelta(seconds=59)  # as long as nobody knows better a call takes no time
    assert timedelta(seconds=10) <= arrivals.late[NOW] - NOW < timedelta(seconds=50)


def test_a_call_is_late_as_well_where_it_was_on_the_way_for_long() -> None:
    arrivals = Arrivals()
    for _ in range(REMEMBERED):
        now = time.monotonic()
        arrivals.note(NOW - timedelta(days=1), due=now + 60, left=now - 0.001, wire=Wire.RESPONSE)
    now = time.monotonic()

    arrivals.note(NOW, due=now - 20 - 2 * TOLERATED, left=now - 20, wire=Wire.RESPONSE)

    assert arrivals.late[NOW] - NOW > timedelta(seconds=10)


def about(*bounds: float) -> object:
    return pytest.approx(bounds, abs=1e-6)


def test_an_answer_that_was_read_late_moves_no_moment() -> None:
    moments = Moments()

    first = moments.place(NOW, asked=99.0, answered=100.001)
    second = moments.place(NOW + timedelta(seconds=1), asked=100.9, answered=101.3)

    assert first == about(99.0, 100.001)
    assert second == about(100.9, 101.001)


def test_a_question_that_had_to_wait_moves_no_moment_either() -> None:
    moments = Moments()
    moments.place(NOW, asked=99.9, answered=100.1)

    assert moments.place(NOW + timedelta(seconds=1), asked=100.2, answered=101.05) == about(100.9, 101.05)


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_database_that_has_set_its_clock_is_believed_at_once(hours: int) -> None:
    moments = Moments()
    moments.place(NOW, asked=99.9, answered=100.0)

    assert moments.place(NOW + timedelta(hours=hours), asked=100.5, answered=100.6) == about(100.5, 100.6)
