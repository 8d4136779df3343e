# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The platform of a simulated city: what it shows is the truth, and whoever breaks a promise is written down."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import product

from app.domain.delivery import Action, Intent, State
from app.domain.notice import DoubtPolicy
from app.domain.outcome import Absent, Delivered, Doubted, Failed, Foreign, Lost, Outcome, Refused, Throttled
from tests.domain.simulated_world import LATEST, LIMITS, OPEN, TIMEOUT, Call, Channel, Message, Row, World


class Platform:
    """Takes calls, loses some and answers to others, and shows what arrived."""

    def __init__(self, world: World) -> None:
        """Speak to nobody yet."""
        self.world, self.wire = world, list[datetime]()

    def hear(self, call: Call, *, troubled: bool) -> tuple[Outcome, float]:
        """Let one call reach the platform, or not; give what the worker hears, and after how many seconds."""
        chance, quick = self.world.dice.random() if troubled else 1.0, self.world.dice.uniform(0.01, 0.3)
        if chance < 0.08:
            return Failed("never left"), quick
        if chance < 0.16:
            return Doubted("nothing arrived"), TIMEOUT.total_seconds()
        if chance < 0.24:
            left = self.world.now
            self.world.at(self.world.after(0, LATEST), lambda: self.arrives(call, left))
            return Doubted("the answer was lost"), self.world.dice.uniform(0.01, TIMEOUT.total_seconds())
        if chance < 0.26:
            return Refused("not this content"), quick
        return self.arrives(call), quick

    def arrives(self, call: Call, left: datetime | None = None) -> Outcome:
        """Do what is asked, and hold whoever asks to the limits, by when it `left`: no pace knows what lands late."""
        channel, intent = call.row.channel, call.intent
        if intent.action is Action.PROBE:
            return self.place(call, int(intent.after or 0) + 1 + intent.asked)
        if not self.is_in_time(channel, left or self.world.now):
            self.world.broken.append(f"{self.world.now}: too many at once in channel {channel.number}")
            return Throttled(3.0)
        if intent.action is Action.EDIT:
            return self.edit(channel, intent)
        self.promises(call)
        number = next(channel.numbers)
        channel.shows[number] = Message(call.row.number, intent.payload)
        call.row.effects.append((intent.number, self.world.now))
        return Delivered((str(number),))

    def edit(self, channel: Channel, intent: Intent) -> Outcome:
        message = channel.shows.get(int(intent.reference or -1))
        if message is None:
            return Lost("there is no such message")
        message.text = intent.payload
        return Delivered((str(intent.reference),))

    def place(self, call: Call, number: int) -> Outcome:
        message = call.row.channel.shows.get(number)
        if message is None:
            return Absent()
        return Delivered((str(number),)) if message.text == call.intent.payload else Foreign()

    def is_in_time(self, channel: Channel, left: datetime) -> bool:
        """Count as a strict platform does: 30 a second in all, 20 a minute in one group."""
        self.wire = [at for at in self.wire if at > self.world.now - timedelta(seconds=1)] + [left]
        channel.heard = [at for at in channel.heard if at > self.world.now - timedelta(seconds=60)] + [left]
        return len(self.wire) <= LIMITS.per_second and len(channel.heard) <= LIMITS.group_per_minute

    def promises(self, call: Call) -> None:
        """Look at a post in the very moment in which it appears."""
        row, part = call.row, call.intent.number
        before = [at for number, at in row.effects if number == part]
        name = f"{self.world.now}: delivery {row.number}"
        if before and call.before.policy is not DoubtPolicy.REPEAT:
            self.world.broken.append(f"{name} is there twice, where it may not be repeated")
        if before and not row.doubts:
            self.world.broken.append(f"{name} is there twice, and nobody doubted")
        expires = row.progress.expires_at
        if expires is not None and expires + timedelta(seconds=LATEST) < self.world.now:  # what was on its way may land
            self.world.broken.append(f"{name} appears after its time")


def unkept(world: World) -> Iterator[str]:
    """Look at the end: everything has come to one, and what is called delivered is there, and in order."""
    for row in world.rows:
        shown = [row.channel.shows.get(int(post.reference or -1)) for post in row.progress.posts]
        texts = [message.text for message in shown if message is not None]
        if row.progress.state in OPEN:
            yield f"delivery {row.number} never ended: {row.progress}"
        if row.progress.state is State.DELIVERED and texts != [part.payload for part in row.wanted_parts()]:
            yield f"delivery {row.number} is called delivered, and shows {texts}"
    for channel, lane in product(world.channels, range(3)):
        firsts = [row.effects[0][1] for row in in_turn(world, channel, lane) if row.effects]
        if firsts != sorted(firsts):
            yield f"channel {channel.number} is out of order: {firsts}"


def in_turn(world: World, channel: Channel, lane: int) -> list[Row]:
    mine = [row for row in world.rows if row.channel is channel and row.progress.lane == lane]
    return sorted(mine, key=lambda row: (row.rank, row.number))
