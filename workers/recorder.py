# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Writes outcomes down, many at a time when many end at once, and keeps at it while Postgres is away."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from app.database import HELD_UP, Pool, distrust, is_away
from app.domain.delivery import State
from app.domain.outcome import Doubted, Gone, Misconfigured, Moved, Throttled, named, reason
from app.outbox import Done, Written, record
from app.scrub import place
from app.telemetry import ATTEMPTS, SETTLED, THROTTLED, log

MOST = 200
AGAIN = 0.2
APART = 3
"""Outcomes written by themselves at a time: each may wait for a row with a connection in its hands."""


@dataclass(frozen=True, slots=True)
class _Heard:
    """An outcome, and who waits for it."""

    done: Done
    written: asyncio.Future[None]

    def end(self) -> None:
        if not self.written.done():
            self.written.set_result(None)


class Recorder:
    """One per process. An outcome is held in memory until Postgres has said whether its lease still held.

    While Postgres is away nobody can have taken the lease, however long it is over.
    """

    def __init__(self, pool: Pool) -> None:
        """Take the pool; `run` does the writing."""
        self._pool = pool
        self._waiting: asyncio.Queue[_Heard] = asyncio.Queue()
        self._few = asyncio.Semaphore(APART)
        self._away = False

    async def record(self, done: Done) -> None:
        """Return when the outcome is written, or the sweep has taken the lease."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        await self._waiting.put(_Heard(done, written))
        await written

    async def run(self) -> None:
        """Write for ever."""
        async with asyncio.TaskGroup() as apart:
            while True:
                batch = [await self._waiting.get()]
                while len(batch) < MOST and not self._waiting.empty():
                    batch.append(self._waiting.get_nowait())
                if not await self._write(batch):
                    for one in batch:
                        apart.create_task(self._write_alone(one))

    async def _write(self, batch: Sequence[_Heard]) -> bool:
        """Write as soon as Postgres is there; False where somebody holds a row or Postgres refuses."""
        while (error := await self._failed(batch)) is not None:
            if not is_away(error) or isinstance(error, HELD_UP):
                return False
            await self._rest(error)
        return True

    async def _write_alone(self, one: _Heard) -> None:
        """Write an outcome while the others go on; one that Postgres refuses lapses, which is counted."""
        while (error := await self._failed_alone(one)) is not None:
            if not is_away(error):
                _lose(one.done, error)
                one.end()
                return
            await self._rest(error)

    async def _rest(self, error: Exception) -> None:
        """Say once that Postgres is away, and wait: for less than a tick, so that this comes before the sweep."""
        if not self._away:
            log.warning("database.away", error=type(error).__name__)
        self._away = True
        await asyncio.sleep(AGAIN)

    async def _failed_alone(self, one: _Heard) -> Exception | None:
        async with self._few:
            return await self._failed([one])

    async def _failed(self, batch: Sequence[_Heard]) -> Exception | None:
        """Try once; what was given up before is over already."""
        if all(one.written.done() for one in batch):
            return None
        try:
            written = await record(self._pool, [one.done for one in batch])
        except Exception as error:  # noqa: BLE001 - whatever it is, the recorder goes on for the others
            await distrust(self._pool, error)
            return error
        self._away = False
        for one in batch:
            _tell(one.done, written.get(one.done.claim))
            one.end()
        return None


def _lose(done: Done, error: Exception) -> None:
    """Say which outcome Postgres refuses: it is a fault of ours."""
    facts = {"delivery": done.owed.id, "channel": done.owed.slug, "outcome": named(done.outcome)}
    log.error("outcome.lost", **facts, error=type(error).__name__, place=place(error))


def _tell(one: Done, went: Written | None) -> None:  # noqa: C901 - one match, a line for each outcome people hear of
    """Count and log an attempt's end, by where its delivery went in truth; what the fence refused is said too."""
    facts = {"delivery": one.owed.id, "channel": one.owed.slug, "notice": str(one.owed.notice_id)}
    if one.owed.trace is not None:
        facts |= {"trace": one.owed.trace.id, "span": one.owed.trace.step(one.owed.id, one.token).span}
    if went is None:
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
    if went.state not in (State.DUE, State.IN_DOUBT):
        SETTLED.labels(went.state).inc()
        told = reason(one.outcome) if went.state is one.settlement.state else went.error
        log.info(f"delivery.{went.state}", **facts, reason=told)
