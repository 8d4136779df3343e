# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Writes outcomes down, many at a time when many end at once, and keeps at it while Postgres is away."""

import asyncio
import time
from collections.abc import Sequence

from app.database import Pool, is_away
from app.domain.delivery import State
from app.domain.outcome import Doubted, Gone, Misconfigured, Moved, Throttled, named, reason
from app.outbox import Done, record
from app.scrub import place
from app.telemetry import ATTEMPTS, SETTLED, THROTTLED, log

MOST = 200
AGAIN = 0.2


class Recorder:
    """One per process. An outcome is held in memory until it is written or its lease is over."""

    def __init__(self, pool: Pool) -> None:
        """Take the pool; `run` does the writing."""
        self._pool = pool
        self._waiting: asyncio.Queue[tuple[Done, float, asyncio.Future[None]]] = asyncio.Queue()

    async def record(self, done: Done, until: float) -> None:
        """Return when the outcome is written, or `until` (monotonic seconds) is over and the sweep has taken it."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        await self._waiting.put((done, until, written))
        await written

    async def run(self) -> None:
        """Write for ever."""
        while True:
            batch = [await self._waiting.get()]
            while len(batch) < MOST and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            await self._write([done for done, _, _ in batch], max(until for _, until, _ in batch))
            for _, _, written in batch:
                if not written.done():
                    written.set_result(None)

    async def _write(self, done: Sequence[Done], until: float) -> None:
        """Write until it is written or `until` is over; where one outcome can never be, the others still are."""
        while True:
            try:
                held = await record(self._pool, done)
            except Exception as error:  # noqa: BLE001 - whatever it is, the recorder goes on for the others
                if not is_away(error):
                    return await self._apart(done, until, error)
                log.warning("database.away", error=type(error).__name__)
                if time.monotonic() > until:
                    return None
                await asyncio.sleep(AGAIN)
                continue
            for one in done:
                _tell(one, held=one.owed.id in held)
            return None

    async def _apart(self, done: Sequence[Done], until: float, error: Exception) -> None:
        """Find the outcome that Postgres refuses: it is a fault of ours, and its lease lapses, which is counted."""
        if len(done) > 1:
            for one in done:
                await self._write([one], until)
            return
        lost = done[0]
        facts = {"delivery": lost.owed.id, "channel": lost.owed.slug, "outcome": named(lost.outcome)}
        log.error("outcome.lost", **facts, error=type(error).__name__, place=place(error))


def _tell(one: Done, *, held: bool) -> None:  # noqa: C901 - one match, a line for each outcome that people hear of
    """Count and log an attempt's end; what the fence refused is said too."""
    facts = {"delivery": one.owed.id, "channel": one.owed.slug, "notice": str(one.owed.notice_id)}
    if one.owed.trace is not None:
        facts |= {"trace": one.owed.trace.id, "span": one.owed.trace.step(one.owed.id, one.token).span}
    if not held:
        log.warning("lease.lapsed", **facts, outcome=named(one.outcome))
        return
    ATTEMPTS.labels(one.owed.kind, named(one.outcome)).inc()
    match one.outcome:
        case Gone(why):
            log.error("channel.paused", channel=one.owed.slug, reason=why)
        case Moved(address):
            log.warning("channel.moved", channel=one.owed.slug, address=address)
        case Misconfigured(why):
            log.error("account.misconfigured", kind=one.owed.kind, reason=why)
        case Throttled(seconds):
            THROTTLED.labels(one.owed.kind).inc()
            log.warning("account.throttled", channel=one.owed.slug, seconds=seconds)
        case Doubted(why):
            log.warning("delivery.doubted", **facts, reason=why, wire=one.wire)
    if one.settlement.state not in (State.DUE, State.IN_DOUBT):
        SETTLED.labels(one.settlement.state).inc()
        log.info(f"delivery.{one.settlement.state}", **facts, reason=reason(one.outcome))
