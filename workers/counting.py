# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Writes down once a minute what is left of the quotas that platforms ration."""

import time
from collections.abc import Iterable

from workers.desk import Desk

EVERY = 60.0


class Counting:
    """One per worker process."""

    def __init__(self, desks: Iterable[Desk]) -> None:
        """Take the kinds; those without a quota have nothing to count."""
        self._counts = [desk.count for desk in desks if desk.count is not None]
        self._again = 0.0

    async def look(self) -> None:
        """Count, unless that was done within the last minute."""
        if time.monotonic() < self._again:
            return
        self._again = time.monotonic() + EVERY
        for count in self._counts:
            await count()
