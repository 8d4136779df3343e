# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a claim does with each delivery that it has found due."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile

from app.domain.backoff import CRASHES, MEDIA_PATIENCE, SUSPECT
from app.domain.delivery import Action, Intent, Part, Settlement, State
from app.domain.lane import LANES
from app.domain.notice import Priority
from app.domain.outcome import Refused
from app.domain.pace import MINUTE, fits_at
from app.domain.spoken import all_spoken
from app.domain.step import next_step
from app.outbox.allowed import allowed, capped, waiting
from app.outbox.key import once_key
from app.outbox.kind import ChannelKind
from app.outbox.owed import Owed
from app.outbox.stored import intent_text
from app.outbox.turn import Beside
from app.scrub import place
from app.telemetry import log

SUPERSEDED = "the notice that supersedes it stands here, or may, so it is not posted after that"
FETCHING = "waits for its pictures and documents"
CROWDED = "waits until the minute of its group has room for all items of its album"
DOUBTED = f"{SUPERSEDED}; an earlier post of it may stand before"


def one_each(works: Sequence[Owed], beside: Beside) -> list[Owed]:
    """Keep the first of each channel: two doubts of one channel are never looked at side by side.

    What may have ended its workers is taken alone, and only where nothing else is on the wire. For that it waits, and
    so do those behind it; but not for a call that takes its time.
    """
    first = list({work.channel_id: work for work in reversed(works)}.values())[::-1]
    before = list(takewhile(lambda work: not is_suspect(work), first))
    if before or beside is Beside.QUICK:
        return before
    return first[:1] if beside is Beside.NOTHING else [work for work in first if not is_suspect(work)]


def must_wait(found: Sequence[Owed], taken: Sequence[Owed]) -> bool:
    """Tell whether what comes first of what was found must go alone, and could not."""
    return bool(found) and is_suspect(found[0]) and taken[:1] != found[:1]


def is_suspect(work: Owed) -> bool:
    """Tell whether a delivery may be what its workers died of, and not only have been beside it."""
    return work.progress.crashes >= SUSPECT


def step_of(work: Owed, kind: ChannelKind, now: datetime) -> tuple[Owed, Intent | Settlement]:
    """Find what is to be done, with what of the notice may go out.

    A notice on which our own code breaks is set aside, and keeps nobody waiting.
    """
    try:
        progress = work.progress.with_time_to_try(now)
        work = allowed(replace(work, progress=progress, closed=_is_closed(work, now)), kind)
        step = _next(work, kind, now)
        if isinstance(step, Intent):
            work, step = _with_its_media(work, step, now)
        if isinstance(step, Intent):
            work, step = capped(work, step, kind, now)
        if isinstance(step, Intent):
            work, step = _in_its_minute(work, step, kind, now)
        (intent_text(step if isinstance(step, Intent) else step.intent) or "").encode()  # what no database could take
    except Exception as error:  # noqa: BLE001 - whatever it is, the others must go out
        where = place(error)
        log.error("delivery.broken", delivery=work.id, channel=work.slug, error=type(error).__name__, place=where)
        why = f"a fault of ours ({type(error).__name__} at {where})"
        stray = work.progress.state is State.IN_DOUBT
        return work, Settlement(State.DEAD, work.progress.posts, work.progress.failures, error=why, stray=stray)
    return work, step


def _next(work: Owed, kind: ChannelKind, now: datetime) -> Intent | Settlement:
    """Render, and decide what closes the difference between what the channel shows and what it should."""
    if (over := _over(work, now)) is not None:
        return over
    parts: Sequence[Part] | Refused = kind.render(work)
    if isinstance(parts, Refused):
        stray = work.progress.state is State.IN_DOUBT
        return Settlement(State.DEAD, work.progress.posts, work.progress.failures, error=parts.reason, stray=stray)
    progress = replace(work.progress, erase=work.progress.erase and kind.deletes)
    if kind.in_place and progress.state is State.IN_DOUBT and progress.intent and progress.intent.is_unwritten:
        return Settlement(State.DUE, progress.posts, progress.failures)
    step = next_step(progress, parts, work.revision, now, can_ask=work.can_ask and _stands_last(work))
    step = _spoken(work, step, kind)
    if isinstance(step, Settlement) or step.key is not None:
        return step
    if (waits := waiting(work, step)) is not None:
        return waits
    step = replace(step, key=once_key(work, step) if kind.once_key else None)
    return replace(step, after=_after(work)) if step.action is Action.POST else step


