# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Until when a post without an answer may land: an empty place says nothing of it before."""

from dataclasses import replace
from datetime import datetime, timedelta

from app.domain.delivery import Action, Intent
from app.domain.outcome import Doubted, Outcome

LANDS = timedelta(seconds=12)
"""How long a post may land after its failure was heard of: Telegram keeps one back for eight seconds and more."""
NOT_AT_ALL = timedelta(0)


def landing(intent: Intent, outcome: Outcome, now: datetime, over_by: datetime) -> Intent:
    """Note until when what broke off now may land, which is never after the time of its call: the lease is for that."""
    if intent.action is not Action.POST or not isinstance(outcome, Doubted):
        return intent
    return replace(intent, lands_by=min(now + LANDS, over_by).timestamp())


def still_lands(intent: Intent, now: datetime) -> timedelta:
    """Say how long it may land yet."""
    return max(NOT_AT_ALL, timedelta(seconds=intent.lands_by - now.timestamp()))
