# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The once-a-second look that makes the doorbell a convenience: sweeps up, and starts every errand of a worker."""

import asyncio
import random
import socket
from collections.abc import Callable, Collection, Coroutine, Sequence

from uuid_utils.compat import uuid7

from app.database import Pool, distrust, is_away
from app.domain.delivery import State
from app.outbox import end_frozen, sweep
from app.tasks import end
from app.telemetry import SETTLED, log
from workers.clock import Clock
from workers.prune import Kept, anchor_in_the_log, prune
from workers.way import Way

TICK = 1.0
PRUNE_EVERY = 600
"""Ticks between two prunings."""
SEEN = """
insert into worker (id, host) values ($1, $2) on conflict (id) do update set seen_at = now()
returning clock_timestamp() as now, exists (
  select from worker old
   where old.id <> $1 and old.seen_at between now() - interval '2 minutes' and now() - interval '3 seconds') as silent
"""
FORGET = "delete from worker where seen_at < now() - interval '1 hour'"

Errand = Callable[[], Coroutine[None, None, object]]
"""One thing a worker looks after; it returns when there is nothing left to do now."""


class Relay:
    """One per process: its tick, and what a ring of the doorbell sets off."""

    landed: Collection[str] = ()
    """The kinds of channels of whose calls none is still on its way when its lease lapses."""
    is_warm = False
    """Whether it has looked once: until then its first statements are slow, and a ring is for others."""

    def __init__(self, pool: Pool, errands: Sequence[Errand], kept: Kept, clock: Clock, way: Way) -> None:
        """Take what is to be done at each look, the clock to set, the way to warn, and a name for this process."""
        self._pool, self._errands, self._kept, self._clock, self._way = pool, errands, kept, clock, way
        self._id = uuid7()
        self._work: set[asyncio.Task[None]] = set()
        self._away, self._leaving = False, False
        self._ticks = 0

    async def run(self) -> None:
        """Tick for ever, whatever becomes of Redis, and with patience while Postgres is away."""
        while True:
            try:
                await self.tick()
                if self._away:
                    log.info("database.back")
                self._away, self.is_warm = False, True
            except Exception as error:  # noqa: BLE001 - the tick is the last to give up
                self._tell(error)
                await distrust(self._pool, error)
            await asyncio.sleep(TICK * random.uniform(0.8, 1.2))  # noqa: S311 - spread, not secrecy

    def _tell(self, error: Exception) -> None:
        """Say once that Postgres is away; anything else is a fault of ours, said each time with its place."""
        if not is_away(error):
            log.error("turn.failed", error=type(error).__name__, exc_info=error)
            return
        if not self._away:
            log.warning("database.away", error=type(error).__name__)
        self._away = True

    def look(self) -> None:
        """Start every errand side by side, unless this process is leaving; returns at once."""
        for errand in () if self._leaving else self._errands:
            self._start(errand())

    def _start(self, work: Coroutine[None, None, object]) -> None:
        task = asyncio.create_task(self._watched(work))
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def _watched(self, work: Coroutine[None, None, object]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - the next tick takes another turn
            if is_away(error):
                log.warning("turn.failed", error=type(error).__name__)
            else:
                log.error("turn.failed", error=type(error).__name__, exc_info=error)
            await distrust(self._pool, error)

    async def drain(self, patience: float) -> None:
        """Begin no more errands, and let those that are under way end: else a picture would be taken for a lost one."""
        self._leaving = True
        if self._work:
            await asyncio.wait(self._work, timeout=patience)
        await end(self._work)

    async def leave(self) -> None:
        """Say that this process is gone."""
        await self._pool.execute("delete from worker where id = $1", self._id)

    async def tick(self) -> None:
        """Look once: say that this process lives, start every errand, and sweep."""
        (seen,) = await self._pool.fetch(SEEN, self._id, socket.gethostname())
        self._clock.set(seen["now"])
        self._way.careful = seen["silent"]
        self.look()  # whatever becomes of the rest
        if frozen := await end_frozen(self._pool):  # before all that may wait for what it has locked
            log.warning("transaction.ended", transactions=frozen)
        await self._pool.execute(FORGET)
        swept = await sweep(self._pool, self.landed)
        if swept.lapsed:
            log.warning("lease.lapsed", deliveries=swept.lapsed)
            self.look()  # the next tick is a second away
        SETTLED.labels(State.EXPIRED).inc(swept.expired)
        if swept.expired:
            log.info("delivery.expired", deliveries=swept.expired)
        if swept.failed is not None:
            self._tell(swept.failed)
        self._ticks += 1
        if self._ticks % PRUNE_EVERY == 0:
            self._start(prune(self._pool, self._kept))  # where parts of it time out the ticks go on
            self._start(anchor_in_the_log(self._pool))
