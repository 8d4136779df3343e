# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The way out of one process: a call that may end the process goes out alone, so that it takes no other with it."""

import time
from collections.abc import Callable, Hashable

from app.outbox import Beside

QUICK = 2.0
"""Seconds: nobody waits for a call that takes longer; and so long what must go alone waits without being helped."""
LONG = 60.0
"""Seconds after which what must go alone waits for the slowest call, too, and everybody with it."""
SEEN = 5.0
"""Seconds after which what waited and was not seen again is forgotten: its kind may have stopped looking."""


def tell_nobody() -> None:
    return


class Way:
    """One per process, for its calls of every kind. Nobody waits on it: who may not leave gives back what he has."""

    def __init__(self, now: Callable[[], float] = time.monotonic, tell: Callable[[], None] = tell_nobody) -> None:
        """Begin open, with nobody on it. `now`: seconds of a clock that nobody sets.

        `tell`: calls other processes when this one could not follow what has rung for it.
        """
        self._now, self._tell = now, tell
        self._out: dict[Hashable, float] = {}
        self._waiting: dict[str, tuple[float, float]] = {}
        self._last: tuple[str, float] | None = None
        self.is_closed = False
        self.careful = False
        """A worker has ended without a word lately: perhaps on what it was rendering."""

    @property
    def beside(self) -> Beside:
        """Say what is out; whoever has waited for long is not passed over."""
        if not self._out:
            return Beside.NOTHING
        return Beside.SLOW if self._is_slow and self._waited < LONG else Beside.QUICK

    @property
    def hears(self) -> bool:
        """Tell whether a ring is worth hearing: not while a call is alone, nor when one is about to be."""
        waited = self._waited
        return not self.is_closed and (not self._waiting or waited >= QUICK)

    def lets(self, kind: str) -> bool:
        """Tell whether a kind may claim: not beside a call that is alone, nor while that of another has waited long."""
        if self.is_closed or self._waited < QUICK or (self._is_slow and self._waited < LONG):
            return not self.is_closed
        return kind == min(self._waiting, key=self._waiting.__getitem__)

    def note(self, kind: str, *, waits: bool) -> None:
        """Remember since when a kind has something that must go alone and could not, or that it has none."""
        now = self._now()
        since, _ = self._waiting.pop(kind, (now, now))
        self._last = kind, since
        if waits:
            self._waiting[kind] = (since, now)
        if waits and since == now:
            self._tell()

    def enter(self, call: Hashable, *, alone: bool) -> bool:
        """Leave, if nobody is out alone; `alone`: if nobody is out. `call`: not its delivery, which may be out twice.

        Whoever must go alone and finds somebody out goes on waiting: nothing was noted since its claim.
        """
        if self.is_closed or (alone and self._out):
            if alone and self._last is not None:
                kind, since = self._last
                self._waiting[kind] = since, self._now()
            return False
        self._out[call], self.is_closed = self._now(), alone
        if alone:
            self._tell()
        return True

    def leave(self, call: Hashable) -> None:
        """Be back."""
        del self._out[call]
        self.is_closed = False

    @property
    def _is_slow(self) -> bool:
        return self._now() - min(self._out.values(), default=self._now()) > QUICK

    @property
    def _waited(self) -> float:
        """Give the seconds that the first of those has waited who are still seen to wait."""
        now = self._now()
        self._waiting = {kind: times for kind, times in self._waiting.items() if now - times[1] < SEEN}
        return now - min((since for since, _ in self._waiting.values()), default=now)
