# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Deliveries seen as work: claim what is due, record what it came to, sweep up what nobody recorded."""

from app.outbox.account import Moments
from app.outbox.claim import claim
from app.outbox.done import Done
from app.outbox.giving_back import give_back
from app.outbox.kind import ChannelKind, Render
from app.outbox.owed import Owed
from app.outbox.person import REDRIVABLE, TOGETHER, decide, decide_alike, redrive, resume
from app.outbox.record import Written, record
from app.outbox.room import enter, shut
from app.outbox.spare import UNLIMITED, Held, hold, is_known, let_go, slot, still_holds
from app.outbox.step import is_suspect
from app.outbox.sweep import Swept, end_frozen, sweep
from app.outbox.together import begin, leave, steps_of
from app.outbox.turn import Beside, Claimed, Taken, Turn

__all__ = [
    "REDRIVABLE",
    "TOGETHER",
    "UNLIMITED",
    "Beside",
    "ChannelKind",
    "Claimed",
    "Done",
    "Held",
    "Moments",
    "Owed",
    "Render",
    "Swept",
    "Taken",
    "Turn",
    "Written",
    "begin",
    "claim",
    "decide",
    "decide_alike",
    "end_frozen",
    "enter",
    "give_back",
    "hold",
    "is_known",
    "is_suspect",
    "leave",
    "let_go",
    "record",
    "redrive",
    "resume",
    "shut",
    "slot",
    "steps_of",
    "still_holds",
    "sweep",
]
