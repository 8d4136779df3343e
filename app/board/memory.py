# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Keeps what was made for a moment: a crowd at the same page costs one reading and one rendering."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Memory(Generic[T]):
    """Things by key, each for so many seconds; whoever asks while one is being made waits for that one."""

    def __init__(self, seconds: float, most: int = 512) -> None:
        """Keep at most so many things at a time."""
        self._seconds, self._most = seconds, most
        self._kept: dict[str, tuple[float, asyncio.Task[T]]] = {}

    async def get(self, key: str, make: Callable[[], Awaitable[T]]) -> T:
        """Give what is kept, or make it; a failure is told to all who wait for it, and not kept."""
        kept = self._kept.get(key)
        if kept is None or kept[0] < time.monotonic() or _failed(kept[1]):
            kept = self._made(key, make)
        return await asyncio.shield(kept[1])

    def __len__(self) -> int:
        return len(self._kept)

    def _made(self, key: str, make: Callable[[], Awaitable[T]]) -> tuple[float, asyncio.Task[T]]:
        async def work() -> T:
            return await make()

        if len(self._kept) >= self._most:
            self._kept.clear()
        self._kept[key] = made = (time.monotonic() + self._seconds, asyncio.create_task(work()))
        return made


def _failed(task: asyncio.Task[T]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
