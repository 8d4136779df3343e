# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How many calls of one process may carry bytes at a time."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

UPLOADS = 4
"""Calls that carry bytes, at a time: more would share one line until the time of each is over, and Telegram refuses a
bot that has a hundred of them open. Whoever waits may find the file there already."""
URGENT_UPLOADS = 2
"""More of them, for what is urgent alone: it does not wait until the time of the others is over."""
LOOKS, LONGEST = 5, 30.0
"""How many of those that were turned away come again in a second, so that the pace is for others meanwhile; and after
how many seconds all of them do."""


class BusyError(Exception):
    """As many files are being uploaded as may be at a time; nothing has left. Look again after `seconds`."""

    def __init__(self, seconds: float) -> None:
        """Say when another look is worth it."""
        super().__init__(seconds)
        self.seconds = seconds


class Slots:
    """The uploads of one process that are under way."""

    def __init__(self) -> None:
        """Have none under way."""
        self._all, self._urgent = asyncio.Semaphore(UPLOADS), asyncio.Semaphore(URGENT_UPLOADS)
        self._turned_away: Counter[bool] = Counter()

    @asynccontextmanager
    async def upload(self, *, urgent: bool) -> AsyncIterator[None]:
        """Take a place until the call has ended; BusyError where there is none."""
        places = (self._all, self._urgent) if urgent else (self._all,)
        place = next((each for each in places if not each.locked()), None)
        if place is None:
            self._turned_away[urgent] += 1
            raise BusyError(min(max(1.0, self._turned_away[urgent] / LOOKS), LONGEST))
        async with place:
            try:
                yield
            finally:
                self._turned_away.clear()
