# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The life of a delivery: what a channel should show, what it does show, and the next step between the two."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.backoff import GIVE_UP, rest_before_repeating
from app.domain.notice import DoubtPolicy

PLACES = 3
"""How many places behind the last known post a probe looks at."""
EMPTY = 2
"""So many empty places one behind the other say that a post never arrived: of one, somebody may have deleted a post."""
STRUCK = "it could not be deleted, so it is struck and marked as withdrawn"


class State(StrEnum):
    DUE = "due"  # something is to be done, now or at a later time
    DELIVERED = "delivered"  # the channel shows what it should
    IN_DOUBT = "in_doubt"  # a post may have arrived; the channel or the policy will tell
    HELD = "held"  # in doubt, and a person decides
    EXPIRED = "expired"  # its time was over before all of it could be posted
    WITHDRAWN = "withdrawn"  # taken back or superseded: never posted, or shown as withdrawn
    DEAD = "dead"  # given up, with a reason; a person may redrive it


class Action(StrEnum):
    POST = "post"
    EDIT = "edit"
    PROBE = "probe"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Part:
    """One post of a rendering: its content in the kind's own form, and a digest that tells two apart.

    `items`: what its media are, one by one. `at`: the item that this step changes, if not the first.
    `remove`: items that are to be taken away first; the digest is that of what is left then.
    """

    digest: str
    payload: str
    items: tuple[str, ...] = ()
    at: str | None = None
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Post:
    """One post the channel shows: what the platform calls it (None: nobody knows), and what it holds.

    `items`: the reference of each of its media ("": nobody knows), and what it is. `kept`: it cannot be deleted.
    """

    reference: str | None
    digest: str
    items: tuple[tuple[str, str], ...] = ()
    kept: bool = False

    @property
    def references(self) -> tuple[str, ...]:
        return tuple(reference for reference, _ in self.items) or (self.reference or "",)

    @property
    def can_be_deleted(self) -> bool:
        return not self.kept and all(self.references)


@dataclass(frozen=True, slots=True)
class Intent:
    """What is about to be done, written down before the first byte leaves.

    `after` is the last reference known in the channel, `asked` how many places a probe has looked at since, `foreign`
    how many up to the last one that was somebody else's. `reference`: of what is changed, or of a doubted album's first
    item once it was found ("" where the channel has moved since); `asked` counts questions about the others then.
    `key` is what the platform tells a repetition by, where it does: the same for every try of the same step. `items`:
    what the media of a post are; of a deletion, the references that go. `restored`: a backup knows it, and not what
    came after: others of ours may stand behind, so only what is found counts. `failures`: how many tries had failed
    before a post. `between`: which item of the album is asked for, once its last was found, too; 0: it was not.
    `lands_by`: the second (since 1970, of Postgres) until which a post in doubt may land; 0: it was over with a lease.
    `interim`: it lacks a text that waited for its approval. `spoken`: the languages of those that it has.
    """

    action: Action
    number: int
    parts: int
    digest: str
    payload: str
    revision: int
    reference: str | None = None
    after: str | None = None
    asked: int = 0
    foreign: int = 0
    key: str | None = None
    items: tuple[str, ...] = ()
    restored: bool = False
    failures: int = 0
    between: int = 0
    lands_by: float = 0.0
    interim: bool = False
    spoken: tuple[str, ...] = ()

    @property
    def messages(self) -> int:
        """How many messages the platform counts."""
        return max(1, len(self.items)) if self.action is Action.POST else 1

    @property
    def asks_for_the_rest(self) -> bool:
        """Whether of a doubted album the first item is being asked for, so that its last one is still to be."""
        return self.action is Action.PROBE and len(self.items) > 1 and self.reference is None

    @property
    def is_unwritten(self) -> bool:
        """Whether it stands for a post of which nobody has kept what it held (app.amend)."""
        return self.action is Action.POST and not self.digest


@dataclass(frozen=True, slots=True)
class Progress:
    """What a delivery has come to so far; `erase`: what is withdrawn is deleted where that can be done.

    `doubted`: a doubt about it has ended, and nobody knows how.
    """

    state: State
    lane: int
    wanted: int | None
    posts: tuple[Post, ...]
    failures: int
    crashes: int
    give_up_at: datetime
    expires_at: datetime | None
    policy: DoubtPolicy
    intent: Intent | None = None
    erase: bool = False
    doubted: bool = False

    def with_time_to_try(self, now: datetime) -> "Progress":
        """Count its age from the first try that fails: what only waited, for whatever, is as good as new."""
        if self.state is not State.DUE or self.failures:
            return self
        return replace(self, give_up_at=max(self.give_up_at, now + GIVE_UP[self.lane]))


@dataclass(frozen=True, slots=True)
class Settlement:
    """Where a delivery goes: its state, how long until it is due again, what is shown, and why.

    `stray`: a post of ours may stand behind the last known one without any row that knows of it. `spoken`: the
    languages of the texts in which `shown` is shown.
    """

    state: State
    posts: tuple[Post, ...]
    failures: int
    wait: timedelta = timedelta(0)
    error: str | None = None
    intent: Intent | None = None
    shown: int | None = None
    stray: bool = False
    spoken: tuple[str, ...] = ()


def settled_state(progress: Progress) -> State:
    return State.WITHDRAWN if progress.wanted is None else State.DELIVERED


def what_is_left(progress: Progress) -> str | None:
    """Say it where a post that should be deleted is still there."""
    return STRUCK if progress.wanted is None and progress.erase and progress.posts else None


def by_policy(progress: Progress, why: str, now: datetime) -> Settlement:
    """Do with a doubt what the notice asks for: say it again while it is young, let a person decide, or let it be."""
    open_end = Settlement(progress.state, progress.posts, progress.failures, stray=True)
    if progress.wanted is None:
        return _left_open(progress, replace(open_end, error=why))
    if progress.intent is not None and progress.intent.restored:  # days may have passed, and people seen it
        return replace(open_end, state=State.HELD, error=f"restored from a backup: {why}", intent=progress.intent)
    match progress.policy:
        case DoubtPolicy.REPEAT if now < progress.give_up_at:
            return _repeated(progress, replace(open_end, state=State.DUE, error=f"repeated: {why}"))
        case DoubtPolicy.REPEAT | DoubtPolicy.HOLD:
            return replace(open_end, state=State.HELD, error=why, intent=progress.intent)
        case DoubtPolicy.DROP:
            return replace(open_end, state=State.DEAD, error=f"not repeated: {why}")


def _left_open(progress: Progress, open_end: Settlement) -> Settlement:
    """Leave to a person what should be taken back and may stand; what is known to stand is taken back before."""
    if not progress.posts or progress.intent is None:
        return replace(open_end, state=State.HELD, intent=progress.intent)
    return replace(open_end, state=State.DUE, posts=(*progress.posts, Post(None, progress.intent.digest)))


def _repeated(progress: Progress, again: Settlement) -> Settlement:
    """Say it again at once, and once more ever later: where no answer comes, each time may be one more that stands."""
    if not progress.doubted:
        return replace(again, failures=1)
    wait = rest_before_repeating(progress.failures, progress.lane)
    return replace(again, failures=progress.failures + 1, wait=wait)
