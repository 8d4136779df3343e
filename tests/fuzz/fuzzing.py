# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Tries a reader with any number of inputs, each made by dice from a seed and its number, so that it can be made again.

A reader gives a value or refuses by name; whatever else it raises is a crash. What takes it too long is found, too.
"""

import json
import random
import re
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from app.domain.errors import CampanellaError
from app.outgoing import FetchError
from workers.telegram.split import TooLong
from workers.wechat.render import Unfit

ALLOWED = 0.05
"""Seconds of the processor for one reading on the machine on which that was decided."""
YARD = 0.0097
"""Seconds that the yardstick takes there: 9.4 to 9.9 ms was the best of 500 in each of four runs (2026-11-28)."""
YARDS = 20
"""How often it is laid on when a session starts; the best of them counts."""
GOOD, UNFIT = 200, 422
AGAIN, APART = 5, 0.2
"""How often, and after how many seconds, what is slow is done again: on a busy machine a reading may take twice what it
costs, and so may the next one.
"""
MOST = 10
"""Findings after which it is of no use to go on."""

WORDS = re.compile(r"\w+")


def yardstick() -> dict[str, int]:
    """Write, read, take apart and count, as readers do: always the same, and none of the product's code."""
    notice = {"event_id": "mensa/1", "links": [1, None, True], "texts": {"it": {"title": "Città: **pasto** freddo"}}}
    counted: dict[str, int] = {}
    for number in range(1400):
        written = json.dumps(notice | {"number": number})
        for word in WORDS.findall(written):
            counted[word] = counted.get(word, 0) + len(word)
        json.loads(written)
    return counted


def measured() -> float:
    begun = time.thread_time()
    yardstick()
    return time.thread_time() - begun


def patience(yard: float) -> float:
    """Give the seconds for one reading where the yardstick takes so many: more on a slower machine, never fewer."""
    return ALLOWED * max(1.0, yard / YARD)


PATIENCE = patience(min(measured() for _ in range(YARDS)))
"""Seconds of the processor for one reading here."""


@dataclass(frozen=True)
class Target:
    """What is tried: how an input is made and read, and what is then done with what was read.

    Every step is timed by itself. `expected` are the statuses that must come, and beside which none may. `forget`
    empties what a reader remembers, so that the same input costs the same again.
    """

    name: str
    make: Callable[[random.Random], Any]
    read: Callable[[Any], Any]
    expected: frozenset[int]
    then: tuple[Callable[[Any], object], ...] = ()
    forget: Callable[[], None] = lambda: None


@dataclass
class Report:
    """What came of some inputs: their statuses, what was found by where it was raised, and the slowest reading."""

    statuses: set[int] = field(default_factory=set)
    found: dict[str, str] = field(default_factory=dict)
    slowest: tuple[float, int] = (0.0, 0)

    def note(self, kind: str, number: int, what: str) -> None:
        """Keep the first finding of a kind; the others are mostly the same once more."""
        self.found.setdefault(kind, f"number {number}: {what}")


def dice_of(seed: int, number: int) -> random.Random:
    return random.Random((seed << 40) + number)  # noqa: S311 - to be repeated


def tried(target: Target, seed: int, numbers: Iterable[int]) -> Report:
    """Make and read the inputs of these numbers; a crash or a slow one is noted and does not end it."""
    report = Report()
    for number in numbers:
        try:
            report.statuses.add(_came(target, seed, number, report))
        except Exception as error:  # noqa: BLE001 - a crash is what is looked for
            report.note(_where(error), number, "".join(traceback.format_exception(error)))
        if len(report.found) >= MOST:
            break
    return report


def _came(target: Target, seed: int, number: int, report: Report) -> int:
    """Give the status of what was answered, 200 for a value."""
    try:
        made = target.make(dice_of(seed, number))
        trial = _Trial(target, made, number, report)
        value = trial.timed(target.read, made)
        for step in target.then:
            trial.timed(step, value)
    except CampanellaError as error:
        json.dumps(error.members).encode()
        return error.status
    except (TooLong, Unfit, FetchError):
        return UNFIT
    return GOOD


@dataclass(frozen=True, slots=True)
class _Trial:
    """One input that is read, and what is then done with what was read."""

    target: Target
    made: Any
    number: int
    report: Report

    def timed(self, step: Callable[[Any], Any], given: Any) -> Any:
        """Take a step, and note what is slow each time; once it may be whatever else the machine does."""
        begun = time.thread_time()
        try:
            return step(given)
        finally:
            took = time.thread_time() - begun
            for _ in range(AGAIN):
                if took <= PATIENCE:
                    break
                took = min(took, self._again(step, given))
            self.report.slowest = max(self.report.slowest, (took, self.number))
            if took > PATIENCE:
                self.report.note(f"slow {step.__name__}", self.number, f"{step.__name__} took {1000 * took:.0f} ms")

    def _again(self, step: Callable[[Any], Any], given: Any) -> float:
        """Take it again as it was the first time: nothing is remembered but what the steps before it left."""
        time.sleep(APART)
        self.target.forget()
        if step is not self.target.read:
            self.target.read(self.made)
        begun = time.thread_time()
        try:
            step(given)
        except Exception:  # noqa: BLE001 - it was raised the first time, too
            return time.thread_time() - begun
        return time.thread_time() - begun


def _where(error: Exception) -> str:
    """Name a crash by its type and the line that raised it."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {frame.filename}:{frame.lineno}"
