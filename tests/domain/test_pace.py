# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.backoff import CAP, backoff
from app.domain.pace import MINUTE, MOST_KEPT, TOLERATED, Account, Limits, channel_free_at, interval, kept, slots

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HORIZON = timedelta(milliseconds=100)


def test_thirty_a_second_leave_room_for_jitter() -> None:
    assert 29.6 < timedelta(seconds=1) / interval(30) < 29.7


def test_a_claim_reserves_no_further_ahead_than_the_horizon() -> None:
    moments = slots(Account(NOW), NOW, HORIZON, 30, most=50)

    assert len(moments) == 3
    assert moments[0] == NOW
    assert moments[-1] <= NOW + HORIZON


def test_time_that_was_not_used_is_not_made_up_for_by_a_burst() -> None:
    moments = slots(Account(NOW - timedelta(hours=1)), NOW, HORIZON, 30, most=50)

    assert moments == slots(Account(NOW), NOW, HORIZON, 30, most=50)


def test_a_spent_pace_gives_no_slot() -> None:
    assert slots(Account(NOW + timedelta(seconds=1)), NOW, HORIZON, 30, most=50) == []


def test_no_limit_gives_as_many_as_asked_for() -> None:
    assert slots(Account(NOW + timedelta(seconds=9)), NOW, HORIZON, 0, most=50) == [NOW] * 50


LATE = st.dictionaries(st.integers(0, 59), st.sampled_from([0.004, TOLERATED, 0.02, 0.3, 0.7]), max_size=20)


@given(LATE, st.sampled_from([0.4, 1.0, 1.5, 2.0, 29.9, 30.0]), st.sampled_from([1.0, 1.25, 4.0]))
def test_no_second_gets_more_than_it_may_however_late_sends_come(
    late: dict[int, float], per_second: float, slowdown: float
) -> None:
    """A claim each 50 ms is told what has arrived by then and was later than is tolerated."""
    account, came, open_ = Account(NOW, slowdown=slowdown), dict[datetime, datetime](), set[datetime]()
    for claim in range(40):
        now = NOW + timedelta(milliseconds=50) * claim
        known = {at for at in open_ if came[at] <= now}
        account = account.told({at: came[at] for at in known if came[at] - at > timedelta(seconds=TOLERATED)})
        moments = slots(account, now, HORIZON, per_second, 50)
        for at in moments:
            came[at] = at + timedelta(seconds=late.get(len(came), 0.0))
        open_ = open_ - known | set(moments)
        account = account.spent(moments, per_second) if moments else account

    arrived, many = sorted(came.values()), max(1, int(per_second))
    second = timedelta(seconds=max(1.0, many * slowdown / per_second))
    assert all(then - at > second for at, then in zip(arrived, arrived[many:], strict=False))


def test_what_came_late_costs_no_more_than_its_lateness() -> None:
    """A stall of 300 ms, in which nine sends came late together."""
    moments = [NOW + interval(30) * number for number in range(30)]
    sent = sorted([*moments[:21], *(max(at, moments[29] + timedelta(seconds=0.1)) for at in moments[21:])])
    free_at = moments[-1] + interval(30)

    found = slots(Account(free_at, sent), free_at, timedelta(seconds=2), 30, most=30)

    assert found[0] == free_at
    assert found[-1] - free_at < 29 * interval(30) + timedelta(seconds=0.4)


def test_where_very_many_are_allowed_only_the_time_between_two_counts() -> None:
    assert kept(MOST_KEPT + 1) == 0
    assert len(slots(Account(NOW, [NOW] * 2000), NOW, HORIZON, 2000, most=50)) == 50


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
