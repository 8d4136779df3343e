# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The worker's end of the doorbell: arq runs one small job that asks for a look; losing Redis only makes it deaf."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, cast

from arq import func
from arq.typing import WorkerCoroutine
from arq.worker import Worker
from redis.exceptions import RedisError

from app.doorbell import JOB, QUEUE, deserialise, redis_settings, serialise
from app.telemetry import log
from workers.relay import Relay

POLL = 0.05
LONGEST_REST = 5.0


class Ear(Worker):
    """An arq worker that takes no ring while its process could not follow it: another hears it, or this one later."""

    hears: Callable[[], bool] | None = None

    @property
    def allow_pick_jobs(self) -> bool:
        """What arq asks before it looks for jobs."""
        return self._picks and (self.hears is None or self.hears())

    @allow_pick_jobs.setter
    def allow_pick_jobs(self, picks: bool) -> None:  # arq sets it
        self._picks = picks


async def listen(url: str, relay: Relay, hears: Callable[[], bool]) -> None:
    """Run arq for ever; when Redis goes away, come back with growing patience while the tick goes on."""
    rest = 0.1
    while True:
        worker = _worker(url, relay)
        worker.hears = hears
        started = asyncio.get_running_loop().time()
        try:
            await worker.async_run()
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("redis.away", error=type(error).__name__)
        finally:
            await _close(worker)
        if asyncio.get_running_loop().time() - started > LONGEST_REST:
            rest = 0.1
        await asyncio.sleep(rest)
        rest = min(LONGEST_REST, rest * 2)


def _worker(url: str, relay: Relay) -> Ear:
    async def ring(ctx: dict[Any, Any]) -> None:  # noqa: ARG001 - arq passes it by this name
        relay.look()

    return Ear(
        functions=[func(cast("WorkerCoroutine", ring), name=JOB, max_tries=1, keep_result=0)],
        redis_settings=redis_settings(url),
        queue_name=QUEUE,
        handle_signals=False,  # the process has its own drain
        job_completion_wait=25,
        job_timeout=20,
        max_tries=1,
        keep_result=0,  # else the same id would be refused for as long as a result lives
        max_jobs=8,
        poll_delay=POLL,
        health_check_interval=30,
        job_serializer=serialise,
        job_deserializer=deserialise,
        log_results=False,
    )


async def _close(worker: Worker) -> None:
    with contextlib.suppress(RedisError, OSError, TimeoutError, asyncio.CancelledError):
        await asyncio.wait_for(worker.close(), 2)
