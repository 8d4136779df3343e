# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a kind of channel gives the workers: how it looks, how it is sent, how an address is checked."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from app.checks import Answer
from app.database import Pool
from app.domain.cap import Cap
from app.domain.delivery import Intent
from app.domain.outcome import Outcome, Refused, Wire
from app.kinds import CAPPED
from app.outbox import ChannelKind, Owed
from app.outgoing import Outgoing
from app.renderings import PartShown
from app.settings import Settings
from workers.clock import Clock


@dataclass(frozen=True, slots=True)
class Report:
    """What one call came to, and how far it got on the wire.

    `unmade`: there was none, and the delivery goes back as if it had not been claimed, for the time of its outcome.
    """

    outcome: Outcome
    wire: Wire
    unmade: bool = False


Send = Callable[[Owed, Intent], Awaitable[Report]]
"""One call to the platform: no retry, no exception, no waiting for a pace."""
CALL = 10.0


class Pause(Protocol):
    """Wait until the platform may be spoken to once more; TurnOverError where that is not soon.

    Gives the time of the loop until which one call may take: `CALL` seconds, or less where this process stood still.
    `test_post`: what stands there from now on, in the kind's own words, and must go whatever becomes of us.
    """

    async def __call__(self, test_post: str | None = None) -> float: ...


class TurnOverError(Exception):
    """Nothing more may be asked: there is not enough left of the channel's turn, or the account rests for long."""

    def __init__(self) -> None:
        """Say it in words for an office clerk."""
        super().__init__("there was no time for it now; try again")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: the answer for the person, and the last reference that the check itself used.

    `stray`: a post of the check may stand there, and nobody knows where. `wait`: seconds that the platform asked for.
    """

    answer: Answer
    reference: str | None = None
    stray: bool = False
    wait: float = 0.0


Inspect = Callable[[str, Pause | None], Awaitable[Finding]]
"""Check an address; with a pause to keep to, also prove by a test post that it can be asked after a doubt."""


Show = Callable[[Owed], Sequence[PartShown] | Refused]
"""How a delivery would look, for a person to read; pure, like the rendering."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a kind may use: settings, the database, a guarded way to addresses that others chose, the right time."""

    settings: Settings
    pool: Pool
    outgoing: Outgoing
    clock: Clock = field(default_factory=Clock)

    def cap(self, kind: str) -> Cap:
        """Say how many notices a channel of a kind is told in a day, where people read it on their phones."""
        return Cap(self.settings.channel_per_day if kind in CAPPED else 0, self.settings.timezone)


@dataclass(frozen=True)
class Desk:
    """One kind at work."""

    kind: ChannelKind
    send: Send
    inspect: Inspect
    close: Callable[[], Awaitable[None]]
    timeout: float
    show: Show | None = None
    """Where it is left out, a preview shows the payloads of the rendering as they are."""
    pushes: int = 0
    """What one post costs of a quota that the platform rations."""
    count: Callable[[], Awaitable[None]] | None = None
    """Write down what is left of that quota; called once a minute."""
    chosen: bool = False
    """A person chooses what is worth a part of it."""
    take_away: Callable[[str], Awaitable[bool]] | None = None
    """Delete a test post whose check was never finished; False where that is to be tried again."""
    tidy: Callable[[], Awaitable[None]] | None = None
    """Clear away what was left where nobody of the families sees it; called once a minute."""
    may_go_on: Callable[[str, str], Awaitable[bool]] | None = None
    """Whether an address that was refused for this reason can be posted to again; without it a check tells."""
