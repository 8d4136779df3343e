# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How long to wait before the next try: full jitter, and an age at which to give up."""

from datetime import timedelta

BASE = timedelta(seconds=1)
CAP: dict[int, timedelta] = {0: timedelta(seconds=20), 1: timedelta(minutes=5), 2: timedelta(minutes=5)}
GIVE_UP: dict[int, timedelta] = {0: timedelta(hours=2), 1: timedelta(hours=12), 2: timedelta(hours=48)}
MISCONFIGURED = timedelta(seconds=30)
"""How long the account rests when the platform refuses us altogether."""
DOUBT_RESTS = timedelta(seconds=3)
"""How long a doubted request is given to land late before anybody asks."""
MEDIA_PATIENCE: dict[int, timedelta] = {0: timedelta(seconds=5), 1: timedelta(seconds=30), 2: timedelta(seconds=60)}
"""How long a delivery waits for its pictures and documents before it goes out with links."""
MEDIA_AHEAD = timedelta(minutes=10)
"""How long before its date what is scheduled is fetched: of one source only a few are fetched at a time."""
REPEATED: dict[int, timedelta] = {0: timedelta(minutes=5), 1: timedelta(hours=1), 2: timedelta(hours=1)}
"""The longest rest between two repetitions of a post in doubt, each of which may be one more that stands there."""
CRASHES = 5
"""Attempts without any recorded outcome before a delivery is set aside as poison."""
SUSPECT = 2
"""After so many of them it goes out alone: whatever is on the wire beside a poison shares its fate."""


def backoff(failures: int, lane: int, chance: float) -> timedelta:
    """Wait `chance` (0 to 1, drawn by the caller) of min(cap, base * 2^failures)."""
    ceiling: timedelta = min(CAP[lane], BASE * int(2 ** min(failures, 20)))
    return ceiling * chance


def rest_before_repeating(failures: int, lane: int) -> timedelta:
    """Wait twice as long each time; no jitter, as a doubt has rested before."""
    longest: timedelta = min(REPEATED[lane], DOUBT_RESTS * int(2 ** min(failures, 20)))
    return longest
