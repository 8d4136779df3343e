# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""HTTP as uvicorn speaks it, but for one thing: what cannot be read as a request is answered as every error is."""

import re
from typing import Any

from starlette.types import Message, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

UNREADABLE = "campanella.unreadable"
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
LINE = {400: b"HTTP/1.1 400 Bad Request", 404: b"HTTP/1.1 404 Not Found", 405: b"HTTP/1.1 405 Method Not Allowed"}


class Protocol(HttpToolsProtocol):
    """A connection that remembers how the bytes began that could not be read."""

    def data_received(self, data: bytes) -> None:
        """Keep what came last, for the case that it is no request."""
        self._last = data
        super().data_received(data)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the library calls it so
        """Answer by the application, which knows the methods of every path; then the connection ends."""
        found = REQUEST_LINE.match(self._last)
        method, target = (found[1].decode(), found[2]) if found else ("", b"/")
        self.loop.create_task(self._refuse(self._scope(method, target)))

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
