# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Where an outcome leads: the second half of a delivery's life."""

from dataclasses import replace
from datetime import datetime, timedelta

from app.domain.backoff import DOUBT_RESTS, backoff
from app.domain.delivery import (
    EMPTY,
    PLACES,
    Action,
    Intent,
    Progress,
    Settlement,
    State,
    by_policy,
    settled_state,
)
from app.domain.known import closer, further, partly, seen, unasked
from app.domain.landing import still_lands
from app.domain.outcome import (
    Absent,
    Declined,
    Delivered,
    Doubted,
    Failed,
    Foreign,
    Gone,
    Lost,
    Misconfigured,
    Moved,
    Outcome,
    Postponed,
    Refused,
    Submitted,
    TextOnly,
    Throttled,
    Unchanged,
    Unclear,
    Undecided,
    Undeletable,
    WithoutMedia,
    reason,
)
from app.domain.there import kept, without
from app.domain.unheard import unheard


def settle(  # noqa: C901, PLR0911, PLR0912 - one match over one value is the whole life; splitting it would hide an arm
    progress: Progress, done: Intent, outcome: Outcome, now: datetime, chance: float
) -> Settlement:
    """Go where the outcome leads. This is the whole life of a delivery. `chance` (0 to 1) spreads the next try."""
    if isinstance(outcome, Doubted) or (isinstance(outcome, Failed | Declined) and done.key is None):
        progress = replace(progress, posts=unheard(progress.posts, done))
    stay = Settlement(progress.state, progress.posts, progress.failures, error=reason(outcome), intent=progress.intent)
    match outcome:
        case Delivered() if done.action is Action.DELETE:
            return _removed(progress, done)
        case Delivered() if done.asks_for_the_rest or outcome.more:
            return replace(stay, intent=further(done, outcome))
        case Delivered(part=True):
            return partly(progress, done, outcome)
        case Delivered(references):
            known = closer(progress, done, references)
            return replace(known, error=known.error or outcome.note)
        case Undeletable():
            return replace(stay, state=State.DUE, posts=kept(progress.posts, done.number))
        case Throttled(alone=True):  # it may ask for ever: from the first time on the delivery grows older
            return replace(stay, failures=max(1, progress.failures))
        case Throttled() | Moved() | Gone() | Misconfigured():
            return stay
        case Doubted() if now < progress.give_up_at or (done.action is Action.POST and done.key is None):
            return _doubt(stay, progress, done, outcome, chance)
        case Failed() | Declined() if now < progress.give_up_at:
            return _later(stay, progress, chance)
        case Failed(why) | Declined(why) | Doubted(why) if done.action is Action.PROBE:
            return unasked(progress, done, why, now)
        case Lost() if progress.wanted is None:
            return _dropped(stay, progress, done)
        case WithoutMedia() | TextOnly() if done.action is Action.POST or not progress.failures:
            return replace(stay, failures=progress.failures + 1)
        case WithoutMedia() | TextOnly() if now < progress.give_up_at:  # an album may have to be exchanged all the same
            return _later(stay, progress, chance)
        case Failed() | Declined() | Refused() | Lost() | Doubted() | WithoutMedia() | TextOnly():
            return _over(stay, progress, done, outcome)
        case Absent() if still_lands(done, now):  # it would stand behind what does already
            again = replace(done, action=Action.POST, asked=done.foreign)
            return replace(stay, intent=again, wait=still_lands(done, now))
        case Absent() | Foreign() | Unclear():
            return _answered(progress, done, outcome, now, chance)
        case Submitted() | Postponed() | Unchanged() | Undecided():
            return _slow(stay, progress, done, outcome)


