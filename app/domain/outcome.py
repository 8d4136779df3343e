# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What an attempt came to: a value that is matched once, for every kind of channel."""

from dataclasses import dataclass
from enum import StrEnum


class Wire(StrEnum):
    """How far an attempt got before it ended; from HEADERS on the other side may have acted."""

    NONE = "none"
    CONNECTED = "connected"
    HEADERS = "headers"
    BODY = "body"
    RESPONSE = "response"

    @property
    def left(self) -> bool:
        return self not in (Wire.NONE, Wire.CONNECTED)


@dataclass(frozen=True, slots=True)
class Delivered:
    """The platform has it; `references` are what it calls our posts.

    `latest`: the place behind which whatever comes later stands, where that is not the last reference. `note`: what a
    person should know of it all the same. `part`: of several items only these are known to stand; of the first that a
    question finds, nobody knows which one it is. `more`: more of them are to be asked for.
    """

    references: tuple[str, ...] = ()
    latest: str | None = None
    note: str | None = None
    part: bool = False
    more: bool = False

    @property
    def last(self) -> str | None:
        return self.latest or (self.references[-1] if self.references else None)


@dataclass(frozen=True, slots=True)
class Throttled:
    """Refused for haste: nothing was posted, it is not a failure. `everywhere`: the whole account, not one channel.

    `alone`: the channel is an account of its own, and its haste says nothing about the others of its kind.
    """

    seconds: float
    everywhere: bool = False
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Moved:
    """The channel has a new address; nothing was posted."""

    address: str


@dataclass(frozen=True, slots=True)
class Gone:
    """The channel cannot be posted to until a person mends it; its deliveries are kept."""

    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Certainly not posted, worth another try."""

    reason: str


@dataclass(frozen=True, slots=True)
class Declined:
    """Certainly not posted, the platform says so itself; worth another try all the same. It is no silence."""

    reason: str


@dataclass(frozen=True, slots=True)
class Misconfigured:
    """Our own account is refused (a wrong token): every attempt is wasted until a person mends it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The platform will never take this content."""

    reason: str


@dataclass(frozen=True, slots=True)
class WithoutMedia:
    """The platform refuses a picture or document, not the text: the notice goes out with links instead."""

    reason: str


@dataclass(frozen=True, slots=True)
class TextOnly:
    """The channel takes no such picture or document: there alone the notice goes out with links instead."""

    reason: str


@dataclass(frozen=True, slots=True)
class Doubted:
    """It may have arrived; nobody knows yet. `seconds`: the platform asks us to wait so long before we say more."""

    reason: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Absent:
    """A probe found that the doubted post never arrived."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """A probe found somebody else's post in this place; the next place may hold ours.

    `wordless`: it is a picture or document without words, which may all the same be an item of the album in doubt.
    """

    wordless: bool = False


@dataclass(frozen=True, slots=True)
class Unclear:
    """A probe could not tell; the notice's policy decides."""

    reason: str


@dataclass(frozen=True, slots=True)
class Lost:
    """What the attempt was to change is no longer there (a post deleted by hand)."""

    reason: str


@dataclass(frozen=True, slots=True)
class Submitted:
    """The platform has taken it under this reference and tells later what came of it; ask again after `seconds`."""

    reference: str
    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class Postponed:
    """Not now, and nothing was sent: a quota, a rest, a person's choice. It is no failure, and holds up nobody else.

    `unsent`: nor by any try before, so that a doubt about it is over.
    """

    seconds: float
    reason: str
    unsent: bool = False


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The platform lets nobody change what was sent: the channel goes on showing what it shows, visibly so."""

    reason: str


@dataclass(frozen=True, slots=True)
class Undecided:
    """Whatever the notice's policy, only a person who looks can tell what became of it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Undeletable:
    """The platform will not take the post away (too old, or not allowed); it can still be changed."""

    reason: str


Outcome = (
    Delivered
    | Throttled
    | Moved
    | Gone
    | Failed
    | Declined
    | Misconfigured
    | Refused
    | WithoutMedia
    | TextOnly
    | Doubted
    | Absent
    | Foreign
    | Unclear
    | Lost
    | Submitted
    | Postponed
    | Unchanged
    | Undecided
    | Undeletable
)


def named(outcome: Outcome) -> str:
    """Give the word that metrics, logs and the attempt row use."""
    return type(outcome).__name__.lower()


def reason(outcome: Outcome) -> str | None:
    """Give the sentence a person reads, if the outcome has one."""
    match outcome:
        case Throttled(seconds):
            return f"asked to wait {seconds:g} s"
        case Moved(address):
            return f"the channel has moved to {address}"
        case Delivered() | Absent() | Foreign():
            return None
    return outcome.reason
