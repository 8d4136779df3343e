# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The outermost layer, one for every path: the request's id, the headers of every answer, HEAD, OPTIONS, the log."""

import time
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars
from uuid_utils.compat import uuid7

from app.api.crowd import Crowd, came
from app.api.directory import Directory
from app.api.door import LARGEST_HEADERS, Door
from app.api.porch import Porch
from app.api.problems import PUBLIC, REQUEST, TOLD, MethodNotAllowedError, problem
from app.api.reading import MERGE_PATCH
from app.api.well_known import catalog_link
from app.api.wrong_keys import WrongKeys
from app.domain.errors import CampanellaError, HeadersTooLargeError, InvalidHeaderError, NotFoundError
from app.domain.posting import PLACE
from app.proofs import METHOD
from app.telemetry import log
from app.trace import enter, received
from app.traffic import count
from app.wire import ARRIVED, KNOWN, TOO_LARGE, UNREADABLE

API = "/v1"
CALLER = "campanella.caller"
CLIENT = "campanella.client"
SERVER_ERROR = 500
QUIET = frozenset({"/livez", "/readyz", "/metrics", "/status"})
"""Asked every few seconds by machines: a good answer is no news."""
ALWAYS = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"))
NO_STORE = (b"cache-control", b"no-store")


@dataclass(slots=True)
class Exchange:
    """One request and what has been answered so far."""

    id: str
    scope: Scope
    send: Send
    directory: Directory
    wrong_keys: WrongKeys
    without_body: bool
    status: int = 0

    async def answer(self, message: Message) -> None:
        """Pass an answer on, with the headers that every one has."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": self._headers(message.get("headers", ()))}
        elif self.without_body:
            message = {**message, "body": b""}
        await self.send(message)

    def _headers(self, given: Any) -> list[tuple[bytes, bytes]]:
        headers = [*given, (b"x-correlation-id", self.id.encode()), *ALWAYS]
        if not any(name == NO_STORE[0] for name, _ in given):
            headers.append(NO_STORE)
        if self.status < SERVER_ERROR:
            headers += self.scope[TOLD]
            if CALLER not in self.scope and self.scope["path"].startswith(API + "/"):
                standing = self.wrong_keys.standing(self.scope[CLIENT])
                headers += [(name.lower().encode(), text.encode()) for name, text in standing.headers]
        if self.status == 405:  # noqa: PLR2004 - the framework names the methods of one route, not of the address
            allow = self.directory.allow(self.scope["path"])
            headers = [*(pair for pair in headers if pair[0] != b"allow"), (b"allow", allow.encode())]
        return headers


class Edge:
    """Send /v1 to the API and all else to the rest of the house, which is also the one that starts and stops."""

    def __init__(
        self, api: ASGIApp, house: ASGIApp, directory: Directory, door: Door, public: str, crowd: Crowd
    ) -> None:
        """`public` is the address that links in answers begin with; `crowd` counts whoever is inside."""
        self._api, self._house, self._directory, self._door, self._public = api, house, directory, door, public
        self._crowd = crowd
        self._links = [(b"link", _links(public))]
        self.at_once = Porch(public, crowd, [*ALWAYS, NO_STORE]).answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._house(scope, receive, send)
            return
        started = time.perf_counter()
        exchange = self._opened(scope, send)
        trace = received(scope["headers"])
        enter(trace)
        came(scope.get(ARRIVED) or time.monotonic())
        bind_contextvars(request=exchange.id, trace=trace.id)
        self._crowd.inside += 1
        try:
            await self._answered(exchange, receive)
        except Exception as error:  # noqa: BLE001 - the last resort: a caller always gets an answer
            if not exchange.status:
                log.error("request.failed", exc_info=error)
                await problem(exchange.scope, CampanellaError())(exchange.scope, receive, exchange.answer)
        finally:
            self._crowd.inside -= 1
            seconds = time.perf_counter() - started
            count(exchange.scope, exchange.status, seconds)
            _note(exchange, scope["method"], seconds)

    def _opened(self, scope: Scope, send: Send) -> Exchange:
        number = str(uuid7())
        head = scope["method"] == "HEAD"
        mine = {
            **scope,
            REQUEST: number,
            PUBLIC: self._public,
            CLIENT: self._door.caller(scope),
            TOLD: list(self._links) if scope["path"].startswith(API + "/") else [],
            "method": "GET" if head else scope["method"],
        }
        if head:
            mine[METHOD] = "HEAD"
        return Exchange(number, mine, send, self._directory, self._door.wrong_keys, head)

    async def _answered(self, exchange: Exchange, receive: Receive) -> None:
        scope = exchange.scope
        complaint = self._unread(scope) if UNREADABLE in scope else self._door.complaint(scope)
        if complaint is not None:
            await problem(scope, complaint)(scope, receive, exchange.answer)
        elif scope["method"] == "OPTIONS":
            await self._options(exchange, receive)
        elif self._directory.refuses(scope["path"], scope["method"]):
            await problem(scope, MethodNotAllowedError())(scope, receive, exchange.answer)
        elif scope["path"].startswith(API + "/"):
            scope["root_path"] = API
            await self._api(scope, receive, exchange.answer)
        else:
            await self._house(scope, receive, exchange.answer)

    def _unread(self, scope: Scope) -> CampanellaError:
        """Say what is wrong with bytes that are no request, or one with a method that nobody knows."""
        if scope[UNREADABLE] == TOO_LARGE:
            return HeadersTooLargeError(limit=LARGEST_HEADERS)
        if not scope["method"] or scope["method"] in KNOWN:
            return InvalidHeaderError("The request cannot be read as HTTP/1.1.")
        return MethodNotAllowedError() if self._directory.allow(scope["path"]) else NotFoundError()

    async def _options(self, exchange: Exchange, receive: Receive) -> None:
        allow = self._directory.allow(exchange.scope["path"])
        if not allow:
            await problem(exchange.scope, NotFoundError())(exchange.scope, receive, exchange.answer)
            return
        headers = [(b"allow", allow.encode())]
        if "PATCH" in allow:
            headers.append((b"accept-patch", MERGE_PATCH.encode()))
        await exchange.answer({"type": "http.response.start", "status": 204, "headers": headers})
        await exchange.answer({"type": "http.response.body", "body": b""})


def _links(public: str) -> bytes:
    """Say where the API is described (RFC 8631, RFC 9727)."""
    described = f'<{public}/openapi.yaml>; rel="service-desc"; type="application/yaml"'
    explained = f'<{public}/docs>; rel="service-doc"; type="text/html"'
    return f'{described}, {explained}, <{public}/status>; rel="status", {catalog_link(public)}'.encode()


def _note(exchange: Exchange, method: str, seconds: float) -> None:
    """Write the access log line; the query is left out, since callers put secrets there by mistake."""
    scope = exchange.scope
    read = scope["path"].startswith(PLACE)  # whoever reads the board stays unknown
    quiet = (read or scope["path"] in QUIET) and exchange.status < 400  # noqa: PLR2004 - the classes of HTTP
    route = scope.get("route")
    (log.debug if quiet else log.info)(
        "request.served",
        method=method,
        uri=scope[PUBLIC] + scope["path"],
        operation=getattr(route, "name", None),
        status=exchange.status,
        client=None if read else scope[CLIENT],
        caller=scope.get(CALLER),
        ms=round(seconds * 1000, 1),
    )
