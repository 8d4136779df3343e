# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A place we publish to, and whether a notice concerns it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from app.domain.notice import Audience, Notice, Priority

BY_HAND = "paused by hand"
"""How the reason of a pause begins that only a person ends; what the platform says of the channel stands behind it."""
MOVED_ONTO = "it has moved to {}, where the channel {} is already"
MOVED_TO = "^it has moved to (.+), where the channel .+ is already$"
"""How that is read again, by Postgres."""


@dataclass(frozen=True, slots=True)
class Following:
    """What a channel follows; an empty set means everything."""

    services: frozenset[str] = frozenset()
    grades: frozenset[str] = frozenset()
    schools: frozenset[str] = frozenset()
    areas: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as routing sees it."""

    id: UUID
    language: str
    fallback: bool = True
    following: Following = field(default_factory=Following)
    test: bool = False


def reaches(notice: Notice, channel: Channel) -> bool:
    """Tell whether the notice is owed to the channel: service, every audience dimension, and a language it can show.

    Exercises go to test channels, and nothing else does: who reads an exercise there must never miss the real thing.
    """
    wanted, told = channel.following, notice.audience
    return (
        notice.test == channel.test
        and overlaps([notice.service], wanted.services)
        and overlaps(told.grades, wanted.grades)
        and overlaps(told.schools, wanted.schools)
        and overlaps(told.areas, wanted.areas)
        and (channel.fallback or channel.language in notice.texts)
    )


def is_broadcast(notice: Notice, channels: Collection[Channel]) -> bool:
    """Tell whether an urgent notice leaves nobody out who follows its service, whatever audience it names."""
    if notice.priority is not Priority.URGENT or notice.test:
        return False
    everywhere = reached(notice.model_copy(update={"audience": Audience()}), channels)
    return bool(everywhere) and len(reached(notice, channels)) == len(everywhere)


def why_not(notice: Notice, channel: Channel) -> list[str]:
    """Name everything that keeps the notice from the channel; empty where it reaches it."""
    wanted, told = channel.following, notice.audience
    tests = {
        "test": notice.test == channel.test,
        "service": overlaps([notice.service], wanted.services),
        "grades": overlaps(told.grades, wanted.grades),
        "schools": overlaps(told.schools, wanted.schools),
        "areas": overlaps(told.areas, wanted.areas),
        "language": channel.fallback or channel.language in notice.texts,
    }
    return [name for name, holds in tests.items() if not holds]


def overlaps(told: Collection[str], wanted: Collection[str]) -> bool:
    """Tell whether two lists meet; an empty one means everyone."""
    return not told or not wanted or not set(told).isdisjoint(wanted)


def reached(notice: Notice, channels: Iterable[Channel]) -> list[Channel]:
    return [channel for channel in channels if reaches(notice, channel)]


def paused_by_hand(reason: str | None) -> str:
    """Say why a channel is paused when a person pauses it, which may be so already for a `reason`."""
    if reason is None or reason.startswith(BY_HAND):
        return reason or BY_HAND
    return f"{BY_HAND} (the platform: {reason})"
