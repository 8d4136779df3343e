# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a call that was given up has not sent yet stays unsent: kept by our own machine, it would land later."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from aiogram import Bot
from aiogram.methods import SendDocument, SendMessage, TelegramMethod
from aiogram.types import BufferedInputFile

from tests.reliability.ground import until
from workers.telegram.session import Watch, WatchedSession

MEGABYTES = 20
BIG = SendDocument(chat_id=-1001, document=BufferedInputFile(bytes(MEGABYTES << 20), "a.pdf"))
SMALL = SendMessage(chat_id=-1001, text="Mensa chiusa")


class Deaf:
    """A server that hears nothing until it is told to listen, and then says how much it heard, and how it ended."""

    def __init__(self) -> None:
        self.listens, self.over = asyncio.Event(), asyncio.Event()
        self.heard, self.ended = 0, ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.listens.wait()
        try:
            while chunk := await reader.read(1 << 20):
                self.heard += len(chunk)
            self.ended = "orderly"
        except ConnectionResetError:
            self.ended = "broken"
        writer.close()
        self.over.set()


@pytest.fixture
async def deaf() -> AsyncIterator[tuple[Deaf, WatchedSession]]:
    server = Deaf()
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as listening:
        session = WatchedSession(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", 60)
        yield server, session
        await session.close()


@pytest.mark.parametrize("method", [BIG, SMALL], ids=["big", "small"])
async def test_what_was_not_sent_when_a_call_was_given_up_is_never_sent(
    deaf: tuple[Deaf, WatchedSession], method: TelegramMethod[object]
) -> None:
    server, session = deaf
    watch = Watch()

    async def has_left() -> bool:
        return watch.wire.left

    calling = asyncio.create_task(session.exchange(Bot("1:A"), method, watch))
    await until(has_left)
    await asyncio.sleep(0.2)
    calling.cancel()
    with suppress(asyncio.CancelledError):
        await calling
    server.listens.set()
    await asyncio.wait_for(server.over.wait(), 30)

    assert server.ended == "broken"
    assert server.heard < MEGABYTES << 20
