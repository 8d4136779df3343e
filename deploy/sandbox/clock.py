# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The sandbox's time: dates can be moved ahead for the 48 hour rules, waiting times cannot."""

import time


class Clock:
    def __init__(self) -> None:
        self.offset = 0.0

    def now(self) -> float:
        """Seconds since 1970 as the chats see them, moved by the offset."""
        return time.time() + self.offset

    def date(self) -> int:
        return int(self.now())

    @staticmethod
    def wall() -> float:
        """Seconds since 1970 as this machine has them."""
        return time.time()

    @staticmethod
    def monotonic() -> float:
        """Seconds that nothing moves, for rates and for the journal."""
        return time.monotonic()
