# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Does once a minute what kinds have to do now and then: writes down what is left of rationed quotas, and tidies."""

import time
from collections.abc import Iterable

from workers.desk import Desk

EVERY = 60.0


class Counting:
    """One per worker process."""

    def __init__(self, desks: Iterable[Desk]) -> None:
        """Take the kinds; most have nothing to count or to clear away."""
        self._calls = [call for desk in desks for call in (desk.count, desk.tidy) if call is not None]
        self._again = 0.0

    async def look(self) -> None:
        """Count and tidy, unless that was done within the last minute."""
        if time.monotonic() < self._again:
            return
        self._again = time.monotonic() + EVERY
        for call in self._calls:
            await call()
