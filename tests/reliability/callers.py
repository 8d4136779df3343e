# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Sources that remember what they handed in, corrected and withdrew, and can do all of it once more."""

import random
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from app.amend import Change, amend, withdraw
from app.domain.errors import StateConflictError
from tests.given import a_notice
from tests.reliability.ground import Ground, until

POLICIES = ("hold", "drop", "hold")
CORRECTED, WITHDRAWN, DELETED = 0.25, 0.15, 0.3


@dataclass(frozen=True)
class Call:
    """What a source asked for: a notice with a title or, if it is not new, its correction; else its withdrawal."""

    event: str
    policy: str
    title: str | None = None
    is_new: bool = False
    delete: bool = False


@dataclass
class Callers:
    """`calls`: all that was acknowledged, in its order; `numbers`: what the latest answer called each notice."""

    ground: Ground
    dice: random.Random
    calls: list[Call] = field(default_factory=list)
    numbers: dict[str, UUID] = field(default_factory=dict)

    async def hand_in(self, notices: int, ahead: int) -> None:
        """Hand notices in, so many deliveries ahead, and change some of them at some later time."""
        for _ in range(notices):
            await until(partial(self.ground.has_room, ahead), moves=self.ground.traces)
            event, policy = f"mensa/{len(self.numbers)}", self.dice.choice(POLICIES)
            await self.does(Call(event, policy, f"Avviso {event}", is_new=True))
            await self._changes_something()

    async def _changes_something(self) -> None:
        earlier = self.dice.choice(self.calls)
        if earlier.title is None or any(call.event == earlier.event and call.title is None for call in self.calls):
            return
        if self.dice.random() < CORRECTED:
            await self.does(Call(earlier.event, earlier.policy, f"Avviso {earlier.event} corretto {len(self.calls)}"))
        elif self.dice.random() < WITHDRAWN:
            await self.does(Call(earlier.event, earlier.policy, delete=self.dice.random() < DELETED))

    async def does(self, call: Call) -> None:
        """Make a call and remember it."""
        await self._make(call)
        self.calls.append(call)

    async def _make(self, call: Call) -> None:
        if call.is_new:
            accepted = await self.ground.accept(
                event_id=call.event, in_doubt=call.policy, texts={"it": {"title": str(call.title)}}
            )
            self.numbers[call.event] = accepted.id
        elif call.title is None:
            await withdraw(self.ground.pool, self._change(call), delete=call.delete)
        else:
            notice = a_notice(event_id=call.event, in_doubt=call.policy, texts={"it": {"title": call.title}})
            await amend(self.ground.pool, self.ground.routing, self._change(call), notice)
        self.ground.bell.ring()

    def _change(self, call: Call) -> Change:
        return Change(self.numbers[call.event], "mensa", "test", None)

    async def repeat(self, calls: Iterable[Call]) -> None:
        """Make calls once more, word for word; what was withdrawn before the backup already takes no correction."""
        for call in calls:
            with suppress(StateConflictError):
                await self._make(call)
