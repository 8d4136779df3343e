# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What of a notice may go out: texts that need an approval and have none never reach a renderer that would send them.

A channel waits for each text that it would show, or shows the others meanwhile, where it says so (`interim`).
"""

import hashlib
from collections.abc import Collection
from dataclasses import replace

from app.domain.approval import LOOKS_AGAIN, unapproved
from app.domain.delivery import Action, Intent, Settlement, State
from app.domain.spoken import all_spoken
from app.outbox.kind import ChannelKind
from app.outbox.owed import Owed, parsed


def allowed(work: Owed, kind: ChannelKind) -> Owed:
    """Leave out what nobody has approved; `awaits` names the first text that the channel would show of it."""
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
    """Let a channel wait for its text, whatever would change there; a doubt is asked about all the same."""
    if work.awaits not in work.notice.texts or step.action is Action.PROBE:
        return None
    why = f"waits for the approval of its text in {work.awaits}"
    return Settlement(State.DUE, work.progress.posts, work.progress.failures, wait=LOOKS_AGAIN, error=why)


def _taken_back(work: Owed) -> Owed:
    """Show as withdrawn what stands there, not a later text that nobody has approved."""
    if work.earlier is not None:
        edition = hashlib.sha256(work.earlier.encode()).hexdigest()
        work = replace(work, notice=parsed(work.earlier), edition=edition)
    withheld = unapproved(work.notice, work.guarded, work.approved)
    return _without(work, withheld) if work.interim and withheld < work.notice.texts.keys() else work


def _without(work: Owed, withheld: Collection[str]) -> Owed:
    if not withheld:
        return work
    texts = {tag: text for tag, text in work.notice.texts.items() if tag not in withheld}
    notice = work.notice.model_copy(update={"texts": texts})
    return replace(work, notice=notice, edition=f"{work.edition} {' '.join(texts)}")
