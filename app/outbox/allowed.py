# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What of a notice may go out: what needs a person's word and has none never reaches a renderer that would send it.

A channel waits for each text that it would show, or shows the others meanwhile, where it says so (`interim`).
"""

import hashlib
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from app.domain.approval import LOOKS_AGAIN, SECOND_PERSON, TOMORROW, unapproved
from app.domain.delivery import Action, Intent, Settlement, State
from app.domain.lane import LANES
from app.domain.notice import Priority
from app.domain.spoken import all_spoken
from app.outbox.kind import ChannelKind
from app.outbox.owed import Owed, parsed


def allowed(work: Owed, kind: ChannelKind) -> Owed:
    """Leave out what nobody has approved; `awaits` names the first text that the channel would show of it.

    Of a broadcast that nobody has let go nothing is left, and what is withdrawn is shown as it stands there.
    """
    if work.unsigned and work.progress.wanted is not None:
        return replace(work, awaits=SECOND_PERSON)
    if work.unsigned:
        work = _as_it_stands(work)
    if not work.guarded:
        return work
    withheld = unapproved(work.notice, work.guarded, work.approved)
    shows = [tag for _, tag in all_spoken(work.notice, kind.languages(work))]
    awaits = next((tag for tag in shows if tag in withheld), None)
    if work.progress.wanted is None:
        return work if awaits is None else _taken_back(work)
    if awaits is not None and not (work.interim and withheld < work.notice.texts.keys()):
        return replace(work, awaits=awaits)
    return replace(_without(work, withheld), awaits=awaits)


def waiting(work: Owed, step: Intent) -> Settlement | None:
    """Let a channel wait for a person's word, whatever would change there; a doubt is asked about all the same."""
    if work.awaits not in {SECOND_PERSON, *work.notice.texts} or step.action is Action.PROBE:
        return None
    text = f"the approval of its text in {work.awaits}"
    why = f"waits for {'a second person' if work.awaits == SECOND_PERSON else text}"
    return Settlement(State.DUE, work.progress.posts, 0, wait=LOOKS_AGAIN, error=why)


def is_news(work: Owed, step: Intent) -> bool:
    """Tell whether a step is the first try to show a notice in its channel, which is what a day's cap counts."""
    return step.action is Action.POST and step.number == 0 and not work.progress.posts and not work.attempts


def capped(work: Owed, step: Intent, kind: ChannelKind, now: datetime) -> tuple[Owed, Intent | Settlement]:
    """Put off until tomorrow what is not urgent, where the channel has been told enough today."""
    urgent = work.progress.lane == LANES[Priority.URGENT]
    if urgent or not is_news(work, step) or not kind.cap.is_reached(work.told_on, work.told, now):
        return work, step
    why = f"waits for tomorrow: the channel has had its {kind.cap.per_day} notices of today"
    wait = kind.cap.until_tomorrow(now)
    return replace(work, awaits=TOMORROW), Settlement(State.DUE, work.progress.posts, 0, wait=wait, error=why)


def _taken_back(work: Owed) -> Owed:
    """Show as withdrawn what stands there: also a text that needs an approval only by now, and no other without one.

    Nor one that the channel waited for: it may have shown another meanwhile, whatever it is set to by now.
    """
    work = _as_it_stands(work)
    unseen = unapproved(work.notice, work.guarded, work.approved).difference(_standing(work))
    return _without(work, unseen) if unseen < work.notice.texts.keys() else work


def _standing(work: Owed) -> Collection[str]:
    """Name the texts that certainly stand there; of what was never shown whole nobody knows of which revision it is."""
    if work.shown is None:
        return ()
    return work.notice.texts if work.spoken is None else work.spoken


def _as_it_stands(work: Owed) -> Owed:
    if work.earlier is None:
        return work
    edition = hashlib.sha256(work.earlier.encode()).hexdigest()
    return replace(work, notice=parsed(work.earlier), edition=edition)


def _without(work: Owed, withheld: Collection[str]) -> Owed:
    if not withheld:
        return work
    texts = {tag: text for tag, text in work.notice.texts.items() if tag not in withheld}
    notice = work.notice.model_copy(update={"texts": texts})
    return replace(work, notice=notice, edition=f"{work.edition} {' '.join(texts)}")
