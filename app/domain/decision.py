# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a person says of a held delivery, and where it goes from there."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from app.domain.delivery import Action, Intent, Post, Progress, Settlement, State
from app.domain.there import now_there

Decision = Literal["sent", "not_sent", "give_up"]
SEEN = "a person saw it in the channel"
NOT_FOUND = "a person did not find it in the channel"
GIVEN_UP = "a person gave it up"


def decided(progress: Progress, decision: Decision, references: Sequence[str], revision: int) -> Settlement:
    """Go where the person says. `revision`: that of the notice, where nobody wrote down what was in doubt.

    What is seen is what was in doubt, not what is wanted by now: a correction made meanwhile is still to come.
    """
    doubted = progress.intent or _unwritten(progress, revision)
    stay = Settlement(State.DUE, progress.posts, progress.failures)
    match decision:
        case "give_up":
            return replace(stay, state=State.DEAD, error=GIVEN_UP, stray=doubted.action is Action.POST)
        case "not_sent":
            return replace(stay, error=NOT_FOUND, posts=_without_the_unknown(progress, doubted))
    if doubted.action is Action.EDIT:
        return replace(stay, error=SEEN, posts=_found(progress, doubted, references))
    return _seen(progress, doubted, references)


def _unwritten(progress: Progress, revision: int) -> Intent:
    """Stand in for an intent that is not known: one more post, of whatever was wanted."""
    number = len(progress.posts)
    return Intent(Action.POST, number, number + 1, "", "", progress.wanted or revision)


def _seen(progress: Progress, doubted: Intent, references: Sequence[str]) -> Settlement:
    """Take the doubted post as shown; parts that are missing, and later wishes, are due."""
    count = max(1, len(doubted.items))
    first, more = references[:count], references[count:]
    there = now_there(progress, doubted, first)
    found = [there if first else replace(there, reference=None), *(Post(each, "") for each in more)]
    posts = (*progress.posts[: doubted.number], *found)
    certain = bool(doubted.digest) or not references  # nobody knows what a post holds that was not written down
    whole = len(posts) >= doubted.parts
    done = whole and certain and doubted.revision == progress.wanted and not doubted.interim
    state = State.DELIVERED if done else State.DUE
    shown = doubted.revision if whole else None
    return Settlement(state, posts, 0, error=SEEN, shown=shown, spoken=doubted.spoken)


def _found(progress: Progress, doubted: Intent, references: Sequence[str]) -> tuple[Post, ...]:
    """Say where the posts are that could not be changed; without a place, the person has changed the post by hand."""
    posts = list(progress.posts)
    if not references:
        posts[doubted.number] = replace(posts[doubted.number], digest=doubted.digest)
    for number, reference in enumerate(references, doubted.number):
        posts[number : number + 1] = [_at(posts[number] if number < len(posts) else Post(None, ""), reference)]
    return tuple(posts)


def _at(post: Post, reference: str) -> Post:
    items = ((reference, post.items[0][1]), *post.items[1:]) if post.items else ()
    return replace(post, reference=reference, items=items)


def _without_the_unknown(progress: Progress, doubted: Intent) -> tuple[Post, ...]:
    """Forget the posts of which a person says that they are not there."""
    known = enumerate(progress.posts)
    return tuple(post for number, post in known if number < doubted.number or post.reference is not None)
