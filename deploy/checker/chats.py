# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How we behave in chats: within the pace, away from what is other people's, and with nothing that nobody owes."""

from collections.abc import Iterator

from deploy.checker.evidence import Evidence
from deploy.checker.journal import Entry

TOO_MANY = 429


def in_pace(evidence: Evidence) -> Iterator[str]:
    """Say which calls were refused for haste; where a test had them refused, that is not ours."""
    yield from (_named(entry) for entry in evidence.entries if entry.code == TOO_MANY and entry.fault is None)


def untouched(evidence: Evidence) -> Iterator[str]:
    """Say where our bot changed or removed what a person had posted."""
    yield from (_named(entry) for entry in evidence.entries if evidence.is_overwriting(entry))


def owned(evidence: Evidence) -> Iterator[str]:
    """Say what was posted for no delivery."""
    yield from map(_named, evidence.strays)


def _named(entry: Entry) -> str:
    return f"entry {entry.number}: {entry.method} to {entry.chat} {list(entry.messages)} {entry.text[:60]!r}"
