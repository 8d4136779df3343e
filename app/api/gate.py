# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Under too much load the least important is turned away first: lists, then bulk, then normal, never what is urgent.

Some notices are let in for each connection, since those that come at once share one; the others wait by importance.
"""

import asyncio
import contextlib
import heapq
import time
from collections import deque
from itertools import count
from statistics import median

from app.api.crowd import NOBODY, Crowd, Rank, age
from app.database import AWAY, Pool
from app.domain.errors import ReducedCapacityError
from app.telemetry import log

TOGETHER = 4
"""Notices let in for each connection: they are stored several in one statement."""
LOOK = 0.05
LOOKS = 5
"""One stall of the machine is no load: the event loop is late when most of the last looks say so."""
FADING = 0.8
SMOOTH = 0.05
TELLING = 20
"""Looks between two lines about what was turned away at the door."""
MOST_TOLD = 10
"""Callers who are named in such a line, with the number of their requests."""
TURNED_AWAY = {Rank.LIST: 1.0, Rank.BULK: 1.5, Rank.NORMAL: 2.0}
"""The pressure at which a rank is refused. What is urgent never is."""


class Gate:
    """The load of one process; `watch` measures it for as long as it runs."""

    def __init__(self, pool: Pool, patience: float, crowd: Crowd) -> None:
        """Let in so many at a time for each connection of the pool.

        `patience`: seconds of waiting from which lists are refused, and the others soon after; 0: nobody ever is.
        """
        self._pool, self._patience, self.crowd = pool, patience, crowd
        self._size = self._free = pool.get_max_size() * TOGETHER
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._since: dict[int, float] = {}
        self._numbers = count()
        self._hold, self._wait, self._age = 0.0, 0.0, 0.0
        self._late: deque[float] = deque([0.0] * LOOKS, maxlen=LOOKS)
        crowd.look = self._look

    @property
    def pressure(self) -> float:
        """The load, as the longest of three waits: for a place, for a connection, for the event loop while many ask.

        1 is where lists are refused.
        """
        if not self._patience:
            return 0.0
        longest = time.monotonic() - next(iter(self._since.values())) if self._since else 0.0
        ahead = len(self._waiting) * self._hold / self._size
        loop = max(median(self._late), self._age) if self._is_busy() else 0.0
        return max(longest, ahead, self._wait, loop) / self._patience

    def turn_away(self, rank: Rank) -> None:
        """Raise ReducedCapacityError where the load leaves no room for this rank, or where it has waited too long."""
        waited = age()
        self._age += (waited - self._age) * SMOOTH
        self._look()
        if rank <= self.crowd.refused or (self._is_too_old(rank, waited) and self._is_busy()):
            raise ReducedCapacityError(violated=["load"])

    async def enter(self, rank: Rank) -> float:
        """Take one of the places for storing, and give the moment; whoever matters more gets the next one.

        Raises ReducedCapacityError where that took too long: whoever called would rather come back than wait.
        """
        if self._free:
            self._free -= 1
            return time.monotonic()
        number = next(self._numbers)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (-rank, number, turn))
        self._since[number] = time.monotonic()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on()
            raise
        finally:
            del self._since[number]
        if self._is_too_old(rank, age()):
            self._pass_on()
            raise ReducedCapacityError(violated=["load"])
        return time.monotonic()

    def leave(self, begun: float) -> None:
        """Give the place back that was taken at that moment."""
        self._hold += (time.monotonic() - begun - self._hold) * SMOOTH
        self._pass_on()

    async def watch(self) -> None:
        """Measure for ever: how late the event loop comes round, and how long a connection takes to be had."""
        probe: asyncio.Task[None] | None = None
        for number in count():
            before = time.monotonic()
            await asyncio.sleep(LOOK)
            self._late.append(time.monotonic() - before - LOOK)
            self._wait *= FADING
            self._age *= FADING
            self._look()
            self._make_room()
            if self._is_drained() and (probe is None or probe.done()):
                probe = asyncio.create_task(self._probe())
            if number % TELLING == 0 and self.crowd.turned_away:
                self._tell()

    def _tell(self) -> None:
        """Say how many were turned away at the door since this was said last, and who most of them were."""
        away = self.crowd.turned_away
        log.warning("load.shed", count=away.total(), callers=dict(away.most_common(MOST_TOLD)))
        away.clear()

    def _look(self) -> None:
        """Say who is refused at this moment."""
        pressure = self.pressure
        self.crowd.refused = max((rank for rank, bound in TURNED_AWAY.items() if pressure >= bound), default=NOBODY)

    def _make_room(self) -> None:
        """Say how many may be inside: as many as can be stored in half the time that a rank is ready to wait."""
        rate = self._size / self._hold if self._patience and self._hold else float("inf")
        self.crowd.room = {rank: self._size + bound * self._patience * rate / 2 for rank, bound in TURNED_AWAY.items()}

    def _is_too_old(self, rank: Rank, waited: float) -> bool:
        bound = TURNED_AWAY.get(rank, float("inf")) * self._patience
        return 0 < bound <= waited

    def _is_busy(self) -> bool:
        return self.crowd.inside > self._size or self._is_drained()

    def _is_drained(self) -> bool:
        return self._pool.get_idle_size() == 0 and self._pool.get_size() == self._pool.get_max_size()

    async def _probe(self) -> None:
        """Wait for a connection as a request would; while none can be had at all, other answers tell of that."""
        begun = time.monotonic()
        with contextlib.suppress(*AWAY):
            async with self._pool.acquire(timeout=5):
                pass
        self._wait = max(self._wait, time.monotonic() - begun)

    def _pass_on(self) -> None:
        while self._waiting:
            *_, turn = heapq.heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
