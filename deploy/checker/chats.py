# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How we behave in chats: within the pace, away from what is other people's, and with nothing that nobody owes."""

from collections.abc import Iterator
from datetime import timedelta

from deploy.checker.evidence import Evidence
from deploy.checker.journal import Entry

TOO_MANY = 429
MACHINE = "machine"
AFTER = timedelta(seconds=2)
"""What came while it stood still fills its window of a second, and whoever is told to wait may hear it late."""


def in_pace(evidence: Evidence) -> Iterator[str]:
    """Say which calls were refused for haste; where a test had them refused, that is not ours.

    Nor where the stand-in had stood still, for which all that came meanwhile came at one instant.
    """
    stood = [(entry.at, entry.landed + AFTER) for entry in evidence.entries if entry.by == MACHINE]
    for entry in evidence.entries:
        if entry.code == TOO_MANY and entry.fault is None and not any(since <= entry.at <= to for since, to in stood):
            yield _named(entry)


def untouched(evidence: Evidence) -> Iterator[str]:
    """Say where our bot changed or removed what a person had posted."""
    yield from (_named(entry) for entry in evidence.entries if evidence.is_overwriting(entry))


def owned(evidence: Evidence) -> Iterator[str]:
    """Say what was posted for no delivery."""
    yield from map(_named, evidence.strays)


def _named(entry: Entry) -> str:
    return f"entry {entry.number}: {entry.method} to {entry.chat} {list(entry.messages)} {entry.text[:60]!r}"
