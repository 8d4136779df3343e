# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Rings for the workers after a commit. Nothing is lost when nobody hears it: the one-second tick is the truth."""

import asyncio
import json
import time
from typing import Any

from arq import ArqRedis, create_pool
from arq.connections import RedisSettings
from redis.exceptions import RedisError

from app.telemetry import DOORBELLS, log

QUEUE = "campanella:doorbell"
JOB = "ring"
WINDOW = 0.02
"""Seconds in which many rings are one."""
PATIENCE = 2
"""Seconds for each thing that is asked of Redis."""
UNHEARD = 32
"""Rings that may wait: far more than are heard at one moment, so that one of them is heard after this commit, too."""


def serialise(value: dict[str, Any]) -> bytes:
    """Write a job as JSON: arq's own way is pickle, which runs code for whoever can write to Redis."""
    return json.dumps(value, default=repr).encode()


def deserialise(value: bytes) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(value)
    return content


def redis_settings(url: str) -> RedisSettings:
    """Read the URL; connecting gives up soon, since a caller of the API may be waiting behind it."""
    settings = RedisSettings.from_dsn(url)
    settings.conn_timeout, settings.conn_retries, settings.conn_retry_delay = 1, 0, 0
    settings.ssl_check_hostname = settings.ssl
    return settings


def over_tls(url: str) -> dict[str, bool]:
    """Say what a client of a Redis elsewhere must be told: its library looks at the certificate, not at the name."""
    return {"ssl_check_hostname": True} if url.startswith("rediss:") else {}


class Doorbell:
    """One bell of a process: any number of rings within a window become one job, and a failure is only counted."""

    def __init__(self, url: str) -> None:
        """Remember where Redis is; it is connected to at the first ring."""
        self._settings = redis_settings(url)
        self._redis: ArqRedis | None = None
        self._pressed = asyncio.Event()
        self._ringing: asyncio.Task[None] | None = None

    def ring(self) -> None:
        """Ask the workers to look, without waiting."""
        self._pressed.set()
        if self._ringing is None:
            self._ringing = asyncio.create_task(self._ring_for_ever())

    async def close(self) -> None:
        if self._ringing is not None:
            self._ringing.cancel()
        if self._redis is not None:
            await self._redis.aclose()

    async def _ring_for_ever(self) -> None:
        while True:
            await self._pressed.wait()
            self._pressed.clear()
            await self._ring_once()
            await asyncio.sleep(WINDOW)

    async def _ring_once(self) -> None:
        try:
            if self._redis is None:
                self._redis = await asyncio.wait_for(self._connected(), PATIENCE)
            if await asyncio.wait_for(self._redis.zcard(QUEUE), PATIENCE) < UNHEARD:
                await asyncio.wait_for(self._redis.enqueue_job(JOB, _job_id=f"{JOB}:{time.time_ns()}"), PATIENCE)
            DOORBELLS.labels("rung").inc()
        except (RedisError, OSError, TimeoutError) as error:
            DOORBELLS.labels("lost").inc()
            log.warning("doorbell.lost", error=type(error).__name__)

    async def _connected(self) -> ArqRedis:
        """Connect, and hear a first answer: arq limits the time of the one and not of the other."""
        return await create_pool(
            self._settings, job_serializer=serialise, job_deserializer=deserialise, default_queue_name=QUEUE
        )
