# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Who is inside one process at this moment, how much each matters, and since when each waits."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import IntEnum

NOBODY = -1
"""Stands for the rank that is refused while nobody is."""
MOST_NAMED, OTHERS = 100, "others"
"""Callers who are counted one by one; all beyond share one name, since whoever sends a key may write any id into it."""


class Rank(IntEnum):
    """What a request is, the first to be turned away first."""

    LIST = 0
    BULK = 1
    NORMAL = 2
    URGENT = 3


RANKS = {"urgent": Rank.URGENT, "normal": Rank.NORMAL, "bulk": Rank.BULK}
_CAME: ContextVar[float | None] = ContextVar("campanella_came", default=None)


def came(at: float) -> None:
    """Say when the request of this task was there as a whole, by the monotonic clock: from then on it waits for us."""
    _CAME.set(at)


def age() -> float:
    """Give the seconds that the request of this task has waited for us."""
    at = _CAME.get()
    return 0.0 if at is None else time.monotonic() - at


@dataclass(slots=True)
class Crowd:
    """How many requests one process is answering at this moment, and who is refused because of them.

    `aside` are those inside that only wait for something to happen. `refused` is the highest rank that is turned away,
    `room` the requests inside from which a rank is, too; `look` finds out anew. `turned_away` counts those who were,
    before they were read, by the id of the key that they sent, whose secret nobody has looked at.
    """

    inside: int = 0
    aside: int = 0
    refused: int = NOBODY
    room: dict[Rank, float] = field(default_factory=dict)
    turned_away: Counter[str] = field(default_factory=Counter)
    look: Callable[[], object] = object

    def refused_among(self, inside: int) -> int:
        """Give the highest rank that is turned away while there are so many inside, or NOBODY."""
        self.look()
        there = inside - self.aside
        return max(self.refused, *(rank for rank, room in self.room.items() if there >= room), NOBODY)

    def note_turned_away(self, caller: str) -> None:
        """Count one who was turned away before it was read."""
        known = caller in self.turned_away or len(self.turned_away) < MOST_NAMED
        self.turned_away[caller if known else OTHERS] += 1

    @contextmanager
    def stand_aside(self) -> Iterator[None]:
        """Let a request wait that takes nobody's time."""
        self.aside += 1
        try:
            yield
        finally:
            self.aside -= 1
