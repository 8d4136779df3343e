# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The client of the acceptance figures, a process of its own: so many connections, each sending as soon as it may.

It is plain asyncio, so that it takes as little as can be of the processor that it shares with what it measures.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import uvloop

END_OF_HEAD = b"\r\n\r\n"
LENGTH = b"content-length:"


@dataclass
class Load:
    """What is to be sent, and what came of it: seconds for each answer, and how often each status."""

    order: dict[str, Any]
    numbers: Iterator[int]
    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    async def connection(self) -> None:
        """Send on one connection until all is sent."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.order["port"])
        for number in self.numbers:
            began = time.perf_counter()
            writer.write(self._request(number))
            head = await reader.readuntil(END_OF_HEAD)
            await reader.readexactly(_length(head))
            self.seconds.append(time.perf_counter() - began)
            self.statuses[int(head[9:12])] += 1
        writer.close()
        await writer.wait_closed()

    def _request(self, number: int) -> bytes:
        body = json.dumps({**self.order["notice"], "event_id": f"{self.order['prefix']}/{number}"}).encode()
        head = (
            f"POST {self.order['path']} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self.order['key']}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


def _length(head: bytes) -> int:
    lines = head.lower().split(b"\r\n")
    return next(int(line[len(LENGTH) :]) for line in lines if line.startswith(LENGTH))


async def main(order: dict[str, Any]) -> None:
    load = Load(order, iter(range(order["requests"])))
    began = time.perf_counter()
    await asyncio.gather(*(load.connection() for _ in range(order["connections"])))
    elapsed = time.perf_counter() - began
    sys.stdout.write(json.dumps({"elapsed": elapsed, "seconds": load.seconds, "statuses": load.statuses}))


if __name__ == "__main__":
    uvloop.run(main(json.load(sys.stdin)))
