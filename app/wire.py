# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""HTTP as uvicorn speaks it, but for two things.

What cannot be read as a request is answered as every error is, and the application may refuse a request from its bytes.
"""

import re
import time
from asyncio import AbstractEventLoop
from typing import Any

from starlette.types import Message, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD, END_OF_HEAD = b"HTTP/1.1 ", b"\r\n\r\n"
MOST_JOINED = 65_536
"""Bytes of a body from which copying it costs more than a write of its own."""
UNREADABLE, TOO_LARGE = "campanella.unreadable", "too large"
"""In the scope: why there is no request to read. One whose head is too large is refused before its end."""
MOST_OF_A_HEAD = 32_768
"""Bytes: more than any head that would be accepted, whatever blanks it has."""
ARRIVED = "campanella.arrived"
"""In the scope: when the first byte of the request was read, by the monotonic clock."""
MOST_HELD = 65_536
"""Bytes of one request that wait for its end before anybody reads it."""
KNOWN = frozenset(
    re.findall(
        "[A-Z-]+",
        "DELETE GET HEAD POST PUT CONNECT OPTIONS TRACE COPY LOCK MKCOL MOVE PROPFIND PROPPATCH SEARCH UNLOCK BIND "
        "REBIND UNBIND ACL REPORT MKACTIVITY CHECKOUT MERGE M-SEARCH NOTIFY SUBSCRIBE UNSUBSCRIBE PATCH PURGE "
        "MKCALENDAR LINK UNLINK SOURCE QUERY",
    )
)
"""Methods that the parser reads; with any other it gives up before the first header."""
REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) (/[!-~]{0,4000}) HTTP/1\.[01]\r?\n")
LINE = {
    400: b"HTTP/1.1 400 Bad Request",
    404: b"HTTP/1.1 404 Not Found",
    405: b"HTTP/1.1 405 Method Not Allowed",
    431: b"HTTP/1.1 431 Request Header Fields Too Large",
}


class Joined:
    """A transport that writes the head of an answer together with its body: each write wakes the other side.

    A head whose body is late is written in the next round of the event loop.
    """

    __slots__ = ("_head", "_loop", "_transport")

    def __init__(self, transport: Any, loop: AbstractEventLoop) -> None:
        """Take the transport of a connection."""
        self._transport, self._loop, self._head = transport, loop, b""

    def __getattr__(self, name: str) -> Any:
        """Be as the transport in all else."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if self._head and len(data) < MOST_JOINED:
            data, self._head = self._head + data, b""
        elif data.startswith(HEAD) and data.endswith(END_OF_HEAD):
            self.flush()
            self._head = data
            self._loop.call_soon(self.flush)
            return
        self.flush()
        self._transport.write(data)

    def flush(self) -> None:
        head, self._head = self._head, b""
        if head:
            self._transport.write(head)

    def close(self) -> None:
        self.flush()
        self._transport.close()


class Protocol(HttpToolsProtocol):
    """A connection that asks the application's `at_once`, and remembers the bytes that could not be read.

    `at_once` is given what begins a request, and how many are under way. It gives the whole answer, nothing where it
    must see more, or None.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        """Begin between two requests."""
        super().__init__(*given, **named)
        self._at_once = getattr(self.app, "at_once", None)
        self._is_between = True
        self._held = b""
        self._is_in_head = self._is_refused = False
        self._begun = self._head_size = 0

    def connection_made(self, transport: Any) -> None:
        """Write through something that joins."""
        super().connection_made(transport)
        self.transport = Joined(self.transport, self.loop)  # type: ignore[assignment]  # as good as one

    def data_received(self, data: bytes) -> None:
        """Keep what came last, for the case that it is no request."""
        if self._is_between and self._at_once is not None and (self.cycle is None or self.cycle.response_complete):
            data, self._held = self._held + data, b""
            answer = self._at_once(data, len(self.tasks)) if len(data) < MOST_HELD else None
            if answer is not None:
                self._unset_keepalive_if_required()
                self._answer(data, answer)
                return
        self._last = data
        if not self._is_refused:
            self._read(data)

    def _read(self, data: bytes) -> None:
        """Let the parser read, which keeps a head until its end: one that has none in sight is refused."""
        begun, is_between = self._begun, self._is_between
        super().data_received(data)
        if not self._is_in_head:
            return
        more = self._begun - begun
        self._head_size = 0 if more else self._head_size
        if more == 0 or (more == 1 and is_between):  # else it began somewhere behind another request
            self._head_size += len(data)
        if self._head_size > MOST_OF_A_HEAD:
            self._turn_away({**self._scope("", b"/"), UNREADABLE: TOO_LARGE})

    def _answer(self, data: bytes, answer: bytes) -> None:
        if not answer:
            self._held = data
        elif not self.transport.is_closing():
            self.transport.write(answer)
            self.on_response_complete()

    def on_message_begin(self) -> None:
        """Note when it came."""
        super().on_message_begin()
        self._is_between, self._is_in_head = False, True
        self._begun += 1
        self.scope[ARRIVED] = time.monotonic()  # type: ignore[literal-required]  # one of ours

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; what comes behind a body is none (RFC 9110, 6.5.1)."""
        if self._is_in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Note that the head is over."""
        self._is_in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Let the next request be looked at as a whole."""
        self._is_between = True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the library calls it so
        """Answer by the application, which knows the methods of every path; then the connection ends."""
        found = REQUEST_LINE.match(self._last)
        method, target = (found[1].decode(), found[2]) if found else ("", b"/")
        self._turn_away(self._scope(method, target))

    def _turn_away(self, scope: Scope) -> None:
        self._is_refused, self._is_in_head = True, False
        self.loop.create_task(self._refuse(scope))

    def _scope(self, method: str, target: bytes) -> Scope:
        path, _, query = target.partition(b"?")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme or "http",
            "method": method,
            "root_path": "",
            "path": path.decode("ascii"),
            "raw_path": path,
            "query_string": query,
            "headers": [],
            "state": {},
            UNREADABLE: True,
        }

    async def _refuse(self, scope: Scope) -> None:
        """Write the answer of the application by hand: the parser of this connection is of no more use."""
        head: dict[str, Any] = {}
        body = b""

        async def receive() -> Message:
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            nonlocal body
            head.update(message if message["type"] == "http.response.start" else {})
            body += message.get("body", b"")

        await self.app(scope, receive, send)
        headers = [*head["headers"], (b"connection", b"close")]
        lines = [LINE[head["status"]], *(name + b": " + value for name, value in headers)]
        if not self.transport.is_closing():
            self.transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
            self.transport.close()
