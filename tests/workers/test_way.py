# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The way out of a process: many side by side, or one alone."""

import pytest

from app.outbox import Beside
from workers.way import Way


def test_at_first_nobody_is_out() -> None:
    assert Way().beside is Beside.NOTHING


@pytest.mark.parametrize(
    ("out", "alone", "may"), [(0, True, True), (1, True, False), (0, False, True), (3, False, True)]
)
def test_a_suspect_leaves_when_nobody_is_out(out: int, *, alone: bool, may: bool) -> None:
    way = Way()
    for number in range(out):
        assert way.enter(number, alone=False)

    assert way.enter(99, alone=alone) is may
    assert way.is_closed is (alone and may)


def test_nobody_leaves_beside_a_suspect_and_all_do_when_it_is_back() -> None:
    way = Way()
    assert way.enter(1, alone=True)

    assert not way.enter(2, alone=False)
    assert not way.enter(3, alone=True)
    assert way.beside is Beside.QUICK

    way.leave(1)
    assert way.enter(2, alone=False)
    assert not way.is_closed
