# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The way out of one process: a call that may end the process goes out alone, so that it takes no other with it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Way:
    """One per process, for its calls of every kind."""

    def __init__(self) -> None:
        """Begin open, with nobody on it."""
        self._out = 0
        self._empty = asyncio.Event()
        self._empty.set()
        self._one = asyncio.Lock()

    @property
    def is_closed(self) -> bool:
        """Tell whether somebody goes alone, or waits to: nothing more should be claimed."""
        return self._one.locked()

    @asynccontextmanager
    async def taken(self, *, alone: bool) -> AsyncIterator[None]:
        """Be on the way: beside others, or when all others are back and before anybody else leaves."""
        if alone:
            async with self._one:
                await self._empty.wait()
                yield
            return
        while self._one.locked():
            async with self._one:
                pass
        self._out += 1
        self._empty.clear()
        try:
            yield
        finally:
            self._out -= 1
            if not self._out:
                self._empty.set()
