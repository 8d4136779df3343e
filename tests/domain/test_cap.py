# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
from datetime import UTC, date, datetime, timedelta

import pytest

from app.domain.cap import Cap

ROME = Cap(3, "Europe/Rome")


@pytest.mark.parametrize(
    ("now", "day", "left"),
    [
        ("2026-11-26T22:59:59+00:00", date(2026, 11, 26), timedelta(seconds=1)),
        ("2026-11-26T23:00:00+00:00", date(2026, 11, 27), timedelta(hours=24)),
        ("2026-10-24T22:00:00+00:00", date(2026, 10, 25), timedelta(hours=25)),
        ("2026-03-28T23:00:00+00:00", date(2026, 3, 29), timedelta(hours=23)),
    ],
)
def test_a_day_is_one_of_the_city_also_when_the_clocks_change(now: str, day: date, left: timedelta) -> None:
    moment = datetime.fromisoformat(now)

    assert (ROME.day(moment), ROME.until_tomorrow(moment)) == (day, left)


def test_what_was_told_on_another_day_does_not_count() -> None:
    now = datetime(2026, 11, 26, 12, tzinfo=UTC)

    assert ROME.is_reached(date(2026, 11, 26), 3, now)
    assert not ROME.is_reached(date(2026, 11, 26), 2, now)
    assert not ROME.is_reached(date(2026, 11, 25), 3, now)
    assert not ROME.is_reached(None, 0, now)
    assert not Cap().is_reached(date(2026, 11, 26), 1000, now)
