# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""S7 judges how long a post waits with a long past by both its p50 and its p99, and says what chance does to a p99."""

import pytest

from deploy.bench.past import COST, YOUNG, waiting

STEADY = [[0.05] * 10 for _ in range(20)]
"""Rounds of posts, two hundred in all."""
BOTH = ("p50", "p99 of 200")


def slow(posts: int, of: slice = slice(None)) -> list[list[float]]:
    """Let some posts take ten times as long, one in each of the first of these rounds."""
    rounds = [list(row) for row in STEADY]
    for row in rounds[of][:posts]:
        row[0] *= 10
    return rounds


@pytest.mark.parametrize(("posts", "met"), [(0, [True, True]), (5, [True, False])])
def test_a_past_that_delays_few_misses_the_aim_of_p99(posts: int, met: list[bool]) -> None:
    judged = [figure for figure in waiting(STEADY, slow(posts)) if figure.aim is not None]

    assert [figure.what for figure in judged] == [f"POST to first byte, {which}: cost ratio" for which in BOTH]
    assert [figure.aim.bound for figure in judged if figure.aim] == [COST, COST]
    assert [figure.is_met for figure in judged] == met


def test_what_chance_does_stands_beside_it_without_an_aim() -> None:
    (chance,) = [figure for figure in waiting(slow(5, slice(1, None, 2)), STEADY) if "half" in figure.what]

    assert (chance.who, chance.aim) == (YOUNG, None)
    assert chance.value == pytest.approx(10)
