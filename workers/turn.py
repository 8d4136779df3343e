# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A process's turn: claims what is due, sends each at its moment, records what it came to, until nothing is due."""

import asyncio
import contextlib
import random
import time
from collections.abc import Iterator
from datetime import timedelta

from app.database import AWAY, Pool
from app.domain.landing import landing
from app.domain.lane import LANES
from app.domain.notice import Priority
from app.domain.outcome import Postponed
from app.domain.pace import interval
from app.domain.settle import settle
from app.outbox import Claimed, Done, Moments, Taken, Turn, claim, give_back, is_suspect
from app.settings import Settings
from app.telemetry import ATTEMPT_SECONDS, SETTLED, log
from workers.arrivals import Arrivals
from workers.desk import Desk
from workers.moment import moment_of, until
from workers.reach import leaving_by
from workers.recorder import AGAIN, Recorder
from workers.span import span
from workers.way import Way

AT_ONCE = 256
"""Calls of one process on the wire at a time; a claim takes no more than go out at once."""
ENOUGH = AT_ONCE // 2
"""Room for more than that is worth a claim; one for few costs nearly what one for many does."""
KNOWN = 256
"""Outcomes that are written down meanwhile, at the most: where that takes its time, nothing more is claimed."""
KEPT = 32
"""More than that, for what is urgent: the others may all hang until their time is over."""
HORIZON = timedelta(milliseconds=200)
"""How far ahead the pace is reserved: an urgent notice waits no longer behind a bulk."""
LONGEST_PAUSE = 1.0
URGENT, ALL = LANES[Priority.URGENT], LANES[Priority.BULK]


