# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-10: a simulated city whose platform answers nobody for a day, while notices go on coming in; and the herd after it.

What decides is the product's own, as in every simulated city; there are more channels, so what is due is looked up.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.domain.backoff import GIVE_UP
from app.domain.delivery import Intent, Progress, Settlement, State
from app.domain.lane import GOALS
from app.domain.notice import DoubtPolicy
from app.domain.outcome import Doubted, Failed, Outcome
from app.domain.pace import Account, slots
from app.domain.settle import settle
from tests.domain.simulated import HORIZON, City
from tests.domain.simulated_breaker import NOT_AT_ALL, Breaker
from tests.domain.simulated_waiting import Silent, Waiting
from tests.domain.simulated_world import BEGIN, LIMITS, OPEN, Call, Channel, Row, Worker

MANY, REACHED, WORKERS = 60, 6, 3
"""Channels, those of one notice, and workers."""
EVERY, URGENT_EACH = timedelta(minutes=1), 240
"""Between two notices; and of so many one is urgent."""
BEFORE, AFTER = timedelta(minutes=10), timedelta(minutes=30)
"""The same load before it is away, and when it is back."""
MOST = timedelta(hours=4)
"""After all of it everything must have come to its end."""


@dataclass(frozen=True)
class Rules:
    """The product's own, unless a test asks what a fault in one would do."""

    breaker: Callable[[], Breaker] = Breaker
    spread: Callable[..., list[datetime]] = slots
    settling: Callable[..., Settlement] = settle
    wakes: bool = True
    knows_the_time: bool = True


OWN = Rules()


class Outage(City):
    """One run; `vain` are the moments of the calls without an answer, by delivery."""

    def __init__(self, seed: int, away: timedelta, rules: Rules = OWN) -> None:
        super().__init__(seed, rules.settling)
        self.rules, self.breaker, self.waiting = rules, rules.breaker(), Waiting()
        self.gone, self.back = BEGIN + BEFORE, BEGIN + BEFORE + away
        self.channels = [Channel(number, can_ask=self.dice.random() < 0.5) for number in range(MANY)]
        self.workers = [Worker() for _ in range(WORKERS)]
        self.platform: Silent = Silent(self, self.gone, self.back)
        self.vain: dict[int, list[datetime]] = defaultdict(list)

    def run(self) -> list[str]:
        """Live through it, and give what a platform saw that it never may."""
        over = self.back + AFTER
        for number in range(int((over - BEGIN) / EVERY)):
            urgent = number % URGENT_EACH == URGENT_EACH // 2
            self.at(BEGIN + number * EVERY, lambda urgent=urgent: self.owe(urgent=urgent))  # type: ignore[misc]
        for worker in self.workers:
            self.at(self.after(0, 1), lambda worker=worker: self.tick(worker))  # type: ignore[misc]
        while self.now < over or (self.now < over + MOST and self.is_open()):
            self.goes_on()
        return self.broken

    @property
    def is_troubled(self) -> bool:
        return False

    def owe(self, *, urgent: bool) -> None:
        """Owe a notice to some of the channels; what is urgent is so for an hour at most."""
        lane, policy = 0 if urgent else self.dice.choice((1, 1, 2)), self.dice.choice(list(DoubtPolicy))
        ends = self.after(600, 3600 if urgent else 8 * 3600)
        expires = ends if urgent or self.dice.random() < 0.4 else None
        for channel in self.dice.sample(self.channels, REACHED):
            progress = Progress(State.DUE, lane, 1, (), 0, 0, self.now + GIVE_UP[lane], expires, policy)
            self.rows.append(Row(len(self.rows), channel, progress, 1, self.now + GOALS[lane], self.now))
            self.waiting.add(self.rows[-1])

    def tick(self, worker: Worker) -> None:
        self.sweep()
        before = self.free_at
        self.claim(worker)
        again = (0.02, 0.1) if self.free_at != before else (0.8, 1.2)
        self.at(self.after(*again), lambda: self.tick(worker))

    def sweep(self) -> None:
        """End what is over; nobody dies here, so no lease lapses."""
        ends = self.waiting.ends
        while self.rules.knows_the_time and ends and ends[0][0] <= self.now:
            row = self.rows[heapq.heappop(ends)[1]]
            if row.progress.state is State.DUE and row.lease_until is None:
                row.progress = replace(row.progress, state=State.EXPIRED)
            elif row.progress.state in OPEN:
                heapq.heappush(ends, (self.now + timedelta(seconds=2), row.number))

    def claim(self, worker: Worker) -> None:
        wait = self.breaker.waits(self.now, self.waiting.has_something_urgent, self.wake)
        if wait is not None and wait > NOT_AT_ALL:
            return
        most = 8 if wait is None else 1
        moments = self.rules.spread(Account(self.free_at), self.now, HORIZON, LIMITS.per_second, most)
        for moment, row in zip(moments, self.due(), strict=False):
            row.progress = row.progress.with_time_to_try(self.now)
            step = self.step_of(row)
            if isinstance(step, Settlement):
                self.write(row, step)
                continue
            if wait is not None:
                self.breaker.asked(self.now)
            self.lease(worker, row, step, moment)

    def step_of(self, row: Row) -> Intent | Settlement:
        progress = row.progress if self.rules.knows_the_time else replace(row.progress, expires_at=None)
        return self.step(progress, row.wanted_parts(), row.revision, self.now, can_ask=row.channel.can_ask)

    def wake(self) -> None:
        if self.rules.wakes:
            super().wake()

    def due(self) -> list[Row]:
        """Give what any city does, from each channel's first and the doubts alone."""
        doubts = self.waiting.doubts
        doubts = {number: row for number, row in doubts.items() if row.progress.state is State.IN_DOUBT}
        self.waiting.doubts = doubts
        blocked = {row.channel.number for row in doubts.values() if row.channel.can_ask}
        firsts = [row for channel in self.channels if channel.number not in blocked for row in self.first(channel)]
        found: dict[int, Row] = {}
        for row in sorted((*doubts.values(), *firsts), key=lambda row: (row.rank, row.number)):
            if row.due_at <= self.now and row.channel.turn_until is None and row.channel.free_at <= self.now:
                found.setdefault(row.channel.number, row)
        return list(found.values())

    def first(self, channel: Channel) -> list[Row]:
        line = self.waiting.lines[channel.number]
        while line and self.rows[line[0][1]].progress.state not in OPEN:
            heapq.heappop(line)
        return [self.rows[number] for _, number in line[:1]]

    def leave(self, worker: Worker, call: Call) -> None:
        timeless = replace(call, before=replace(call.before, expires_at=None))
        super().leave(worker, call if self.rules.knows_the_time else timeless)

    def record(self, worker: Worker, call: Call, outcome: Outcome) -> None:
        silent = isinstance(outcome, Failed | Doubted)
        self.breaker.note(call, self.now, answered=not silent)
        if silent:
            self.vain[call.row.number].append(call.claimed)
        super().record(worker, call, outcome)

    def write(self, row: Row, settled: Settlement) -> None:
        super().write(row, settled)
        if settled.state is State.IN_DOUBT:
            self.waiting.doubts[row.number] = row
