# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How far a request got: what the client of a kind tells the running task while it calls; and when it may leave."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from aiohttp import TraceConfig

from app.domain.outcome import Wire


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
async def over_in_time(reach: Reach) -> AsyncIterator[None]:
    """Break off what takes long to send when the running task's time to act is over: the rest is never sent.

    TooLateError where nothing has left, else TimeoutError.
    """
    try:
        async with asyncio.timeout_at(_latest.get()) as limit:
            yield
    except TimeoutError as error:
        if limit.expired() and not reach.wire.left:
            raise TooLateError from error
        raise


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
