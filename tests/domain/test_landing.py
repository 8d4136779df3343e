# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Until when a post may land: for some seconds after its failure was heard of, and no longer than its call had time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.delivery import Action, Intent
from app.domain.landing import LANDS, landing, still_lands
from app.domain.outcome import Delivered, Doubted, Outcome

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
POSTING = Intent(Action.POST, 0, 1, "d1", "p1", 1)
LONG = timedelta(minutes=1)


@pytest.mark.parametrize(("time", "lands"), [(LONG, LANDS), (timedelta(seconds=2), timedelta(seconds=2))])
def test_a_call_that_broke_off_may_land_until_its_time_is_over(time: timedelta, lands: timedelta) -> None:
    broken = landing(POSTING, Doubted("502"), NOW, NOW + time)

    assert (still_lands(broken, NOW), still_lands(broken, NOW + lands)) == (lands, timedelta(0))


@pytest.mark.parametrize(
    ("intent", "outcome"),
    [
        (POSTING, Delivered(("7",))),
        (replace(POSTING, action=Action.EDIT), Doubted("502")),
        (replace(POSTING, action=Action.PROBE, lands_by=7.0), Doubted("502")),
    ],
)
def test_nothing_else_changes_until_when(intent: Intent, outcome: Outcome) -> None:
    assert landing(intent, outcome, NOW, NOW + LONG) == intent
