# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""When a platform counts as away, and how often it is asked whether it is back."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.breaker import CALLS, Heard, is_away, rest

SILENT = [Heard(UUID(int=number % 3), answered=False) for number in range(CALLS)]
CALL = st.builds(Heard, st.integers(0, 5).map(lambda number: UUID(int=number)), st.booleans())


def test_ten_calls_to_three_channels_without_an_answer_say_that_it_is_away() -> None:
    assert is_away(SILENT, channels=100)
    assert not is_away(SILENT[1:], channels=100)


@pytest.mark.parametrize("place", range(CALLS))
def test_one_answer_among_them_says_that_it_is_there(place: int) -> None:
    one = Heard(UUID(int=9), answered=True)

    assert not is_away([*SILENT[:place], one, *SILENT[place + 1 :]], channels=100)


@pytest.mark.parametrize(("called", "channels", "away"), [(1, 100, False), (2, 100, False), (2, 2, True), (1, 1, True)])
def test_few_channels_say_something_where_there_are_no_others(called: int, channels: int, *, away: bool) -> None:
    last = [Heard(UUID(int=number % called), answered=False) for number in range(CALLS)]

    assert is_away(last, channels) is away


@given(st.lists(CALL, max_size=CALLS), st.integers(1, 10))
def test_whoever_was_answered_is_not_cut_off(last: list[Heard], channels: int) -> None:
    assert not is_away([*last[: CALLS - 1], Heard(UUID(int=1), answered=True)], channels)


def test_the_rests_grow_to_twenty_seconds_and_to_five_while_something_urgent_waits() -> None:
    assert [rest(asked, urgent=False).total_seconds() for asked in range(7)] == [1, 2, 4, 8, 16, 20, 20]
    assert [rest(asked, urgent=True).total_seconds() for asked in range(5)] == [1, 2, 4, 5, 5]
    assert rest(100_000, urgent=False) == timedelta(seconds=20)
