# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Order: in one channel, what was due first stands first, as those who read it see it."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from deploy.checker.doubt import settled_by_asking
from deploy.checker.evidence import Evidence
from deploy.checker.rows import Attempt, Delivery

BECOMING_VISIBLE = timedelta(seconds=1.5)
"""A notice is due from the moment of its acceptance, but can be seen only when that is committed."""
ENDED = ("refused", "lost", "undecided")
"""Ends after which nothing more is posted unless a person or a correction wants it."""
Place = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class Post:
    """A post by the number that its chat gave it, and the attempt that made it."""

    message: int
    row: Delivery
    made_by: Attempt

    @property
    def place(self) -> Place:
        return self.row.rank, self.row.id

    @property
    def part(self) -> tuple[int, int]:
        return self.row.id, self.made_by.part


def in_order(evidence: Evidence) -> Iterator[str]:
    """Say which posts overtook what a worker must have seen waiting, and which texts stand in the wrong order.

    What has a smaller rank (an urgent notice) may come between the posts of a longer text; what has a greater one may
    not, since the rest of that text keeps its place. Set aside is what a person decided late: by an approval, or after
    a doubt that no question settled; and what a correction gave another rank.
    """
    by_channel: dict[str, list[Post]] = defaultdict(list)
    for row in evidence.records.deliveries:
        yield from _wrongly_put(row)
        if not row.notice.has_moved:
            by_channel[row.address] += _posts(evidence, row)
    for posts in by_channel.values():
        yield from _overtakings(sorted(posts, key=lambda post: post.message))


def _posts(evidence: Evidence, row: Delivery) -> Iterator[Post]:
    for entry in evidence.posts[row.id]:
        made_by = row.made_by(entry.at)
        if made_by is not None:
            yield Post(min(entry.messages), row, made_by)


def _overtakings(posts: list[Post]) -> Iterator[str]:
    """Look at the first post of each part and at those that stand before it, where any should stand behind it."""
    seen, last = set[tuple[int, int]](), None
    for number, late in enumerate(posts):
        last = late.place if last is None else max(last, late.place)
        if late.part in seen or last == late.place or not _kept_waiting(late):
            seen.add(late.part)
            continue
        seen.add(late.part)
        overtook = (early for early in posts[:number] if early.place > late.place)
        for early in overtook:
            if early.made_by.started_at > _visible(late):
                yield f"{early.row.where}: {early.message} overtook {late.message} of {late.row.where}"


def _visible(post: Post) -> datetime:
    """Give the moment from which every claim must have seen that it was to be made."""
    notice, number = post.row.notice, post.made_by.revision
    written = notice.revisions[number].created_at if number > 1 and number in notice.revisions else post.row.ready_at
    return max(post.row.ready_at, notice.committed_at or post.row.ready_at, written) + BECOMING_VISIBLE


def _kept_waiting(post: Post) -> bool:
    """Tell whether those behind it had to wait for it all the time: no person's word was waited for."""
    row = post.row
    before = row.attempts[: row.attempts.index(post.made_by)]
    held = row.notice.policy == "hold" and post.made_by.is_doubt and not settled_by_asking(row, post.made_by)
    asked_for = row.awaits is not None or row.notice.approvals
    return not (held or asked_for or _was_left_to_a_person(row, before))


def _was_left_to_a_person(row: Delivery, attempts: tuple[Attempt, ...]) -> bool:
    doubts = [each for each in attempts if each.is_doubt] if row.notice.policy != "repeat" else []
    return any(each.outcome in ENDED for each in attempts) or not all(settled_by_asking(row, each) for each in doubts)


def _wrongly_put(row: Delivery) -> Iterator[str]:
    """Say where the posts of one text do not stand one behind the other, though no person said where they are."""
    numbers = [int(reference) for reference in row.references] if row.is_told_of else []
    if numbers != sorted(numbers) and not row.by_a_person and not _was_left_to_a_person(row, row.attempts):
        yield f"{row.where} stands in the wrong order: {', '.join(row.references)}"
