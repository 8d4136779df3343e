# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""When a platform counts as away, and how often it is asked meanwhile whether it is back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

CALLS = 10
"""So many calls in a row without an answer, and the platform is away."""
CHANNELS = 3
"""To so many channels at least, where there are as many: one that never answers says nothing about the others."""
WITHIN = timedelta(minutes=2)
"""Calls that were begun longer ago say nothing about now."""
FIRST, LONGEST = timedelta(seconds=1), timedelta(seconds=20)
URGENT = timedelta(seconds=5)
"""The longest rest while something urgent waits."""


@dataclass(frozen=True, slots=True)
class Heard:
    """How one call ended: `answered` is any answer that makes sense, a refusal too."""

    channel: UUID
    answered: bool


def is_away(last: Sequence[Heard], channels: int) -> bool:
    """Judge by the last calls of an account that publishes to so many channels."""
    silent = {call.channel for call in last}
    return len(last) >= CALLS and not any(call.answered for call in last) and len(silent) >= min(CHANNELS, channels)


def rest(asked: int, *, urgent: bool) -> timedelta:
    """Say how long to wait before it is asked once more, after it was asked so often in vain."""
    return min(FIRST * int(2 ** min(asked, 10)), URGENT if urgent else LONGEST)
