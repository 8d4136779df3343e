# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The last word of a worker that was told to end: what keeps it longer than it may take is named, and left."""

import asyncio
import os
import sys
from pathlib import Path

from app.telemetry import log

STUCK = 1
"""The exit code then."""


def end_within(seconds: float) -> None:
    """End this process after so many seconds, if it still runs then: else somebody would kill it and learn nothing.

    What was on the wire is over by then, or lapses with its lease as after a kill. Where the event loop itself stands
    still nothing is said, and whoever manages the process has to kill it.
    """
    asyncio.get_running_loop().call_later(seconds, _end)


def _end() -> None:
    log.error("worker.stuck", waiting=sorted(map(_where, asyncio.all_tasks())))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(STUCK)


def _where(task: asyncio.Task[object]) -> str:
    """Say what a task is of, and the line at which it waits."""
    name = getattr(task.get_coro(), "__qualname__", "?")
    stack = task.get_stack(limit=1)
    return name if not stack else f"{name} at {Path(stack[0].f_code.co_filename).name}:{stack[0].f_lineno}"
