# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Names of hosts are looked up in threads of their own: what nobody answers for holds up no other name."""

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from threading import Thread
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

AT_ONCE = 64
"""Threads at a time, of those that a container may have (256). A question that nobody waits for any more takes its
thread to its end, half a minute at most with the usual three servers."""
Info = tuple[Any, ...]
"""As socket.getaddrinfo gives it: family, kind, protocol, canonical name, address."""
Look = Callable[..., list[Info]]


class Names(AbstractResolver):
    """Asks the system, beside the event loop and beside the two threads that uvloop has for all names of a process."""

    def __init__(self, look: Look = socket.getaddrinfo, at_once: int = AT_ONCE) -> None:
        """Take what is asked, and how many questions may be open."""
        self._look, self._room = look, asyncio.Semaphore(at_once)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Give the addresses. Raises what the system raises, and OSError where there is no thread to be had."""
        await self._room.acquire()
        answer = Future[list[Info]]()
        answer.set_running_or_notify_cancel()  # no question can be taken back
        thread = Thread(target=self._asked, args=(answer, asyncio.get_running_loop(), host, port, family), daemon=True)
        try:
            thread.start()  # a daemon, since the end of a process would wait for any other
        except RuntimeError as error:
            self._room.release()
            raise OSError(str(error)) from error
        found = await asyncio.wrap_future(answer)
        return [_result(host, family, protocol, address) for family, _, protocol, _, address in found]

    async def close(self) -> None:
        """Leave open questions to themselves."""

    def _asked(self, answer: Future[list[Info]], loop: asyncio.AbstractEventLoop, host: str, *where: int) -> None:
        try:
            found = self._look(host, *where, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)
        except Exception as error:  # noqa: BLE001 - it is for whoever asked
            answer.set_exception(error)
        else:
            answer.set_result(found)
        with suppress(RuntimeError):  # the loop may have ended
            loop.call_soon_threadsafe(self._room.release)


def _result(host: str, family: int, protocol: int, address: tuple[Any, ...]) -> ResolveResult:
    numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(hostname=host, host=address[0], port=address[1], family=family, proto=protocol, flags=numeric)
