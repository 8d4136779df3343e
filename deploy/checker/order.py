# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Order: in one channel, what was due first is posted first."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from deploy.checker.evidence import Evidence
from deploy.checker.rows import POST, Delivery

BECOMING_VISIBLE = timedelta(seconds=1.5)
"""A notice is due from the moment of its acceptance, but can be seen only when that is committed."""


def in_order(evidence: Evidence) -> Iterator[str]:
    """Say which posts overtook what a worker must have seen waiting; what people decided late has no order."""
    by_channel: dict[str, list[Delivery]] = defaultdict(list)
    for row in evidence.records.deliveries:
        if evidence.posts[row.id] and not _set_aside(row):
            by_channel[row.address].append(row)
    for rows in by_channel.values():
        rows.sort(key=lambda row: evidence.posts[row.id][0].number)
        yield from _overtakings(rows)


def _overtakings(rows: list[Delivery]) -> Iterator[str]:
    """Look at each post and the ones that went out before it."""
    for number, late in enumerate(rows):
        for early in rows[:number]:
            if (early.rank, early.id) > (late.rank, late.id) and _taken(early) > late.ready_at + BECOMING_VISIBLE:
                yield f"{early.where} overtook {late.where}"


def _taken(row: Delivery) -> datetime:
    return next(attempt.started_at for attempt in row.attempts if attempt.action == POST)


def _set_aside(row: Delivery) -> bool:
    """Tell whether it was out of the line for a while, for a person to decide, or has no intent to be judged by."""
    waited = row.doubts and row.notice.policy != "repeat"
    return bool(waited) or not any(attempt.action == POST for attempt in row.attempts)
