# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How many notices one channel is told in a day, so that nobody is told so much that nothing is read any more."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Cap:
    """Notices per channel and day of a time zone; 0 means no cap."""

    per_day: int = 0
    zone: str = "UTC"

    def day(self, now: datetime) -> date:
        """Give the day it is there."""
        return now.astimezone(ZoneInfo(self.zone)).date()

    def until_tomorrow(self, now: datetime) -> timedelta:
        """Say how long the day still lasts there, on days of 23 and of 25 hours, too."""
        tomorrow = datetime.combine(self.day(now) + timedelta(days=1), time(), ZoneInfo(self.zone))
        return tomorrow.astimezone(now.tzinfo) - now

    def is_reached(self, told_on: date | None, told: int, now: datetime) -> bool:
        """Tell whether a channel has had its share today; `told` notices on the day `told_on`."""
        return 0 < self.per_day <= told and told_on == self.day(now)
