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
    """Look at each post and the ones that went out before it, where any of them was not before it in the line."""
    if not rows:
        return
    last = _place(rows[0])
    for number, late in enumerate(rows):
        last = max(last, _place(late))
        if last == _place(late):
            continue
        for early in rows[:number]:
            if _place(early) > _place(late) and _taken(early) > _visible(late):
                yield f"{early.where} overtook {late.where}"


def _visible(row: Delivery) -> datetime:
    """Give the moment from which every claim must have seen it."""
    return max(row.ready_at, row.notice.committed_at or row.ready_at) + BECOMING_VISIBLE


def _place(row: Delivery) -> tuple[datetime, int]:
    return row.rank, row.id


def _taken(row: Delivery) -> datetime:
    return next(attempt.started_at for attempt in row.attempts if attempt.action == POST)


def _set_aside(row: Delivery) -> bool:
    """Tell whether it was out of the line for a while, for a person to decide, or has no intent to be judged by."""
    waited = row.doubts and row.notice.policy != "repeat"
    return bool(waited) or not any(attempt.action == POST for attempt in row.attempts)
