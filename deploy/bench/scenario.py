# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A scenario of the bench: what it measures, how long it may take, and what is said when it breaks."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from deploy.bench.figure import Measured
from deploy.bench.ground import Ground
from deploy.bench.size import Size

LONGEST = 1200.0
"""Seconds that any scenario may take, beside what it asks for."""
HERE = Path(__file__)
Measure = Callable[[Ground, Size], Awaitable[Measured]]


class GivenUpError(Exception):
    """A scenario took too long; the text says how long that is."""


def nothing_more(size: Size) -> float:  # noqa: ARG001 - as short as any
    return 0.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """`asks_for`: the seconds that it takes by its own plan, where these depend on the size."""

    title: str
    measure: Measure
    asks_for: Callable[[Size], float] = nothing_more

    def longest(self, size: Size) -> float:
        """Say after how many seconds it is given up."""
        return LONGEST + self.asks_for(size)

    async def run(self, ground: Ground, size: Size) -> Measured:
        """Measure within the time; who stops the bench stops it, whatever the scenario makes of it on its way out."""
        seconds = self.longest(size)
        try:
            async with asyncio.timeout(seconds) as limit:
                return await self.measure(ground, size)
        except Exception as error:
            if _is_being_stopped():
                raise asyncio.CancelledError from error
            if limit.expired():
                raise GivenUpError(f"not done after {seconds:.0f} s") from error
            raise


def _is_being_stopped() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def why(error: Exception) -> str:
    """Say what broke, and where in the bench: many an error has no more to say than its name."""
    frames = [(Path(frame.filename), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    places = [f" ({file.name}:{line})" for file, line in frames if file.parent == HERE.parent and file != HERE]
    where = places[-1] if places else ""
    return f"{type(error).__name__}: {error}".rstrip(": ") + where
