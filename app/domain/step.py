# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The next step of a delivery: what closes the difference between what a channel should show and what it does."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from app.domain.backoff import CRASHES
from app.domain.delivery import (
    Action,
    Intent,
    Part,
    Post,
    Progress,
    Settlement,
    State,
    by_policy,
    settled_state,
    what_is_left,
)
from app.domain.known import unasked

NOWHERE = (
    "nobody has said where the post is, or whether it is there, so it cannot be changed: name its number, or change it "
    "by hand"
)

SILENT = "nobody can tell whether it arrived"
LATE = "its time was over before it could be posted"
MAY_STAND = "; an earlier post of it may stand there"
UNASKABLE = "its album stands here, or a part of it, and the channel cannot be asked about the rest any more"
EARLIER = "it was changed after a doubt had ended, and nobody can tell whether an earlier form of it stands there"


def next_step(
    progress: Progress, parts: Sequence[Part], revision: int, now: datetime, *, can_ask: bool
) -> Intent | Settlement:
    """Decide what closes the difference: a call to make, or an end that needs none."""
    stay = Settlement(progress.state, progress.posts, progress.failures)
    if progress.crashes >= CRASHES:
        stray = progress.state is State.IN_DOUBT
        return replace(stay, state=State.DEAD, error=f"{CRASHES} attempts ended without any outcome", stray=stray)
    if progress.state is State.IN_DOUBT and progress.intent is not None:
        return _doubted(progress, progress.intent, now, can_ask=can_ask)
    if progress.wanted is None and not progress.posts:
        return replace(stay, state=State.WITHDRAWN)
    step = difference(progress, parts, revision)
    if step is None:
        shown = None if progress.wanted is None else revision  # what is struck is of what stood there
        return replace(stay, state=settled_state(progress), shown=shown, error=what_is_left(progress))
    return _hindered(progress, step, now) or step


def _hindered(progress: Progress, step: Intent, now: datetime) -> Settlement | None:
    """Say why a step cannot be taken: it is too late for it, or nobody knows where the post is."""
    stay = Settlement(progress.state, progress.posts, progress.failures)
    if step.action is Action.POST and progress.expires_at is not None and progress.expires_at <= now:
        return replace(stay, state=State.EXPIRED, error=_too_late(progress, step))
    if step.action is Action.EDIT and step.reference is None:
        return replace(stay, state=State.HELD, error=NOWHERE, intent=step)
    return None


def _too_late(progress: Progress, step: Intent) -> str:
    if not progress.posts:
        return f"{LATE}{MAY_STAND}" if progress.doubted else LATE
    whole = f"only {len(progress.posts)} of its {step.parts} posts stand there"
    return f"its time was over before all of it could be posted: {whole}"


def difference(progress: Progress, parts: Sequence[Part], revision: int) -> Intent | None:
    """Find the first thing that the channel does not show as it should, and the step that mends it."""
    if progress.wanted is None and progress.erase and (step := _deletion(progress, revision)):
        return step
    wanted = parts if progress.wanted is not None else parts[: len(progress.posts)]  # nothing new is posted to withdraw
    for number, part in enumerate(wanted):
        content = (number, len(wanted), part.digest, part.payload, revision)
        step = Intent(Action.POST, *content, items=part.items, failures=progress.failures)
        if part.remove:
            return replace(step, action=Action.DELETE, reference=part.remove[0], items=part.remove)
        if number >= len(progress.posts):
            return step
        if progress.posts[number].digest != part.digest:
            edit = replace(step, action=Action.EDIT, reference=part.at or progress.posts[number].reference)
            return replace(edit, parts=edit.parts + (part.at is not None))  # one of several steps is never the last
    return None


def _deletion(progress: Progress, revision: int) -> Intent | None:
    """Take the last post first, so that the others keep their places."""
    for number, post in reversed(list(enumerate(progress.posts))):
        if post.can_be_deleted:
            step = Intent(Action.DELETE, number, len(progress.posts), "", "", revision, items=post.references)
            return replace(step, reference=post.reference)
    return None


def _doubted(progress: Progress, intent: Intent, now: datetime, *, can_ask: bool) -> Intent | Settlement:
    if intent.key is not None:
        return _repeated(progress, intent, intent.key, now)
    if intent.is_unwritten and progress.wanted is not None:
        return Settlement(State.HELD, progress.posts, progress.failures, error=EARLIER, intent=intent)
    if can_ask and intent.after is not None:
        return replace(intent, action=Action.PROBE)
    return unasked(progress, intent, SILENT if intent.reference is None else UNASKABLE, now)


def _repeated(progress: Progress, intent: Intent, key: str, now: datetime) -> Intent | Settlement:
    """Say the same once more under the same key, which is harmless; but nothing that is out of date by now."""
    if progress.wanted is None:  # where it arrived it must be taken back, and where it did not that harms nobody
        post = Post(intent.reference or key, intent.digest)
        posts = (*progress.posts[: intent.number], post, *progress.posts[intent.number + 1 :])
        return Settlement(State.DUE, posts, progress.failures)
    if intent.reference is not None:  # the platform has it, and only says later what came of it
        return intent
    if progress.expires_at is not None and progress.expires_at <= now:
        return by_policy(progress, "its time is over, and nobody can tell whether it arrived", now)
    return intent
