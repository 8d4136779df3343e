# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-23: `./dev bench accept` says of each of three floors whether it was kept; the figures are the bench's."""

from deploy.bench.accept import Round, figures
from deploy.bench.figure import OURS

BARE = Round(1000, [0.01], 0.4)


def kept(*ours: Round) -> list[bool | None]:
    return [each.is_met for each in figures(ours, [BARE]) if each.who == OURS and each.what.startswith("floor: ")]


def test_a_rate_a_burst_or_a_slow_answer_beyond_the_floor_is_missed() -> None:
    good = Round(150, [0.25], 0.6)

    assert kept(good) == [True, True, True]
    assert kept(Round(149, [0.25], 0.6)) == [False, True, True]
    assert kept(good, good, Round(99, [0.25], 0.6)) == [True, False, True], "2,000 took longer than 20 s once"
    assert kept(Round(150, [0.26], 0.6)) == [True, True, False]
