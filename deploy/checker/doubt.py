# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Doubts: none without a cause, and none left to a person where the channel itself can tell."""

from collections.abc import Iterator

from deploy.checker.evidence import Evidence
from deploy.checker.rows import Delivery

PROBE, DOUBTED = "probe", "doubted"
NEVER_LEFT = ("none", "connected")


def asked(evidence: Evidence) -> Iterator[str]:
    """Say what is held for a person although its channel can be asked and was not, since the last doubt."""
    for row in evidence.records.deliveries:
        if row.state == "held" and row.askable and row.doubts and not _has_asked(row):
            yield f"{row.where} can be asked about, and nobody has asked"


def _has_asked(row: Delivery) -> bool:
    return any(attempt.action == PROBE and attempt.started_at >= row.doubts[-1].started_at for attempt in row.attempts)


def left(evidence: Evidence) -> Iterator[str]:
    """Say which posts are in doubt although nothing of them can have arrived; a question leaves its doubt as it was."""
    for row in evidence.records.deliveries:
        for attempt in row.attempts:
            if attempt.action != PROBE and attempt.outcome == DOUBTED and attempt.wire in NEVER_LEFT:
                yield f"{row.where}: the attempt of {attempt.started_at:%H:%M:%S.%f} never left, and is in doubt"
