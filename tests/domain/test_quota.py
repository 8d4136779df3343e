# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Four a month and one a day, counted in China, whatever the hour here."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from app.domain.quota import Quota, allowance

CHINA = ZoneInfo("Asia/Shanghai")
SERVICE = Quota(1, 4, CHINA)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_without_any_push_one_may_go_now() -> None:
    left = allowance(SERVICE, [], NOON)

    assert (left.today, left.month, left.is_open(NOON)) == (1, 4, True)


def test_after_one_today_the_next_waits_for_midnight_in_china() -> None:
    left = allowance(SERVICE, [NOON - timedelta(hours=1)], NOON)

    assert (left.today, left.month) == (0, 3)
    assert left.opens_at == datetime(2026, 11, 24, 16, tzinfo=UTC)


def test_the_evening_here_is_tomorrow_there() -> None:
    evening = datetime(2026, 11, 24, 17, tzinfo=UTC)

    assert allowance(SERVICE, [NOON], evening).is_open(evening)


def test_the_fifth_of_a_month_waits_for_the_first_of_the_next() -> None:
    four = [NOON - timedelta(days=days) for days in (1, 2, 3, 4)]

    left = allowance(SERVICE, four, NOON)

    assert (left.month, left.opens_at) == (0, datetime(2026, 11, 30, 16, tzinfo=UTC))


def test_december_is_followed_by_january() -> None:
    late = datetime(2026, 12, 28, tzinfo=UTC)

    assert allowance(SERVICE, [late] * 4, late).opens_at == datetime(2026, 12, 31, 16, tzinfo=UTC)


def test_a_subscription_account_has_no_month() -> None:
    left = allowance(Quota(1, 0, CHINA), [NOON - timedelta(days=days) for days in range(1, 20)], NOON)

    assert (left.month, left.is_open(NOON)) == (None, True)


@given(st.lists(st.integers(0, 365 * 24), max_size=40))
def test_whoever_waits_for_the_opening_never_exceeds_the_quota(wishes: list[int]) -> None:
    pushes: list[datetime] = []
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for hours in sorted(wishes):
        wish = max(now, datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours))
        now = max(wish, allowance(SERVICE, pushes, wish).opens_at)
        pushes.append(now)
        there = [push.astimezone(CHINA) for push in pushes]
        assert sum(push.date() == there[-1].date() for push in there) <= 1
        assert sum((push.year, push.month) == (there[-1].year, there[-1].month) for push in there) <= 4
