# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Ends tasks that may not want to: a cancellation that got lost is said again."""

import asyncio
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from typing import Any

INSIST = 2.0
"""Seconds that something is given to tidy up before it is cancelled once more."""


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks until each has ended.

    One cancellation may be lost: what is asked of a server to leave things tidy may wait for its answer for ever, and
    an error of that takes the place of the cancellation, after which whoever goes on after errors goes on.
    """
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=INSIST)


async def within(seconds: float, work: Coroutine[Any, Any, None]) -> None:
    """Give something so many seconds, and end it then, whatever it waits for; raises its errors."""
    task = asyncio.create_task(work)
    try:
        await asyncio.wait([task], timeout=seconds)
    finally:
        await end([task])
    with suppress(asyncio.CancelledError):
        task.result()