def _slow(
    stay: Settlement, progress: Progress, done: Intent, outcome: Submitted | Postponed | Unchanged | Undecided
) -> Settlement:
    """Wait for a platform that takes its time or rations, let what was sent be, or leave it to a person."""
    match outcome:
        case Submitted(reference, seconds):
            pending = replace(done, reference=reference)
            return replace(stay, state=State.IN_DOUBT, intent=pending, wait=timedelta(seconds=seconds))
        case Postponed(seconds, unsent=True):
            return replace(stay, state=State.DUE, intent=None, wait=timedelta(seconds=seconds))
        case Postponed(seconds):
            return replace(stay, wait=timedelta(seconds=seconds))
        case Unchanged():
            return replace(stay, state=settled_state(progress), failures=0, intent=None)
        case Undecided():
            return replace(stay, state=State.HELD, intent=done)


def _dropped(stay: Settlement, progress: Progress, done: Intent) -> Settlement:
    """Forget a post that is gone when it should be taken back, which was wanted; what is left of others still is."""
    left = without(progress.posts, done.number, (done.reference,))
    return replace(stay, state=State.DUE if left else State.WITHDRAWN, intent=None, posts=left)


def _over(stay: Settlement, progress: Progress, done: Intent, outcome: Outcome) -> Settlement:
    """Give up, visibly; what was in doubt may stand there, and what was posted last without an answer, too."""
    unheard = isinstance(outcome, Doubted) and done.action is Action.POST
    return replace(stay, state=State.DEAD, intent=None, stray=unheard or progress.state is State.IN_DOUBT)


def _removed(progress: Progress, done: Intent) -> Settlement:
    """Forget what was deleted: items of a post, or all of it."""
    posts = without(progress.posts, done.number, done.items, done.digest)
    over = progress.wanted is None and not posts
    return Settlement(State.WITHDRAWN if over else State.DUE, posts, 0)


def _later(stay: Settlement, progress: Progress, chance: float) -> Settlement:
    wait = backoff(progress.failures, progress.lane, chance)
    return replace(stay, failures=progress.failures + 1, wait=wait)


def _doubt(stay: Settlement, progress: Progress, done: Intent, outcome: Doubted, chance: float) -> Settlement:
    """A post in doubt is never simply repeated, unless it has a key; an edit and a question can be."""
    if done.action is Action.POST and progress.state is not State.IN_DOUBT:
        wait = max(DOUBT_RESTS, timedelta(seconds=outcome.seconds))
        return replace(stay, state=State.IN_DOUBT, intent=done, wait=wait)
    return _later(stay, progress, chance)


def _never_arrived(progress: Progress, done: Intent, now: datetime, chance: float) -> Settlement:
    """Post it again, later each time, as after any failure; certainly nothing of it stands there.

    Questions in vain before this one do not make it later: the platform answers again, and the channel waits for it.
    """
    again = Settlement(State.DUE, progress.posts, progress.failures)
    if progress.wanted is None:
        return again
    if now >= progress.give_up_at:
        return replace(again, state=State.DEAD, error="it never arrived")
    posted = replace(progress, failures=min(progress.failures, done.failures))
    return _later(replace(again, error="it did not arrive, so it is posted again"), posted, chance)


def _answered(
    progress: Progress, done: Intent, outcome: Absent | Foreign | Unclear, now: datetime, chance: float
) -> Settlement:
    """Go on asking, or conclude: what is empty in front of a foreign post was deleted, and tells nothing of ours."""
    asked = done.asked + 1
    foreign = asked if isinstance(outcome, Foreign) else done.foreign
    doubt = replace(done, action=Action.POST, asked=asked, foreign=foreign)
    match outcome:
        case Absent() if asked - foreign >= EMPTY and not done.restored:
            return _never_arrived(progress, done, now, chance)
        case Foreign(wordless=True):
            return seen(progress, now)
        case Absent() | Foreign() if asked < PLACES:
            return Settlement(State.IN_DOUBT, progress.posts, progress.failures, intent=doubt)
        case Absent() | Foreign():
            return by_policy(progress, f"it is not found at the {PLACES} places behind the last known post", now)
        case Unclear(why):
            return by_policy(progress, why, now)
