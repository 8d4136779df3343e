# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The way out of one process: a call that may end the process goes out alone, so that it takes no other with it."""

import time

from app.outbox import Beside

QUICK = 2.0
"""Seconds: nobody waits for a call that takes longer."""


class Way:
    """One per process, for its calls of every kind. Nobody waits on it: who may not leave gives back what he has."""

    def __init__(self) -> None:
        """Begin open, with nobody on it."""
        self._out: dict[int, float] = {}
        self.is_closed = False
        self.careful = False
        """A worker has ended without a word lately: perhaps on what it was rendering."""

    @property
    def beside(self) -> Beside:
        """Say what is out."""
        if not self._out:
            return Beside.NOTHING
        return Beside.SLOW if time.monotonic() - min(self._out.values()) > QUICK else Beside.QUICK

    def enter(self, delivery: int, *, alone: bool) -> bool:
        """Leave, if nobody is out alone; `alone`: if nobody is out."""
        if self.is_closed or (alone and self._out):
            return False
        self._out[delivery], self.is_closed = time.monotonic(), alone
        return True

    def leave(self, delivery: int) -> None:
        """Be back."""
        del self._out[delivery]
        self.is_closed = False
