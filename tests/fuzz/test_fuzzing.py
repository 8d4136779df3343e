# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The fuzzer finds what it is for, and nothing else: targets with a fault in them, and one that is only unlucky."""

import json
import random
import time
from typing import Any

import pytest

from app.domain.errors import MalformedBodyError
from tests.fuzz.__main__ import main
from tests.fuzz.fuzzing import ALLOWED, MOST, PATIENCE, YARD, Target, dice_of, patience, tried
from tests.fuzz.targets import TARGETS

ALL = frozenset({200, 400})


def _number(dice: random.Random) -> int:
    return dice.randrange(100)


def _busy(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def _crashes(number: int) -> int:
    if number == 7:
        raise KeyError(number)
    return number


def _refuses(number: int) -> int:
    if number > 50:
        raise MalformedBodyError
    return number


def _dawdles(number: int) -> int:
    if number == 7:
        _busy(1.5 * PATIENCE)
    return _refuses(number)


def _dawdles_and_refuses(number: int) -> int:
    if number == 99:
        _busy(1.5 * PATIENCE)
    return _refuses(number)


class Unlucky:
    """Is slow twice, as whatever is beside something else now and then."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, number: int) -> int:
        self.calls += 1
        if self.calls in {50, 51}:
            _busy(1.5 * PATIENCE)
        return number


def test_what_is_raised_and_no_refusal_is_found_once_with_its_number() -> None:
    report = tried(Target("t", _number, _crashes, ALL), 0, range(1000))

    (found,) = report.found.values()
    number = int(found.removeprefix("number ").partition(":")[0])
    assert "KeyError: 7" in found
    assert _number(dice_of(0, number)) == 7
    assert report.statuses == {200}  # it went on


def test_a_crash_of_a_later_step_or_while_an_input_is_made_is_found() -> None:
    assert tried(Target("t", _number, abs, ALL, then=(_crashes,)), 0, range(1000)).found
    assert tried(Target("t", lambda dice: _crashes(_number(dice)), abs, ALL), 0, range(1000)).found


def test_a_refusal_is_none() -> None:
    report = tried(Target("t", _number, _refuses, ALL), 0, range(1000))

    assert not report.found
    assert report.statuses == ALL


@pytest.mark.parametrize("slow", [_dawdles, _dawdles_and_refuses])
def test_what_is_slow_each_time_is_found(slow: Any) -> None:
    report = tried(Target("t", _number, slow, ALL), 0, range(1000))

    assert list(report.found) == [f"slow {slow.__name__}"]
    assert report.slowest[0] > PATIENCE


def test_what_is_remembered_is_forgotten_before_it_is_read_again() -> None:
    known = set[int]()

    def learns(number: int) -> None:
        if number == 7 and number not in known:
            _busy(1.5 * PATIENCE)
        known.add(number)

    report = tried(Target("t", _number, learns, ALL, forget=known.clear), 0, range(1000))

    assert list(report.found) == ["slow learns"]


def test_what_a_step_remembers_of_the_one_before_it_counts_there() -> None:
    known = set[int]()

    def read(number: int) -> int:
        known.add(number)
        return number

    def shown(number: int) -> None:
        if number not in known:
            _busy(1.5 * PATIENCE)
        elif number == 7:
            known.clear()
            _busy(1.5 * PATIENCE)

    assert list(tried(Target("t", _number, read, ALL, (shown,), known.clear), 0, range(1000)).found) == ["slow shown"]


def test_what_was_slow_once_or_twice_is_not() -> None:
    unlucky = Unlucky()

    assert not tried(Target("t", _number, unlucky, ALL), 0, range(100)).found
    assert unlucky.calls == 102


def test_it_ends_where_everything_is_wrong() -> None:
    places = [compile("\n" * line + "raise ValueError", "here", "exec") for line in range(100)]

    report = tried(Target("t", _number, lambda number: exec(places[number]), ALL), 0, range(10_000))  # noqa: S102

    assert len(report.found) == MOST


@pytest.mark.parametrize(("yard", "times"), [(YARD / 3, 1), (YARD, 1), (2 * YARD, 2), (10 * YARD, 10)])
def test_a_slower_machine_has_more_time_and_a_faster_one_no_less(yard: float, times: float) -> None:
    assert patience(yard) == pytest.approx(times * ALLOWED)


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_an_input_is_the_same_whenever_it_is_made(target: Target) -> None:
    assert [target.make(dice_of(1, number)) for number in range(100)] == [
        target.make(dice_of(1, number)) for number in range(100)
    ]


def test_one_input_is_made_again_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bodies", "0", "3"]) == 0

    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == repr(TARGETS["bodies"].make(dice_of(0, 3)))
    assert json.dumps(shown[1]).endswith(' ms"')
