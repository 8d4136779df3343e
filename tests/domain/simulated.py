# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-17: a city in simulated time, driven by one seed: its rows, its workers that die and stall, and its platform.

What decides is the product's own (`next_step`, `settle`, `slots`, `channel_free_at`, `backoff`); what Postgres does for
it (claim, fence, sweep) is written down here once more, in the plainest way. Nothing but the seed decides what happens.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from app.domain.backoff import DOUBT_RESTS, GIVE_UP
from app.domain.delivery import Action, Intent, Progress, Settlement, State
from app.domain.lane import GOALS
from app.domain.notice import DoubtPolicy
from app.domain.outcome import Delivered, Doubted, Outcome
from app.domain.pace import MINUTE, Account, channel_free_at, interval, slots
from app.domain.settle import settle
from app.domain.step import next_step
from tests.domain.simulated_platform import Platform, unkept
from tests.domain.simulated_world import BEGIN, LIMITS, OPEN, TIMEOUT, Call, Row, Worker, World

HORIZON, LEASE = timedelta(seconds=0.2), timedelta(seconds=6)
TROUBLE = timedelta(seconds=120)
"""For so long everything may go wrong; afterwards all must come to its end."""
WAKES = 150
"""So often a platform is taken to be back, or something is needed to ask it with."""
MOST = timedelta(hours=3)


