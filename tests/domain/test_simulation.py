# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-17: the promises hold in every simulated city; a seed that breaks one is named, and can be lived through again."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.domain.delivery import Intent, Part, Progress, Settlement, State
from app.domain.outcome import Absent, Doubted, Failed, Outcome
from app.domain.settle import settle
from app.domain.step import next_step
from tests.domain.simulated import City

KNOWN: tuple[int, ...] = ()
"""Seeds that once broke a promise; they are lived through every time."""


def broken(seeds: range) -> dict[int, list[str]]:
    return {seed: found for seed in (*KNOWN, *seeds) if (found := City(seed).run())}


def test_the_promises_hold_in_two_hundred_cities() -> None:
    assert broken(range(200)) == {}


@pytest.mark.nightly
@pytest.mark.timeout(14_400)
def test_the_promises_hold_in_twenty_thousand_cities() -> None:
    assert broken(range(200, 20_200)) == {}


def test_a_seed_decides_everything() -> None:
    cities = City(7), City(7)
    for city in cities:
        city.run()

    assert [row.effects for row in cities[0].rows] == [row.effects for row in cities[1].rows]
    assert any(row.effects for row in cities[0].rows)
    assert any(row.doubts for row in cities[0].rows)


def a_doubt_is_taken_for_a_failure(before: Progress, done: Intent, outcome: Outcome, *rest: Any) -> Settlement:
    return settle(before, done, Failed("?") if isinstance(outcome, Doubted) else outcome, *rest)


def one_empty_place_is_enough(before: Progress, done: Intent, outcome: Outcome, *rest: Any) -> Settlement:
    return settle(before, replace(done, asked=1, foreign=0) if isinstance(outcome, Absent) else done, outcome, *rest)


def the_foreign_count_as_empty(before: Progress, done: Intent, *rest: Any) -> Settlement:
    return settle(before, replace(done, foreign=0), *rest)


def a_doubt_is_forgotten(before: Progress, *rest: Any, **how: Any) -> Intent | Settlement:
    return next_step(replace(before, state=State.DUE, intent=None), *rest, **how)


def time_does_not_matter(before: Progress, *rest: Any, **how: Any) -> Intent | Settlement:
    return next_step(replace(before, expires_at=None), *rest, **how)


def the_first_part_is_the_whole(before: Progress, parts: Sequence[Part], *rest: Any, **how: Any) -> Intent | Settlement:
    return next_step(before, parts[:1], *rest, **how)


@pytest.mark.parametrize(
    ("fault", "promise"),
    [
        ({"settling": a_doubt_is_taken_for_a_failure}, "nobody doubted|may not be repeated"),
        ({"settling": one_empty_place_is_enough}, "is there twice"),
        ({"settling": the_foreign_count_as_empty}, "may not be repeated"),
        ({"stepping": a_doubt_is_forgotten}, "may not be repeated"),
        ({"stepping": time_does_not_matter}, "never ended"),
        ({"stepping": the_first_part_is_the_whole}, "is called delivered"),
        ({"resting": timedelta(0)}, "is there twice"),
    ],
)
def test_a_fault_breaks_a_promise_in_one_of_two_hundred_cities(fault: Mapping[str, Any], promise: str) -> None:
    """A simulation that cannot fail proves nothing."""
    assert any(re.search(promise, "\n".join(City(seed, **fault).run())) for seed in range(200))
