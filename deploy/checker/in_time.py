# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""In time: nothing is posted of what has expired or was withdrawn, neither by the rows nor by what really came."""

from collections.abc import Iterator
from datetime import timedelta

from deploy.checker.evidence import Evidence
from deploy.checker.rows import POST, Delivery

ON_ITS_WAY = timedelta(seconds=2)
"""What a call that left in time may take to be read at the other end of a busy machine."""


def in_time(evidence: Evidence) -> Iterator[str]:
    """Say what was claimed too late, by the clock of Postgres alone and so to the instant, and what came too late.

    What was claimed before a withdrawal comes as long as its lease lasts: the pace that is reserved ahead, the wait of
    its channel and the time-out of the call are all within it.
    """
    for row in evidence.records.deliveries:
        yield from _claimed_late(row)
        yield from _came_late(evidence, row)


def _claimed_late(row: Delivery) -> Iterator[str]:
    taken_back = row.notice.over_at
    for attempt in row.attempts:
        if attempt.action != POST:
            continue
        ends = row.notice.ends(attempt.revision, attempt.started_at)
        if ends is not None and attempt.started_at >= ends:
            yield f"{row.where} was taken up {(attempt.started_at - ends).total_seconds():.2f} s after its time"
        if taken_back is not None and attempt.started_at > taken_back:
            yield f"{row.where} was posted after it had been withdrawn"


def _came_late(evidence: Evidence, row: Delivery) -> Iterator[str]:
    taken_back = row.notice.over_at
    for post in evidence.posts[row.id]:
        ends = row.ends(post.at)
        if ends is not None and post.landed > ends + ON_ITS_WAY:
            yield f"{row.where} was posted {(post.landed - ends).total_seconds():.2f} s after its time"
        if taken_back is not None and post.landed > taken_back + evidence.lease + ON_ITS_WAY:
            late = (post.landed - taken_back).total_seconds()
            yield f"{row.where} was posted {late:.2f} s after it had been withdrawn"
