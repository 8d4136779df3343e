# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Changes told to open pages as they happen, by server-sent events."""

import asyncio

import msgspec
from aiohttp import web

from deploy.sandbox.chats import Chat, Message
from deploy.sandbox.views import chat_view, message_view

BACKLOG = 256
HEARTBEAT = 15.0
RELOAD = b"event: reload\ndata: {}\n\n"


class Live:
    """The pages that are looking; nothing is prepared while nobody looks."""

    def __init__(self) -> None:
        self.queues: set[asyncio.Queue[bytes]] = set()
        self.stopping = asyncio.Event()

    def watch(self, event: str, chat: Chat, message: Message | None) -> None:
        if not self.queues:
            return
        data = {"chat": chat_view(chat)} | ({"message": message_view(chat, message)} if message else {})
        line = b"event: " + event.encode() + b"\ndata: " + msgspec.json.encode(data) + b"\n\n"
        for queue in self.queues:
            self.offer(queue, line)

    @staticmethod
    def offer(queue: asyncio.Queue[bytes], line: bytes) -> None:
        """Queue an event; a page too slow for the stream is told to load itself anew."""
        if queue.full():
            while not queue.empty():
                queue.get_nowait()
            line = RELOAD
        queue.put_nowait(line)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Stream events until the page goes away."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        queue: asyncio.Queue[bytes] = asyncio.Queue(BACKLOG)
        self.queues.add(queue)
        try:
            await response.write(b"retry: 1000\n\n")
            while not self.stopping.is_set():
                await response.write(await self._next(queue))
        except ConnectionError:
            pass
        finally:
            self.queues.discard(queue)
        return response

    async def _next(self, queue: asyncio.Queue[bytes]) -> bytes:
        try:
            async with asyncio.timeout(HEARTBEAT):
                return await queue.get()
        except TimeoutError:
            return b": still here\n\n"

    def stop(self) -> None:
        self.stopping.set()
        for queue in self.queues:
            self.offer(queue, b": the end\n\n")
