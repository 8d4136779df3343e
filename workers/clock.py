# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The database's time in a worker, whose own clock may be wrong."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """One per process: told the time by Postgres at each look, it goes on by what nobody sets, the monotonic clock."""

    def __init__(self) -> None:
        """Show this machine's time, until Postgres has told its own."""
        self.set(datetime.now(UTC))

    def set(self, moment: datetime) -> None:
        """Take a moment that Postgres has just told for the present one."""
        self._moment, self._at = moment, time.monotonic()

    def now(self) -> datetime:
        """Tell the time in UTC."""
        return self._moment + timedelta(seconds=time.monotonic() - self._at)