def _spoken(work: Owed, step: Intent | Settlement, kind: ChannelKind) -> Intent | Settlement:
    """Say which texts a channel shows then, and whether one is missing that waits; of a doubt that was said before."""
    if work.progress.state is State.IN_DOUBT:
        return step
    spoken = tuple(dict.fromkeys(tag for _, tag in all_spoken(work.notice, kind.languages(work))))
    if isinstance(step, Settlement):
        return replace(step, spoken=spoken)
    return replace(step, spoken=spoken, interim=work.awaits is not None)


def _over(work: Owed, now: datetime) -> Intent | Settlement | None:
    """End what is not even rendered: workers may have died of that, or it would be read after what replaces it."""
    if work.progress.crashes >= CRASHES:
        return next_step(work.progress, (), work.revision, now, can_ask=work.can_ask)
    if work.superseded and work.progress.state is State.DUE and not (work.progress.posts and work.shown is not None):
        why = DOUBTED if work.progress.doubted else SUPERSEDED
        return Settlement(State.WITHDRAWN, (), work.progress.failures, error=why)
    return None


def _is_closed(work: Owed, now: datetime) -> bool:
    """Tell whether no post is added while what stands has room: it is taken back, late, or replaced by another."""
    end = work.progress.expires_at
    return work.progress.wanted is None or work.superseded or (end is not None and end <= now)


def _with_its_media(work: Owed, step: Intent, now: datetime) -> tuple[Owed, Intent | Settlement]:
    """Let what is to be shown wait for its media, also what was wished amid a call, or made due by a resume.

    What is shown without the text that awaits a person keeps its place in front of others meanwhile.
    """
    since = max(work.changed_at, work.notice.publish_at or work.changed_at)
    wait = since + MEDIA_PATIENCE[work.progress.lane] - now
    is_new = work.progress.wanted is not None and work.progress.state is not State.IN_DOUBT
    if not work.fetching or not is_new or wait <= timedelta(0):
        return work, step
    waits = Settlement(State.DUE, work.progress.posts, work.progress.failures, wait=wait, error=FETCHING)
    return replace(work, awaits=None), waits


def _in_its_minute(work: Owed, step: Intent, kind: ChannelKind, now: datetime) -> tuple[Owed, Intent | Settlement]:
    """Let an album wait until the minute of its group has room for all of its items.

    It keeps its place in front of others meanwhile, as what waits for its media does.
    """
    if step.messages == 1 or not kind.is_group(work.address):
        return work, step
    sent = sorted(at for at in work.sent if at > now - MINUTE)
    at = fits_at(sent, kind.limits, step.messages, urgent=work.progress.lane == LANES[Priority.URGENT])
    if at is None or at <= now:
        return work, step
    wait = Settlement(State.DUE, work.progress.posts, work.progress.failures, wait=at - now, error=CROWDED)
    return replace(work, awaits=None), wait


def _stands_last(work: Owed) -> bool:
    """Tell whether nothing of ours was posted since a doubt: where its post would stand, another may by now.

    Of an album that the earlier version has half asked about, the first item is the last that is known.
    """
    intent = work.progress.intent
    if intent is None or intent.restored or intent.after == work.last_reference:
        return True
    return intent.reference is not None and intent.reference == work.last_reference


def _after(work: Owed) -> str | None:
    """Say where a doubt would be asked about; only where one can ask is one doubt at a time in a channel."""
    return work.last_reference if work.can_ask else None
