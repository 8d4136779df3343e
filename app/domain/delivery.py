# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The life of a delivery: what a channel should show, what it does show, and the next step between the two."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.backoff import CRASHES
from app.domain.notice import DoubtPolicy

PLACES = 3
"""How many places behind the last known post a probe looks at."""


class State(StrEnum):
    DUE = "due"  # something is to be done, now or at a later time
    DELIVERED = "delivered"  # the channel shows what it should
    IN_DOUBT = "in_doubt"  # a post may have arrived; the channel or the policy will tell
    HELD = "held"  # in doubt, and a person decides
    EXPIRED = "expired"  # its time was over before it could be posted
    WITHDRAWN = "withdrawn"  # taken back: never posted, or shown as withdrawn
    DEAD = "dead"  # given up, with a reason; a person may redrive it


class Action(StrEnum):
    POST = "post"
    EDIT = "edit"
    PROBE = "probe"


@dataclass(frozen=True, slots=True)
class Part:
    """One post of a rendering: its content in the kind's own form, and a digest that tells two apart."""

    digest: str
    payload: str


@dataclass(frozen=True, slots=True)
class Post:
    """One post the channel shows: what the platform calls it, and what it holds."""

    reference: str
    digest: str


@dataclass(frozen=True, slots=True)
class Intent:
    """What is about to be done, written down before the first byte leaves.

    `after` is the last reference known in the channel, `asked` how many places a probe has looked at since. `key` is
    what the platform tells a repetition by, where it does: the same for every try of the same step.
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
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """What a delivery has come to so far."""

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


@dataclass(frozen=True, slots=True)
class Settlement:
    """Where a delivery goes: its state, how long until it is due again, what is shown, and why."""

    state: State
    posts: tuple[Post, ...]
    failures: int
    wait: timedelta = timedelta(0)
    error: str | None = None
    intent: Intent | None = None
    shown: int | None = None


def next_step(
    progress: Progress, parts: Sequence[Part], revision: int, now: datetime, *, can_ask: bool
) -> Intent | Settlement:
    """Decide what closes the difference: a call to make, or an end that needs none."""
    stay = Settlement(progress.state, progress.posts, progress.failures)
    if progress.crashes >= CRASHES:
        return replace(stay, state=State.DEAD, error=f"{CRASHES} attempts ended without any outcome")
    if progress.state is State.IN_DOUBT and progress.intent is not None:
        return _doubted(progress, progress.intent, now, can_ask=can_ask)
    if progress.wanted is None and not progress.posts:
        return replace(stay, state=State.WITHDRAWN)
    step = _difference(progress, parts, revision)
    if step is None:
        return replace(stay, state=settled_state(progress), shown=revision)
    if step.action is Action.POST and progress.expires_at is not None and progress.expires_at <= now:
        return replace(stay, state=State.EXPIRED, error="its time was over before it could be posted")
    return step


def settled_state(progress: Progress) -> State:
    return State.WITHDRAWN if progress.wanted is None else State.DELIVERED


def _difference(progress: Progress, parts: Sequence[Part], revision: int) -> Intent | None:
    wanted = parts if progress.wanted is not None else parts[: len(progress.posts)]  # nothing new is posted to withdraw
    for number, part in enumerate(wanted):
        step = Intent(Action.POST, number, len(wanted), part.digest, part.payload, revision)
        if number >= len(progress.posts):
            return step
        if progress.posts[number].digest != part.digest:
            return replace(step, action=Action.EDIT, reference=progress.posts[number].reference)
    return None


def _doubted(progress: Progress, intent: Intent, now: datetime, *, can_ask: bool) -> Intent | Settlement:
    if intent.key is not None:
        return _repeated(progress, intent, intent.key, now)
    if can_ask and intent.after is not None:
        return replace(intent, action=Action.PROBE)
    return by_policy(progress, "nobody can tell whether it arrived")


def _repeated(progress: Progress, intent: Intent, key: str, now: datetime) -> Intent | Settlement:
    """Say the same once more under the same key, which is harmless; but nothing that is out of date by now."""
    if progress.wanted is None:  # where it arrived it must be taken back, and where it did not that harms nobody
        post = Post(intent.reference or key, intent.digest)
        posts = (*progress.posts[: intent.number], post, *progress.posts[intent.number + 1 :])
        return Settlement(State.DUE, posts, progress.failures)
    if intent.reference is not None:  # the platform has it, and only says later what came of it
        return intent
    if progress.expires_at is not None and progress.expires_at <= now:
        return by_policy(progress, "its time is over, and nobody can tell whether it arrived")
    return intent


def by_policy(progress: Progress, why: str) -> Settlement:
    """Do with a doubt what the notice asks for: say it again, let a person decide, or let it be."""
    match progress.policy:
        case DoubtPolicy.REPEAT:
            return Settlement(State.DUE, progress.posts, progress.failures, error=f"repeated: {why}")
        case DoubtPolicy.HOLD:
            return Settlement(State.HELD, progress.posts, progress.failures, error=why, intent=progress.intent)
        case DoubtPolicy.DROP:
            return Settlement(State.DEAD, progress.posts, progress.failures, error=f"not repeated: {why}")
