# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Doubts: none without a cause, and none left to a person where the channel itself can tell."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import takewhile
from uuid import UUID

from deploy.checker.evidence import Evidence
from deploy.checker.rows import POST, Attempt, Delivery

PROBE, DOUBTED = "probe", "doubted"
EMPTY = 2
"""So many empty places one behind the other say that a post never arrived (design, section 5)."""
NEVER_LEFT = ("none", "connected")


def asked(evidence: Evidence) -> Iterator[str]:
    """Say where a doubt ended or was posted again although its channel can be asked and was not.

    A held one has to be asked about since its last doubt. Behind a doubt that no question settled nobody knows from
    where to ask, until a later post is known for certain; and nobody asks before a check has proved that one can.
    """
    channels: dict[UUID, list[tuple[Attempt, Delivery]]] = defaultdict(list)
    for row in evidence.records.deliveries:
        if row.state == "held" and row.askable and row.doubts and not _has_asked(row):
            yield f"{row.where} can be asked about, and nobody has asked"
        channels[row.channel_id] += [(each, row) for each in row.attempts if each.action == POST and row.can_ask]
    for posts in channels.values():
        for doubt, row in _unasked(sorted(posts, key=lambda post: post[0].started_at)):
            since = evidence.proved.get(row.address)
            if since is None or doubt.started_at > since:
                yield f"{row.where} was in doubt at {doubt.started_at:%H:%M:%S.%f}, and nobody has asked"


def _unasked(posts: list[tuple[Attempt, Delivery]]) -> Iterator[tuple[Attempt, Delivery]]:
    is_known = True
    for post, row in posts:
        if not post.is_doubt:
            is_known = is_known or post.outcome == "delivered"
            continue
        if is_known and not questions(row, post) and _has_ended(row, post):
            yield post, row
        is_known = settled_by_asking(row, post)


def _has_ended(row: Delivery, doubt: Attempt) -> bool:
    again = any(each.action == POST and each.started_at > doubt.started_at for each in row.attempts)
    return again or row.state not in ("due", "in_doubt", "held")


def _has_asked(row: Delivery) -> bool:
    return any(attempt.action == PROBE and attempt.started_at >= row.doubts[-1].started_at for attempt in row.attempts)


def settled_by_asking(row: Delivery, doubt: Attempt) -> bool:
    """Tell whether the channel said what became of a post: it was found, or twice running its place was empty."""
    said = [each.outcome for each in questions(row, doubt)]
    places = [outcome for outcome in said if outcome in ("absent", "foreign")]
    return "delivered" in said or places[-EMPTY:] == ["absent"] * EMPTY


def questions(row: Delivery, doubt: Attempt) -> list[Attempt]:
    """Give what was asked after a doubt, up to the next post."""
    later = row.attempts[row.attempts.index(doubt) + 1 :]
    return [each for each in takewhile(lambda each: each.action != POST, later) if each.action == PROBE]


def left(evidence: Evidence) -> Iterator[str]:
    """Say which posts are in doubt although nothing of them can have arrived; a question leaves its doubt as it was."""
    for row in evidence.records.deliveries:
        for attempt in row.attempts:
            if attempt.action != PROBE and attempt.outcome == DOUBTED and attempt.wire in NEVER_LEFT:
                yield f"{row.where}: the attempt of {attempt.started_at:%H:%M:%S.%f} never left, and is in doubt"