class Dispatcher:
    """One per process and kind of channel, so that sends of one process never compete for the pace."""

    def __init__(self, pool: Pool, desk: Desk, recorder: Recorder, settings: Settings, way: Way) -> None:
        """Take the tools, and the way that all dispatchers of a process share; nothing starts before `turn`."""
        self._pool, self._desk, self._recorder, self._way = pool, desk, recorder, way
        self._lease = settings.lease_for(desk.timeout)
        self._spare = settings.spare_in_lease(desk.timeout)
        self._calls: set[asyncio.Task[None]] = set()
        self._answered = 0
        self._news = asyncio.Event()
        self._busy = asyncio.Lock()
        self._arrivals, self._moments = Arrivals(), Moments()
        self._claimed_at = 0.0
        self.stopping = False

    def ring(self) -> None:
        """Say that there may be something new: a running turn looks at once."""
        self._news.set()

    async def turn(self) -> None:
        """Work until nothing is due. A second call while one runs returns at once; the running one has been rung."""
        self.ring()
        if self._busy.locked():
            return
        async with self._busy:
            pause: float | None = 0.0
            while not self.stopping and (pause is not None or self._calls or self._news.is_set()):
                await self._wait(pause)
                pause = None if self.stopping else await self._claim()

    async def drain(self, patience: float) -> None:
        """Stop claiming and let the calls on the wire end; what a claim brings that is just being made goes back."""
        self.stopping = True
        self.ring()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                async with self._busy:
                    pass
                if self._calls:
                    await asyncio.wait(self._calls)
        for call in list(self._calls):
            call.cancel()

    async def _wait(self, pause: float | None) -> None:
        """Wait for the next moment worth a look: the given seconds, a call that ended, or a ring."""
        if pause is None or pause > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), min(LONGEST_PAUSE if pause is None else pause, LONGEST_PAUSE))
        self._news.clear()

    async def _claim(self) -> float | None:
        """Take what is due and start it; returns the seconds until another look is worth it, None if unknown."""
        room, lanes = self._room()
        if not room or not self._way.lets(self._desk.kind.name):
            return LONGEST_PAUSE
        way, came, lease = self._way, self._arrivals.late, timedelta(seconds=self._lease)
        turn = Turn(room, HORIZON, lease, way.beside, way.careful, lanes, came, self._moments)
        begun = time.monotonic()
        taken = await claim(self._pool, self._desk.kind, turn)
        self._claimed_at = begun
        if taken.waits is not None and lanes == ALL:
            self._way.note(self._desk.kind.name, waits=taken.waits)
        self._arrivals.forget(came)
        for call in taken.calls:
            self._start(call, taken, begun + taken.ahead)
        for owed, settlement in taken.ended:
            SETTLED.labels(settlement.state).inc()
            log.info(f"delivery.{settlement.state}", delivery=owed.id, channel=owed.slug, reason=settlement.error)
        return taken.again

    def _room(self) -> tuple[int, int]:
        """Say how much a claim may take, and to which lane."""
        room = self._free()
        if room > ENOUGH:
            return room, ALL
        if time.monotonic() < self._claimed_at + LONGEST_PAUSE:
            return 0, URGENT
        return min(KEPT, max(0, room + KEPT)), URGENT

    def _free(self) -> int:
        on_the_wire = len(self._calls) - self._answered
        return min(AT_ONCE - on_the_wire, AT_ONCE + KNOWN - len(self._calls))

    def _start(self, call: Claimed, taken: Taken, begun: float) -> None:
        may = not self.stopping and self._way.enter((call.owed.id, call.token), alone=is_suspect(call.owed))
        task = asyncio.create_task(self._leave(call, taken, begun) if may else self._give_back(call, begun))
        self._calls.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._calls.discard(task)
        self._news.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("turn.failed", error=type(error).__name__)

    async def _leave(self, call: Claimed, taken: Taken, begun: float) -> None:
        try:
            await self._carry_out(call, taken, begun)
        finally:
            self._way.leave((call.owed.id, call.token))

    async def _give_back(self, call: Claimed, begun: float, later: Postponed | None = None) -> None:
        """Return what was not sent, for as long as its lease lasts: it would become a doubt about what never left."""
        while True:
            try:
                await give_back(self._pool, self._desk.kind, call, later)
            except AWAY:
                if time.monotonic() > begun + self._lease:
                    raise
                await asyncio.sleep(AGAIN)
            else:
                return

    async def _carry_out(self, call: Claimed, taken: Taken, begun: float) -> None:
        """Send at the reserved moment, unless the lease (since `begun`, before the claim) or its own time is over."""
        moment, due, unsure = await moment_of(self._pool, self._desk.kind, call, taken)
        if not self._is_too_late(call, taken, begun, due):
            await until(due)
        if self._is_too_late(call, taken, begun, due):  # it may have stood still once more
            await self._give_back(call, begun)
            return
        left, over = time.monotonic(), begun + self._lease - self._spare
        latest = leaving_by(over if call.over_at is None else min(over, taken.at_the_latest(call.over_at)))
        with ATTEMPT_SECONDS.labels(self._desk.kind.name).time(), span(call.owed, call.token), latest:
            report = await self._desk.send(call.owed, call.intent)
        if report.unmade and isinstance(report.outcome, Postponed):
            await self._give_back(call, begun, report.outcome)
            return
        self._arrivals.note(moment, due - unsure, left, report.wire)
        now = taken.now + timedelta(seconds=time.monotonic() - taken.at)
        over_by = taken.now + timedelta(seconds=left + self._desk.timeout - taken.at)
        intent = landing(call.intent, report.outcome, now, over_by)
        settlement = settle(call.owed.progress, intent, report.outcome, now, random.random())  # noqa: S311 - jitter
        limits = self._desk.kind.limits.slower(call.owed.slowdown)
        each = interval(limits.channel_per_second) if report.wire.left else timedelta(0)
        what = (call.owed, intent, call.token, report.outcome, settlement, report.wire)
        done = Done(*what, each * call.intent.messages, in_place=self._desk.kind.in_place)
        with self._written_down():
            await self._recorder.record(done)

    @contextlib.contextmanager
    def _written_down(self) -> Iterator[None]:
        """Let another call go out while the outcome of this one is written down."""
        if self._free() <= ENOUGH:
            self._news.set()
        self._answered += 1
        try:
            yield
        finally:
            self._answered -= 1

    def _is_too_late(self, call: Claimed, taken: Taken, begun: float, due: float) -> bool:
        at = max(time.monotonic(), due)
        is_over = call.over_at is not None and at >= taken.at_the_latest(call.over_at)
        return is_over or at - begun + self._desk.timeout + self._spare > self._lease
