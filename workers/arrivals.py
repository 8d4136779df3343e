# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""When a call can have reached its platform at the latest, which is what a strict server counts it by."""

import time
from collections import deque
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from app.domain.outcome import Wire
from app.domain.pace import TOLERATED

REMEMBERED = 64
"""Calls among which the quickest is looked for."""


class Arrivals:
    """One per dispatcher. It tells nobody of calls that arrived in time.

    A call that has been answered had arrived before, by at least as long as the way back takes; and the way there and
    back takes no less than the quickest call did. This bound needs no clock but ours, and knows of every delay: in this
    process, in its client, on the way, and at the platform.
    """

    def __init__(self) -> None:
        """Begin as if a call took no time, until enough have been made to know better."""
        self._seconds: deque[float] = deque([0.0], maxlen=REMEMBERED)
        self._late: dict[datetime, datetime] = {}

    @property
    def late(self) -> Mapping[datetime, datetime]:
        """Give, by their moments, when calls that came late can have arrived."""
        return dict(self._late)

    def note(self, moment: datetime, due: float, left: float, wire: Wire) -> None:
        """Note a call that has just ended; in monotonic seconds, it was `due` at its moment, and begun at `left`."""
        now = time.monotonic()
        if not wire.left:
            return
        if wire is Wire.RESPONSE:  # what only broke off says nothing of how long the way is
            self._seconds.append(now - left)
        late = now - min(self._seconds) - due
        if late > TOLERATED:
            self._late[moment] = moment + timedelta(seconds=late)

    def forget(self, told: Collection[datetime]) -> None:
        """Forget calls of which the pace has been told."""
        for moment in told:
            self._late.pop(moment, None)
