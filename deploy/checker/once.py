# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Once: as many posts as the rows know of, and one more only where a doubt allowed it beforehand."""

from collections.abc import Iterator

from deploy.checker.evidence import Evidence
from deploy.checker.journal import Entry
from deploy.checker.rows import POST, Delivery

REPEAT = "repeat"
UNDECIDED = ("in_doubt", "held", "dead")


def once(evidence: Evidence) -> Iterator[str]:
    """Say where more was posted than is known, without a policy that allows it."""
    for row in evidence.records.deliveries:
        extra = _extra(evidence, row)
        if extra and row.notice.policy != REPEAT:
            yield f"{row.where} was posted {len(extra)} times too often: {_ids(evidence.posts[row.id])}"


def doubted_before(evidence: Evidence) -> Iterator[str]:
    """Say where a repetition went out before the doubt that allows it was written down."""
    for row in evidence.records.deliveries:
        if row.notice.policy != REPEAT:
            continue
        ends = sorted(doubt.finished_at for doubt in row.doubts if doubt.finished_at is not None)
        for number, post in enumerate(_extra(evidence, row)):
            if sum(end <= post.at for end in ends) <= number:
                yield f"{row.where} was posted again without a doubt on record: {_ids(evidence.posts[row.id])}"


def intended(evidence: Evidence) -> Iterator[str]:
    """Say which posts have no attempt that was written down before they went out."""
    for row in evidence.records.deliveries:
        starts = [attempt.started_at for attempt in row.attempts if attempt.action == POST]
        for number, post in enumerate(evidence.posts[row.id], 1):
            if sum(start <= post.at for start in starts) < number:
                yield f"{row.where}: entry {post.number} went out without an intent"


def _extra(evidence: Evidence, row: Delivery) -> list[Entry]:
    """Give the posts beyond those that the row explains: its references, what is deleted, and one in doubt."""
    posts = evidence.posts[row.id]
    is_open = row.state in UNDECIDED or row.lease_until is not None
    deleted = sum(not evidence.stands(post) for post in posts) if row.erase else 0
    explained = len(row.references) + row.unknown + deleted + (1 if is_open and row.doubts else 0)
    if not explained and (row.doubts or row.lease_until is not None):
        explained = 1
    return posts[explained:]


def _ids(posts: list[Entry]) -> str:
    return ", ".join(f"{post.messages} at {post.at:%H:%M:%S.%f}" for post in posts)
