# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""aiogram's session with four additions: watching how far a request got, answers unread, calls without files as JSON.

JSON costs both sides less than a form does. And what a call that is given up has not sent yet is never sent: our own
machine would keep it, and say it again when the network is back.
"""

import asyncio
import fcntl
import socket
import ssl
import struct
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import certifi
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.methods import EditMessageMedia, SendDocument, SendMediaGroup, SendPhoto, TelegramMethod
from aiohttp import ClientRequest, ClientSession, ClientTimeout, FormData, TCPConnector
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from app.names import Names
from workers.reach import Reach, noted_in, tracing

CONNECT_TIMEOUT = 3.0
"""Seconds for a connection; a host that does not answer is then known not to have heard us."""
KEEP_ALIVE = 4.0
"""Seconds an idle connection is kept: shorter than servers do, so that a send rarely meets a closed one."""
CONNECTIONS = 300
"""More than there are calls at a time: a call that waited for a connection would lose the time it has."""
LARGEST_ANSWER = 1 << 20
WITH_FILES = (SendPhoto, SendDocument, SendMediaGroup, EditMessageMedia)
JSON = {"Content-Type": "application/json"}
NO_LINGER = struct.pack("ii", 1, 0)
_lines: ContextVar[list[asyncio.Transport] | None] = ContextVar("lines", default=None)


@dataclass
class Watch(Reach):
    """How far the request of the running task got; `until` (seconds of the loop) it has time.

    `lines`: the connections that it was given.
    """

    until: float | None = None
    lines: list[asyncio.Transport] = field(default_factory=list)

    def is_going_up(self) -> bool:
        """Tell whether the other side still has to take something of what was written."""
        return any(map(_unsent, self.lines))


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came: the HTTP status and the body, or no body when it was too large."""

    status: int
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Ready:
    """A call without files as it goes over the wire: the name of its method, and its members as JSON."""

    name: str
    body: bytes


def ready(method: TelegramMethod[Any], *, without: set[str] | None = None) -> Ready:
    """Write down what is set of a call, but for the members that somebody else adds."""
    said = method.model_dump_json(exclude=without, exclude_unset=True, exclude_none=True, warnings=False)
    return Ready(method.__api_method__, said.encode())


class WatchedSession(AiohttpSession):
    """Calls a Bot API server; `exchange` neither retries nor interprets."""

    def __init__(self, api_url: str, timeout: float) -> None:
        """Take the server's address and the total seconds for one call."""
        super().__init__(api=TelegramAPIServer.from_base(api_url.rstrip("/"), is_local=False))
        self._limits = ClientTimeout(total=timeout, sock_connect=CONNECT_TIMEOUT)
        self._client: ClientSession | None = None

    async def create_session(self) -> ClientSession:
        if self._client is None or self._client.closed:
            context = ssl.create_default_context(cafile=certifi.where())
            connector = _Connector(
                socket_factory=_socket,
                resolver=Names(),
                ssl=context,
                limit=CONNECTIONS,
                ttl_dns_cache=300,
                keepalive_timeout=KEEP_ALIVE,
            )
            self._client = ClientSession(connector=connector, timeout=self._limits, trace_configs=[tracing()])
        return self._client

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    async def exchange(self, bot: Bot, method: TelegramMethod[Any] | Ready, watch: Watch) -> Reply:
        """Make one call. Raises what aiohttp raises; `watch` says how far it got."""
        with noted_in(watch), _whole_or_broken_off(watch.lines):
            client = await self.create_session()
            name, data, headers = self._said(bot, method)
            url = self.api.api_url(token=bot.token, method=name)
            async with client.post(url, data=data, headers=headers, allow_redirects=False) as response:
                body = await response.content.read(LARGEST_ANSWER)
                whole = response.content.at_eof()
                while not whole and len(body) < LARGEST_ANSWER:
                    body += await response.content.read(LARGEST_ANSWER - len(body))
                    whole = response.content.at_eof()
                return Reply(response.status, body if whole else None)

    def _said(self, bot: Bot, method: TelegramMethod[Any] | Ready) -> tuple[str, FormData | bytes, dict[str, str]]:
        if isinstance(method, WITH_FILES):
            call: TelegramMethod[Any] = method
            return call.__api_method__, self.build_form_data(bot, call), {}
        said = method if isinstance(method, Ready) else ready(method)
        return said.name, said.body, JSON


class _Connector(TCPConnector):
    """Says which connection a call has got."""

    async def connect(self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout) -> Connection:  # noqa: ASYNC109 - named by aiohttp
        connection = await super().connect(req, traces, timeout)
        lines = _lines.get()
        if lines is not None and connection.transport is not None:
            lines.append(connection.transport)
        return connection


def _unsent(line: asyncio.Transport) -> int:
    """Count the bytes of a connection that nobody has taken yet; one, where that is unknown."""
    if line.is_closing():
        return 0
    try:
        waiting = fcntl.ioctl(line.get_extra_info("socket").fileno(), termios.TIOCOUTQ, bytes(4))
    except OSError:
        return 1
    return line.get_write_buffer_size() + int.from_bytes(waiting, sys.byteorder)


def _socket(info: tuple[Any, ...]) -> socket.socket:
    """Make a socket that drops what it has not sent when it is closed, instead of going on with it for minutes."""
    family, kind, protocol, *_ = info
    made = socket.socket(family, kind, protocol)
    made.settimeout(0)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    return made


@contextmanager
def _whole_or_broken_off(lines: list[asyncio.Transport]) -> Iterator[None]:
    """Break the connection of a call that fails or is given up: ended in good order, the rest would be sent."""
    mark = _lines.set(lines)
    try:
        yield
    except BaseException:
        for line in lines:
            line.abort()
        raise
    finally:
        _lines.reset(mark)
