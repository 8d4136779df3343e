# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What stands in a channel after something was done there."""

from collections.abc import Sequence
from dataclasses import replace

from app.domain.delivery import Action, Intent, Post, Progress


def now_there(progress: Progress, done: Intent, references: Sequence[str]) -> Post:
    """Say what stands in the channel after a post, or after a change of one that stood there."""
    if done.action is Action.EDIT:
        before = progress.posts[done.number]
        places = before.references if before.items else ()
        items = tuple(zip(places, done.items, strict=True)) if len(places) == len(done.items) else before.items
        anew = done.key is not None and references and not items  # a platform that cannot change it has it anew
        return replace(before, reference=references[0] if anew else before.reference, digest=done.digest, items=items)
    reference = (references[0] or None) if references else (done.reference or "")  # of an album found, and moved since
    unknown = ("",) * (len(done.items) - len(references))
    return Post(reference, done.digest, tuple(zip((*references, *unknown), done.items, strict=False)))


def without(posts: Sequence[Post], number: int, gone: Sequence[str | None], digest: str = "") -> tuple[Post, ...]:
    """Leave items out of a post; the whole post where none of its items is left, or is known by such a reference."""
    less = []
    for post in posts[number : number + 1]:
        left = tuple(item for item in post.items if item[0] not in gone)
        if left and left != post.items:
            less = [replace(post, reference=left[0][0] or None, items=left, digest=digest or post.digest)]
    return (*posts[:number], *less, *posts[number + 1 :])


def kept(posts: Sequence[Post], number: int) -> tuple[Post, ...]:
    """Remember what the platform will not take away, so that it is struck or exchanged instead."""
    return (*posts[:number], replace(posts[number], kept=True), *posts[number + 1 :])
