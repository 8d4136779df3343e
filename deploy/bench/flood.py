# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The callers of an overload, a process of its own: each calls at its moment, whether or not others are answered.

It takes a connection that is free, or opens another. Seconds count from the moment at which it was to call.
"""

import asyncio
import json
import sys
import time
from collections import Counter, deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast

import uvloop

END_OF_HEAD = b"\r\n\r\n"
LENGTH = b"content-length:"
DIGITS = 9
PAUSE = 0.002
UNANSWERED = "0"
"""The status of what was never answered."""


@dataclass(slots=True)
class Request:
    """One request: its number, its lane, when it was to be sent and when it was."""

    number: int
    lane: str
    due: float
    sent: float = 0.0


@dataclass
class Told:
    """What came of the requests of one lane; seconds of those that were accepted and of those that were refused."""

    statuses: Counter[str] = field(default_factory=Counter)
    accepted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)


class Connection(asyncio.Protocol):
    """One connection, with at most one request under way."""

    def __init__(self, flood: "Flood") -> None:
        self._flood = flood
        self._transport: asyncio.WriteTransport | None = None
        self._answer = b""
        self._asked: Request | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the request that has waited longest."""
        self._transport = cast("asyncio.WriteTransport", transport)
        self._flood.is_free(self)

    def ask(self, request: Request) -> None:
        """Send a request."""
        self._asked, request.sent = request, time.perf_counter()
        if self._transport is not None:
            self._transport.write(self._flood.bytes_of(request))

    def data_received(self, data: bytes) -> None:
        """Read until the answer is whole."""
        self._answer += data
        head, end, body = self._answer.partition(END_OF_HEAD)
        if not end or len(body) < _length(head):
            return
        self._answer = b""
        asked, self._asked = self._asked, None
        if asked is not None:
            self._flood.answered(asked, head[9:12].decode())
        self._flood.is_free(self)

    def connection_lost(self, _: Exception | None) -> None:
        """Whatever was under way stays without an answer."""
        self._flood.is_lost(self)
        if self._asked is not None:
            self._flood.answered(self._asked, UNANSWERED)


class Flood:
    """All requests of one run."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._order = order
        self._parts = {lane: self._halves(lane) for lane in order["shares"]}
        self._waiting: deque[Request] = deque()
        self._free: list[Connection] = []
        self._open, self._most_open, self._under_way = 0, 0, 0
        self._opening: set[asyncio.Task[None]] = set()
        self._late: list[float] = []
        self._one_answered = asyncio.Event()
        self.told = {lane: Told() for lane in order["shares"]}
        self.taken: list[int] = []

    async def run(self) -> dict[str, Any]:
        """Send for as long as ordered, then wait for the answers."""
        rate, began = self._order["rate"], time.perf_counter()
        for number, lane in enumerate(self._lanes(int(rate * self._order["seconds"]))):
            due = began + number / rate
            if due > time.perf_counter():
                await asyncio.sleep(max(PAUSE, due - time.perf_counter()))
            self._send(Request(number, lane, due))
        elapsed = time.perf_counter() - began
        with suppress(TimeoutError):
            await asyncio.wait_for(self._all_answered(), self._order["patience"])
        lanes = {lane: vars(told) for lane, told in self.told.items()}
        whole = {"elapsed": elapsed, "connections": self._most_open, "late": self._late, "taken": self.taken}
        return {**whole, "lanes": lanes, "unanswered": self._under_way}

    async def _all_answered(self) -> None:
        while self._under_way:
            self._one_answered.clear()
            await self._one_answered.wait()

    def _lanes(self, many: int) -> list[str]:
        """Mix the lanes by their shares, evenly over the time."""
        spent = dict.fromkeys(self._order["shares"], 0.0)
        chosen = []
        for _ in range(many):
            for lane, share in self._order["shares"].items():
                spent[lane] += share
            lane = max(spent, key=lambda name: spent[name])
            spent[lane] -= 1
            chosen.append(lane)
        return chosen

    def _send(self, request: Request) -> None:
        self._under_way += 1
        if self._free:
            self._free.pop().ask(request)
            return
        self._waiting.append(request)
        if self._open < self._order["connections"]:
            self._open += 1
            self._most_open = max(self._most_open, self._open)
            opening = asyncio.create_task(self._connect())
            self._opening.add(opening)
            opening.add_done_callback(self._opening.discard)

    async def _connect(self) -> None:
        await asyncio.get_running_loop().create_connection(lambda: Connection(self), "127.0.0.1", self._order["port"])

    def is_free(self, connection: Connection) -> None:
        """Give the next request to a connection, or keep it."""
        if self._waiting:
            connection.ask(self._waiting.popleft())
        else:
            self._free.append(connection)

    def is_lost(self, connection: Connection) -> None:
        """Forget a connection that the other side has closed."""
        self._open -= 1
        if connection in self._free:
            self._free.remove(connection)

    def answered(self, request: Request, status: str) -> None:
        """Note what came of a request."""
        self._under_way -= 1
        self._one_answered.set()
        told = self.told[request.lane]
        told.statuses[status] += 1
        self._late.append(request.sent - request.due)
        if status == "202":
            told.accepted.append(time.perf_counter() - request.due)
            self.taken.append(request.number)
        else:
            told.refused.append(time.perf_counter() - request.due)

    def bytes_of(self, request: Request) -> bytes:
        before, after = self._parts[request.lane]
        return b"%b%0*d%b" % (before, DIGITS, request.number, after)

    def _halves(self, lane: str) -> tuple[bytes, bytes]:
        """Make a lane's request once; only the number of the event differs."""
        notice = {**self._order["notice"], "priority": lane, "event_id": f"{self._order['prefix']}/" + "0" * DIGITS}
        body = json.dumps(notice).encode()
        head = (
            f"POST {self._order['path']} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self._order['key']}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        before, after = body.split(b"0" * DIGITS, 1)
        return head.encode() + before, after


def _length(head: bytes) -> int:
    place = head.lower().find(LENGTH) + len(LENGTH)
    return int(head[place:].partition(b"\r")[0])


async def main(order: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(await Flood(order).run()))


if __name__ == "__main__":
    uvloop.run(main(json.load(sys.stdin)))
