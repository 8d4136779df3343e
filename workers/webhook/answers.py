# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A receiver's answers in our words; read here and nowhere else."""

from datetime import datetime

from app.domain.outcome import Delivered, Doubted, Failed, Gone, Outcome, Refused, Throttled, Wire
from workers.speaking import Said, Unheard

NEVER = (400, 406, 411, 413, 414, 415, 422, 431, 451)
"""Refusals of this very content; telling it again is no use."""
GONE, HASTE, UNAVAILABLE = 410, 429, (502, 503, 504)
SHORTEST, UNSAID = 1.0, 30.0


def read(heard: Said | Unheard, number: str, now: datetime, give_up_at: datetime) -> Outcome:
    """Say what an answer comes to. The id of the call is what the receiver calls the notice, too."""
    match heard:
        case Unheard(reason, _, True):
            return Gone(f"The address may not be called: {reason}")
        case Unheard(reason, left, _):
            return Doubted(reason) if left else Failed(reason)
        case Said() if heard.is_good:
            return Delivered((number,))
        case Said(status) if status == GONE:
            return Gone("The receiver says that this address is gone (410).")
        case Said(status) if status in NEVER:
            return Refused(f"the receiver refuses this notice ({status})")
    return _later(heard, now, give_up_at)


def _later(heard: Said, now: datetime, give_up_at: datetime) -> Outcome:
    """Wait for as long as the receiver asks, but not past the time at which a delivery is given up."""
    wait = heard.wait(now)
    asked = heard.status == HASTE or (heard.status in UNAVAILABLE and wait is not None)
    if asked and now < give_up_at:
        return Throttled(max(SHORTEST, UNSAID if wait is None else wait), alone=True)
    return Failed(f"the receiver answers {heard.status}")


def wire(heard: Said | Unheard) -> Wire:
    if isinstance(heard, Said):
        return Wire.RESPONSE
    return Wire.BODY if heard.left else Wire.NONE
