# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A platform that is away for a while, and what waits for it meanwhile."""

import heapq
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime

from app.domain.outcome import Doubted, Failed, Outcome
from tests.domain.simulated_platform import Platform
from tests.domain.simulated_world import OPEN, TIMEOUT, Call, Row, World


class Silent(Platform):
    """Is away from one moment to another: nobody reaches it, or nobody is answered, and a few of these have arrived."""

    def __init__(self, world: World, gone: datetime, back: datetime) -> None:
        super().__init__(world)
        self.gone, self.back, self.late = gone, back, 0

    def hear(self, call: Call, *, troubled: bool) -> tuple[Outcome, float]:
        if not self.gone <= self.world.now < self.back:
            return super().hear(call, troubled=troubled)
        chance = self.world.dice.random()
        if chance < 0.5:
            return Failed("never left"), 0.01
        if chance < 0.6:
            self.arrives(call)
        return Doubted("no answer"), TIMEOUT.total_seconds()

    def promises(self, call: Call) -> None:
        super().promises(call)
        expires = call.row.progress.expires_at
        self.late += expires is not None and expires < self.world.now


@dataclass
class Waiting:
    """What waits: each channel's line, whose first may be over already, the doubts, what is urgent, and all ends."""

    lines: dict[int, list[tuple[datetime, int]]] = field(default_factory=lambda: defaultdict(list))
    doubts: dict[int, Row] = field(default_factory=dict)
    urgent: deque[Row] = field(default_factory=deque)
    ends: list[tuple[datetime, int]] = field(default_factory=list)

    def add(self, row: Row) -> None:
        heapq.heappush(self.lines[row.channel.number], (row.rank, row.number))
        self.urgent.extend([row] if row.progress.lane == 0 else [])
        if row.progress.expires_at is not None:
            heapq.heappush(self.ends, (row.progress.expires_at, row.number))

    def has_something_urgent(self) -> bool:
        while self.urgent and self.urgent[0].progress.state not in OPEN:
            self.urgent.popleft()
        return any(row.progress.state in OPEN and row.lease_until is None for row in self.urgent)
