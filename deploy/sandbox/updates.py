# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Updates waiting for the bot: what humans posted, and the bot's own pins; kept for 24 hours."""

import asyncio
from collections import deque
from typing import Any

from deploy.sandbox.clock import Clock
from deploy.sandbox.refusals import RefusedError, Why

KEPT = 24 * 3600
LIMIT = 100
LONGEST_POLL = 50


class Updates:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.waiting: deque[tuple[float, dict[str, Any]]] = deque(maxlen=100_000)
        self.last_id = 0
        self.allowed: set[str] = set()
        self.arrived = asyncio.Event()
        self.poll: asyncio.Future[None] | None = None

    def add(self, kind: str, payload: dict[str, Any]) -> None:
        if self.allowed and kind not in self.allowed:
            return
        self.last_id += 1
        self.waiting.append((self.clock.now(), {"update_id": self.last_id, kind: payload}))
        self.arrived.set()

    def forget(self) -> None:
        self.waiting.clear()

    def take(self, offset: int, limit: int) -> list[dict[str, Any]]:
        """Give the updates from an id on; those before it are thereby confirmed and dropped."""
        if offset < 0:
            offset = max(0, self.last_id + offset + 1)
        oldest = self.clock.now() - KEPT
        while self.waiting and (self.waiting[0][1]["update_id"] < offset or self.waiting[0][0] < oldest):
            self.waiting.popleft()
        return [update for _, update in list(self.waiting)[:limit]]

    async def get(self, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        """Answer getUpdates; a second call ends the first one that is still waiting, with a conflict."""
        if "allowed_updates" in parameters:
            self.allowed = set(parameters["allowed_updates"])
        if self.poll:
            self.poll.set_exception(RefusedError(409, Why.OTHER_GET_UPDATES))
            self.poll = None
        offset = parameters.get("offset", 0)
        limit = min(max(parameters.get("limit", LIMIT), 1), LIMIT)
        timeout = min(max(parameters.get("timeout", 0), 0), LONGEST_POLL)
        updates = self.take(offset, limit)
        if not updates and timeout:
            await self._wait(timeout)
            updates = self.take(offset, limit)
        return updates

    async def _wait(self, seconds: float) -> None:
        """Wait for an update; raise if another call took this one's place."""
        self.poll = poll = asyncio.get_running_loop().create_future()
        self.arrived.clear()
        arrival = asyncio.ensure_future(self.arrived.wait())
        try:
            await asyncio.wait({arrival, poll}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            arrival.cancel()
            if self.poll is poll:
                self.poll = None
        if poll.done():
            poll.result()
