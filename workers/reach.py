# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How far a request got: what the client of a kind tells the running task while it calls; and when it may leave."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from aiohttp import TraceConfig

from app.domain.outcome import Wire

LOOK_EVERY = 0.1
"""Seconds between two looks at what may still be going up."""


@dataclass
class Reach:
    """How far the request of the running task got."""

    wire: Wire = Wire.NONE


class TooLateError(TimeoutError):
    """The time of what was to be posted was over before its first byte could leave."""


_reach: ContextVar[Reach | None] = ContextVar("reach", default=None)
_latest: ContextVar[float | None] = ContextVar("latest", default=None)


@contextmanager
def noted_in(reach: Reach) -> Iterator[None]:
    """Note in `reach` how far requests of this task get, if their session has `tracing()`."""
    mark = _reach.set(reach)
    try:
        yield
    finally:
        _reach.reset(mark)


@asynccontextmanager
async def up_in_time(reach: Reach, is_going_up: Callable[[], bool]) -> AsyncIterator[None]:
    """Break off what is still being sent when the running task's time to act is over: the rest is never sent.

    What is up may still be answered. TooLateError where nothing has left, else TimeoutError.
    """
    latest = _latest.get()
    try:
        async with asyncio.timeout(None) as limit:
            looking = asyncio.create_task(_end(limit, latest, reach, is_going_up)) if latest is not None else None
            try:
                yield
            finally:
                if looking is not None:
                    looking.cancel()
    except TimeoutError as error:
        if limit.expired() and not reach.wire.left:
            raise TooLateError from error
        raise


async def _end(limit: asyncio.Timeout, latest: float, reach: Reach, is_going_up: Callable[[], bool]) -> None:
    """End what is limited at that moment, or as soon as something is seen to be going up after it."""
    await asyncio.sleep(latest - time.monotonic())
    while reach.wire.left and not is_going_up():  # noqa: ASYNC110 - nobody is told when the kernel has sent something
        await asyncio.sleep(LOOK_EVERY)
    limit.reschedule(asyncio.get_running_loop().time())


@contextmanager
def leaving_by(moment: float | None) -> Iterator[None]:
    """Let requests of this task leave before that moment of the monotonic clock only, if their session has `tracing()`.

    Names are looked up, connections made and files read meanwhile: no look at the clock before the call can know it.
    """
    mark = _latest.set(moment)
    try:
        yield
    finally:
        _latest.reset(mark)


def tracing() -> TraceConfig:
    """Give what a session of aiohttp needs for that."""
    trace = TraceConfig()
    trace.on_connection_create_end.append(_reached(Wire.CONNECTED))
    trace.on_connection_reuseconn.append(_reached(Wire.CONNECTED))
    trace.on_request_headers_sent.append(_may_leave)
    trace.on_request_headers_sent.append(_reached(Wire.HEADERS))
    trace.on_request_chunk_sent.append(_reached(Wire.BODY))
    trace.on_request_end.append(_reached(Wire.RESPONSE))
    return trace


def must_be_in_time() -> None:
    """Raise TooLateError where the running task's time to act is over (`leaving_by`)."""
    latest = _latest.get()
    if latest is not None and time.monotonic() >= latest:
        raise TooLateError


async def _may_leave(*_: object) -> None:
    """Break off before the first byte: aiohttp tells of headers, and only then writes them."""
    must_be_in_time()


def _reached(wire: Wire) -> Any:
    async def note(*_: object) -> None:
        reach = _reach.get()
        if reach is not None:
            reach.wire = wire

    return note