class City(World):
    """One run. What it is given is the product's own, unless a test asks what a fault in it would do.

    `resting`: how long a doubt rests at least when the platform is back.
    """

    def __init__(
        self,
        seed: int,
        settling: Callable[..., Settlement] = settle,
        stepping: Callable[..., Intent | Settlement] = next_step,
        resting: timedelta = DOUBT_RESTS,
    ) -> None:
        super().__init__(seed)
        self.settle, self.step, self.resting = settling, stepping, resting
        self.free_at, self.platform = BEGIN, Platform(self)

    def run(self) -> list[str]:
        """Live through it, and give the promises that were broken."""
        for _ in range(self.dice.randint(6, 14)):
            self.at(self.after(0, TROUBLE.total_seconds()), self.accept)
        for worker in self.workers:
            self.at(self.after(0, 1), lambda worker=worker: self.tick(worker))  # type: ignore[misc]
        for deed in (*(self.kill, self.stall, self.stranger) * 6, *(self.wake,) * WAKES):
            self.at(self.after(0, TROUBLE.total_seconds()), deed)
        while self.is_troubled or (self.is_open() and self.now < BEGIN + MOST):
            self.goes_on()
        return [*self.broken, *unkept(self)]

    def is_open(self) -> bool:
        return any(row.progress.state in OPEN for row in self.rows)

    @property
    def is_troubled(self) -> bool:
        return self.now < BEGIN + TROUBLE

    # What people and the world do.

    def accept(self) -> None:
        lane, policy, parts = self.dice.randint(0, 2), self.dice.choice(list(DoubtPolicy)), self.dice.choice((1, 1, 2))
        expires = self.after(5, 90) if self.dice.random() < 0.3 else None
        for channel in self.channels:
            progress = Progress(State.DUE, lane, 1, (), 0, 0, self.now + GIVE_UP[lane], expires, policy)
            self.rows.append(Row(len(self.rows), channel, progress, parts, self.now + GOALS[lane], self.now))
        if self.dice.random() < 0.4:
            mine = self.rows[-len(self.channels) :]
            self.at(self.after(0, 30), lambda: self.change(mine, withdraw=self.dice.random() < 0.4))

    def change(self, rows: Sequence[Row], *, withdraw: bool) -> None:
        for row in rows:
            row.revision += 1
            state = row.progress.state
            again = state in (State.DELIVERED, State.DUE) or (state is State.EXPIRED and bool(row.progress.posts))
            wanted = None if withdraw else row.revision
            row.progress = replace(row.progress, wanted=wanted, state=State.DUE if again else state)
            row.due_at = row.due_at if state is State.IN_DOUBT else self.now  # a doubt keeps its rest

    # What workers do.

    def wake(self) -> None:
        """Find the platform back: what waits because it failed is due at once, and only a doubt still rests."""
        for row in self.rows:
            if row.progress.state in OPEN and row.progress.failures and row.lease_until is None:
                rest = self.resting if row.progress.state is State.IN_DOUBT else timedelta(0)
                row.due_at = min(row.due_at, self.now + rest)

    def tick(self, worker: Worker) -> None:
        if self.now >= worker.awake:
            self.sweep()
            self.claim(worker)
        self.at(self.after(0.1, 1.2), lambda: self.tick(worker))

    def sweep(self) -> None:
        for row in self.rows:
            if row.lease_until is not None and row.lease_until < self.now:
                posting = row.progress.intent is not None and row.progress.intent.action is Action.POST
                state = State.IN_DOUBT if posting else row.progress.state
                intent, crashes = (row.progress.intent if posting else None), row.progress.crashes + 1
                row.progress = replace(row.progress, state=state, intent=intent, crashes=crashes)
                row.doubts += posting
                row.due_at = self.now + DOUBT_RESTS
                self.free(row)

    def free(self, row: Row) -> None:
        row.token, row.lease_until, row.channel.turn_until = row.token + 1, None, None

    def claim(self, worker: Worker) -> None:
        moments = slots(Account(self.free_at), self.now, HORIZON, LIMITS.per_second, 8)
        for moment, row in zip(moments, self.due(), strict=False):
            step = self.step(row.progress, row.wanted_parts(), row.revision, self.now, can_ask=row.channel.can_ask)
            if isinstance(step, Settlement):
                self.write(row, step)
            else:
                self.lease(worker, row, step, moment)

    def due(self) -> list[Row]:
        """Give the first of each free channel; a doubt first, and nothing beside it where one can ask."""
        found = []
        for channel in self.channels:
            mine = [row for row in self.rows if row.channel is channel and row.progress.state in OPEN]
            doubts = [row for row in mine if row.progress.state is State.IN_DOUBT and row.due_at <= self.now]
            blocked = channel.can_ask and any(row.progress.state is State.IN_DOUBT for row in mine)
            first = [] if blocked else sorted(mine, key=lambda row: (row.rank, row.number))[:1]
            ready = [row for row in (*doubts, *first) if row.due_at <= self.now]
            if channel.turn_until is None and channel.free_at <= self.now and ready:
                found.append(min(ready, key=lambda row: (row.rank, row.number)))
        return sorted(found, key=lambda row: (row.rank, row.number))

    def lease(self, worker: Worker, row: Row, intent: Intent, moment: datetime) -> None:
        before, channel = row.progress, row.channel
        if intent.action is Action.POST and before.state is State.DUE:
            intent = replace(intent, after=channel.last if channel.can_ask else None)
        kept = replace(intent, action=Action.POST) if intent.action is Action.PROBE else intent
        row.token, row.lease_until, row.progress = row.token + 1, self.now + LEASE, replace(before, intent=kept)
        channel.turn_until = row.lease_until
        channel.sent = [*(at for at in channel.sent if at > self.now - MINUTE), moment]
        channel.free_at = channel_free_at(channel.sent, LIMITS, is_group=True) or self.now
        self.free_at = moment + interval(LIMITS.per_second)
        call = Call(row, intent, before, row.token, worker.life, self.now)
        self.at(moment, lambda: self.leave(worker, call))

    def leave(self, worker: Worker, call: Call) -> None:
        if worker.life != call.life:
            return
        if self.now < worker.awake:
            self.at(worker.awake, lambda: self.leave(worker, call))
            return
        expires = call.before.expires_at
        over = call.intent.action is Action.POST and expires is not None and expires <= self.now
        if self.now - call.claimed + TIMEOUT > LEASE or over:
            self.give_back(call)
            return
        outcome, seconds = self.platform.hear(call, troubled=self.is_troubled)
        self.at(self.after(seconds, seconds), lambda: self.record(worker, call, outcome))

    def give_back(self, call: Call) -> None:
        if call.row.token == call.token and call.row.lease_until is not None:
            intent = call.row.progress.intent if call.row.progress.state is State.IN_DOUBT else None
            call.row.progress = replace(call.row.progress, intent=intent)
            self.free(call.row)

    def record(self, worker: Worker, call: Call, outcome: Outcome) -> None:
        """Write an outcome down behind the fence."""
        row = call.row
        if worker.life != call.life:
            return
        if self.now < worker.awake:
            self.at(worker.awake, lambda: self.record(worker, call, outcome))
            return
        if row.token != call.token or row.lease_until is None:
            return
        settled = self.settle(call.before, call.intent, outcome, self.now, self.dice.random())
        row.doubts += isinstance(outcome, Doubted) and call.intent.action is Action.POST
        if isinstance(outcome, Delivered) and call.intent.action is not Action.EDIT:
            row.channel.last = outcome.references[-1]
        row.channel.sent[-1:] = [self.now]
        row.channel.free_at = max(row.channel.free_at, self.now + interval(LIMITS.channel_per_second))
        self.free(row)
        changed = row.progress.wanted != call.before.wanted and settled.state not in (*OPEN, State.HELD)
        self.write(row, replace(settled, state=State.DUE) if changed and not settled.stray else settled)
        row.progress = replace(row.progress, crashes=0)

    def write(self, row: Row, settled: Settlement) -> None:
        ended = replace(row.progress, state=settled.state, posts=settled.posts)
        row.progress = replace(ended, failures=settled.failures, intent=settled.intent)
        row.due_at = self.now + settled.wait
        row.channel.last = None if settled.stray else row.channel.last
