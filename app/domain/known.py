# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What is known of a post once the platform has it, and what questions about an album in doubt come to."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from app.domain.delivery import Action, Intent, Progress, Settlement, State, by_policy, settled_state, what_is_left
from app.domain.notice import DoubtPolicy
from app.domain.outcome import Delivered
from app.domain.there import now_there

MAY_STAND = "a picture or document without words stands where it should, and nobody can tell whether it is of its album"


def closer(progress: Progress, done: Intent, references: Sequence[str]) -> Settlement:
    """Take what the platform has as ours; another part may be due at once, or a later wish than the one found."""
    posts = list(progress.posts)
    posts[done.number : done.number + 1] = [now_there(progress, done, references)]
    doubted = progress.state is State.IN_DOUBT  # a correction, too, where the platform takes its time
    outdated = doubted and (done.revision != progress.wanted or done.interim)  # its text may be approved by now
    whole = len(posts) >= done.parts and done.number == done.parts - 1
    over = whole and not outdated
    state = settled_state(progress) if over else State.DUE
    error = what_is_left(progress) if over else None
    struck = progress.wanted is None and done.action is Action.EDIT  # what stood there, which may be of an earlier one
    shown = done.revision if whole and not struck else None
    return Settlement(state, tuple(posts), 0, error=error, shown=shown, spoken=done.spoken)


def partly(progress: Progress, done: Intent, outcome: Delivered) -> Settlement:
    """Take the items that are known; of others the next step has to tell, since nobody knows which stand there.

    It counts as shown, so that they are not posted once more beside those that do.
    """
    items = (*done.items[:1], *[_some(done)] * (len(outcome.references) - 1))
    known = closer(progress, replace(done, items=items), outcome.references)
    return replace(known, state=State.DUE, shown=done.revision, error=outcome.note)


def further(done: Intent, outcome: Delivered) -> Intent:
    """Ask for more of an album of which something was found, which may be another item than the first."""
    again = replace(done, action=Action.POST, after=outcome.last, asked=done.asked + 1)
    if done.reference is not None and not outcome.part:
        return replace(again, asked=done.asked, between=done.between + 1)
    if done.reference is not None:
        return again
    items = (_some(done), *done.items[1:]) if outcome.part else done.items
    return replace(again, reference=outcome.references[0], items=items, asked=0, foreign=0)


def unasked(progress: Progress, done: Intent, why: str, now: datetime) -> Settlement:
    """End a question that has no answer; an album of which the first item was found is never posted once more."""
    if done.reference is None:
        return by_policy(progress, why, now)
    if not done.between and (done.asked or done.items[:1] == (_some(done),)):
        return partly(progress, done, Delivered((done.reference,), note=why))
    return replace(closer(progress, done, (done.reference,)), error=why)


def seen(progress: Progress, now: datetime) -> Settlement:
    """Post nothing once more beside what may be the rest of an album: whose it is, only a person can tell."""
    repeats = progress.policy is DoubtPolicy.REPEAT
    return by_policy(replace(progress, policy=DoubtPolicy.HOLD) if repeats else progress, MAY_STAND, now)


def _some(done: Intent) -> str:
    """Name an item of which only its sort is known (as in app.domain.unheard)."""
    return f"{done.items[0].partition(' ')[0]} "
