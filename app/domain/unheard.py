# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What is known of a post while a change of it is on the wire, and after one without an answer."""

from dataclasses import replace

from app.domain.delivery import Action, Intent, Post


def unheard(posts: tuple[Post, ...], done: Intent) -> tuple[Post, ...]:
    """Give the posts where nobody knows what came of a change: what it concerns may be as before, or not.

    Of what sort it is stays known: the first letter of a digest, the first word of what an item is.
    """
    post = posts[done.number] if done.number < len(posts) else None
    if post is None or not (done.action is Action.EDIT or (done.action is Action.DELETE and post.items)):
        return posts
    changed = {there for (there, was), then in zip(post.items, done.items, strict=False) if was != then}
    goes = set(done.items) if done.action is Action.DELETE else changed
    items = tuple((there, f"{what.partition(' ')[0]} " if there in goes else what) for there, what in post.items)
    unsure = replace(post, digest=post.digest and f"{post.digest[0]}?", items=items)
    return (*posts[: done.number], unsure, *posts[done.number + 1 :])
