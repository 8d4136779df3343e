# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What there is in a simulated city: channels, deliveries as Postgres keeps them, workers, calls."""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from app.domain.delivery import Intent, Part, Progress, State
from app.domain.pace import Limits

BEGIN = datetime(2038, 1, 19, 3, 13, tzinfo=UTC)
"""A minute before the seconds since 1970 outgrow 32 bits."""
TIMEOUT = timedelta(seconds=2)
LATEST = 2.9
"""Seconds after which no doubted request lands any more: less than a doubt rests."""
LIMITS = Limits(per_second=30, channel_per_second=1, group_per_minute=20)
OPEN = (State.DUE, State.IN_DOUBT)


@dataclass
class Message:
    """What stands in a channel; `row` is None for somebody else's."""

    row: int | None
    text: str


@dataclass
class Channel:
    number: int
    can_ask: bool
    free_at: datetime = BEGIN
    turn_until: datetime | None = None
    sent: list[datetime] = field(default_factory=list)
    last: str | None = "0"
    shows: dict[int, Message] = field(default_factory=dict)
    numbers: "count[int]" = field(default_factory=lambda: count(1))
    heard: list[datetime] = field(default_factory=list)


@dataclass
class Row:
    """A delivery, as Postgres keeps it, and beside it what the platform knows: `effects` are all its posts."""

    number: int
    channel: Channel
    progress: Progress
    parts: int
    rank: datetime
    due_at: datetime
    revision: int = 1
    token: int = 0
    lease_until: datetime | None = None
    doubts: int = 0
    effects: list[tuple[int, datetime]] = field(default_factory=list)

    def wanted_parts(self) -> list[Part]:
        words = "withdrawn" if self.progress.wanted is None else f"revision {self.progress.wanted}"
        return [Part(text, text) for text in (f"{self.number}/{part} {words}" for part in range(self.parts))]


@dataclass
class Worker:
    """Its clock is nobody's business: it counts from the claim, and stands still until `awake`."""

    life: int = 0
    awake: datetime = BEGIN


@dataclass(frozen=True)
class Call:
    row: Row
    intent: Intent
    before: Progress
    token: int
    life: int
    claimed: datetime


class World:
    """Who is there, what time it is, and which promises were broken."""

    def __init__(self, seed: int) -> None:
        """Let nothing but the seed decide what happens."""
        self.dice, self.now = random.Random(seed), BEGIN  # noqa: S311 - to be repeated
        self.channels = [Channel(number, can_ask=self.dice.random() < 0.5) for number in range(3)]
        self.workers = [Worker() for _ in range(2)]
        self.rows: list[Row] = []
        self.broken: list[str] = []
        self._events: list[tuple[datetime, int, Callable[[], object]]] = []
        self._order = count()

    def at(self, moment: datetime, deed: Callable[[], object]) -> None:
        heapq.heappush(self._events, (moment, next(self._order), deed))

    def after(self, least: float, most: float) -> datetime:
        return self.now + timedelta(seconds=self.dice.uniform(least, most))

    def goes_on(self) -> None:
        """Let the next thing happen, at its moment."""
        self.now, _, deed = heapq.heappop(self._events)
        deed()

    # What happens to everybody.

    def stranger(self) -> None:
        """Let somebody post, and sometimes post and delete once more: never are two places empty beside each other."""
        channel = self.dice.choice(self.channels)
        channel.shows[next(channel.numbers)] = Message(None, "somebody else's")
        if self.dice.random() < 0.5:
            next(channel.numbers)

    def kill(self) -> None:
        self.dice.choice(self.workers).life += 1

    def stall(self) -> None:
        self.dice.choice(self.workers).awake = self.after(0.5, 12)
