# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.backoff import CAP, backoff
from app.domain.pace import MINUTE, Limits, channel_free_at, interval, slots

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HORIZON = timedelta(milliseconds=100)


def test_thirty_a_second_leave_room_for_jitter() -> None:
    assert 29.4 < timedelta(seconds=1) / interval(30) < 29.6


def test_a_claim_reserves_no_further_ahead_than_the_horizon() -> None:
    moments = slots(NOW, NOW, HORIZON, 30, most=50)

    assert len(moments) == 3
    assert moments[0] == NOW
    assert moments[-1] <= NOW + HORIZON


def test_time_that_was_not_used_is_not_made_up_for_by_a_burst() -> None:
    moments = slots(NOW - timedelta(hours=1), NOW, HORIZON, 30, most=50)

    assert moments == slots(NOW, NOW, HORIZON, 30, most=50)


def test_a_spent_pace_gives_no_slot() -> None:
    assert slots(NOW + timedelta(seconds=1), NOW, HORIZON, 30, most=50) == []


def test_no_limit_gives_as_many_as_asked_for() -> None:
    assert slots(NOW + timedelta(seconds=9), NOW, HORIZON, 0, most=50) == [NOW] * 50


def test_a_channel_rests_a_second_between_two_sends() -> None:
    free_at = channel_free_at([NOW], Limits(), is_group=False)

    assert free_at is not None
    assert timedelta(seconds=1) < free_at - NOW < timedelta(seconds=1.1)


@pytest.mark.parametrize(("is_group", "rests_a_minute"), [(True, True), (False, False)])
def test_a_group_rests_after_twenty_sends_in_a_minute(*, is_group: bool, rests_a_minute: bool) -> None:
    sent = [NOW + timedelta(seconds=1.1 * number) for number in range(20)]

    free_at = channel_free_at(sent, Limits(), is_group=is_group)

    assert free_at is not None
    assert (free_at >= NOW + MINUTE) is rests_a_minute


def test_a_channel_without_limits_is_always_free() -> None:
    assert channel_free_at([NOW] * 50, Limits(0, 0, 0), is_group=True) is None


@pytest.mark.parametrize("lane", [0, 1, 2])
def test_backoff_grows_up_to_its_cap(lane: int) -> None:
    waits = [backoff(failures, lane, 1.0) for failures in range(30)]

    assert waits[0] == timedelta(seconds=1)
    assert waits == sorted(waits)
    assert waits[-1] == CAP[lane]


def test_backoff_takes_any_part_of_the_wait() -> None:
    assert backoff(3, 1, 0.25) == timedelta(seconds=2)
