# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A wire to a server that can fall silent: connections are taken, and nothing comes back."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Wire:
    """Passes bytes both ways until it is cut from talking; counts who has ever called."""

    def __init__(self, port: int) -> None:
        """Lead to this port of the loopback."""
        self._to = port
        self._open = _opened()
        self._last = b""
        self.calls = 0
        self.live = 0

    @property
    def is_silent(self) -> bool:
        return not self._open.is_set()

    def fall_silent(self) -> None:
        self._open.clear()

    def fall_silent_at(self, word: bytes) -> None:
        """Pass nothing from the first message on in which this is said."""
        self._last = word

    def forget(self) -> None:
        """Pass nothing more on what is connected, and tell neither side; who calls anew is served."""
        self._open.clear()
        self._open = _opened()

    def talk(self) -> None:
        self._open.set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls += 1
        self.live += 1
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
            ways = [asyncio.create_task(self._one_way(reader, far_writer))]
            ways.append(asyncio.create_task(self._one_way(far_reader, writer)))
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            far_writer.close()
        finally:
            self.live -= 1
            writer.close()

    async def _one_way(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        is_open = self._open
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                if self._last and self._last in data:
                    self.fall_silent()
                await is_open.wait()
                writer.write(data)
                await writer.drain()


def _opened() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@asynccontextmanager
async def a_wire(port: int) -> AsyncIterator[tuple[Wire, int]]:
    """Lay a wire to the port, and give it with the port at its near end."""
    wire = Wire(port)
    server = await asyncio.start_server(wire.carry, "127.0.0.1", 0)
    try:
        yield wire, server.sockets[0].getsockname()[1]
    finally:
        wire.talk()
        server.close()
