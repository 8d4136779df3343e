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
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import IntEnum
from itertools import count
from statistics import median

from app.database import AWAY, Pool
from app.domain.errors import ReducedCapacityError

TOGETHER = 4
"""Notices let in for each connection: they are stored several in one statement."""
LOOK = 0.05
LOOKS = 5
"""One stall of the machine is no load: the event loop is late when most of the last looks say so."""
FADING = 0.8
SMOOTH = 0.05


class Rank(IntEnum):
    """What a request is, the first to be turned away first."""

    LIST = 0
    BULK = 1
    NORMAL = 2
    URGENT = 3


TURNED_AWAY = {Rank.LIST: 1.0, Rank.BULK: 1.5, Rank.NORMAL: 2.0}
"""The pressure at which a rank is refused. What is urgent never is."""
RANKS = {"urgent": Rank.URGENT, "normal": Rank.NORMAL, "bulk": Rank.BULK}


@dataclass(slots=True)
class Crowd:
    """How many requests one process is answering at this moment."""

    inside: int = 0


class Gate:
    """The load of one process; `watch` measures it for as long as it runs."""

    def __init__(self, pool: Pool, patience: float, crowd: Crowd) -> None:
        """Let in so many at a time for each connection of the pool.

        `patience`: seconds of waiting from which lists are refused, and the others soon after; 0: nobody ever is.
        """
        self._pool, self._patience, self._crowd = pool, patience, crowd
        self._size = self._free = pool.get_max_size() * TOGETHER
        self._waiting: list[tuple[int, int, float, asyncio.Future[None]]] = []
        self._numbers = count()
        self._hold, self._wait = 0.0, 0.0
        self._late: deque[float] = deque([0.0] * LOOKS, maxlen=LOOKS)

    @property
    def pressure(self) -> float:
        """The load, as the longest of three waits: for a place, for a connection, for the event loop while many ask.

        1 is where lists are refused.
        """
        if not self._patience:
            return 0.0
        now = time.monotonic()
        ahead = max([len(self._waiting) * self._hold / self._size, *(now - since for *_, since, _ in self._waiting)])
        busy = self._crowd.inside > self._size or self._is_drained()
        return max(ahead, self._wait, median(self._late) if busy else 0.0) / self._patience

    def turn_away(self, rank: Rank) -> None:
        """Raise ReducedCapacityError where the load leaves no room for this rank."""
        if self.pressure >= TURNED_AWAY.get(rank, float("inf")):
            raise ReducedCapacityError(violated=["load"])

    @asynccontextmanager
    async def place(self, rank: Rank) -> AsyncIterator[None]:
        """Hold one of the places for storing; whoever matters more gets the next one."""
        await self._enter(rank)
        begun = time.monotonic()
        try:
            yield
        finally:
            self._hold += (time.monotonic() - begun - self._hold) * SMOOTH
            self._leave()

    async def watch(self) -> None:
        """Measure for ever: how late the event loop comes round, and how long a connection takes to be had."""
        probe: asyncio.Task[None] | None = None
        while True:
            before = time.monotonic()
            await asyncio.sleep(LOOK)
            self._late.append(time.monotonic() - before - LOOK)
            self._wait *= FADING
            if self._is_drained() and (probe is None or probe.done()):
                probe = asyncio.create_task(self._probe())

    def _is_drained(self) -> bool:
        return self._pool.get_idle_size() == 0 and self._pool.get_size() == self._pool.get_max_size()

    async def _probe(self) -> None:
        """Wait for a connection as a request would; while none can be had at all, other answers tell of that."""
        begun = time.monotonic()
        with contextlib.suppress(*AWAY):
            async with self._pool.acquire(timeout=5):
                pass
        self._wait = max(self._wait, time.monotonic() - begun)

    async def _enter(self, rank: Rank) -> None:
        if self._free:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (-rank, next(self._numbers), time.monotonic(), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()
            raise

    def _leave(self) -> None:
        while self._waiting:
            *_, turn = heapq.heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
