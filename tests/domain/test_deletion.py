# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Deleting what is posted: the steps to it, and what each outcome makes of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.delivery import Action, Intent, Part, Post, Progress, Settlement, State
from app.domain.notice import DoubtPolicy
from app.domain.outcome import Delivered, Doubted, Failed, Lost, Undeletable
from app.domain.settle import settle
from app.domain.step import next_step

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TWO = (Post("42", "d1"), Post("43", "d2"))
ALBUM = Post("50", "m1", (("50", "photo a"), ("51", "photo b")))
HALF_KNOWN = replace(ALBUM, items=(ALBUM.items[0], ("", "photo b")))
STRUCK = (Part("s1", "p1"), Part("s2", "p2"))


def progress(*posts: Post, wanted: int | None = None, erase: bool = True) -> Progress:
    ends = NOW + timedelta(hours=12)
    return Progress(State.DUE, 1, wanted, posts, 0, 0, ends, None, DoubtPolicy.HOLD, erase=erase)


def step(before: Progress, parts: tuple[Part, ...] = STRUCK) -> Intent | Settlement:
    return next_step(before, parts, 1, NOW, can_ask=False)


def test_posts_are_deleted_from_the_last_to_the_first_and_then_the_delivery_is_withdrawn() -> None:
    before, taken = progress(*TWO), []
    for _ in TWO:
        found = step(before)
        assert isinstance(found, Intent)
        taken.append((found.action, found.items))
        after = settle(before, found, Delivered(), NOW, 0.5)
        before = replace(before, posts=after.posts)

    assert taken == [(Action.DELETE, ("43",)), (Action.DELETE, ("42",))]
    assert (after.state, after.posts) == (State.WITHDRAWN, ())


def test_an_album_goes_with_all_its_items() -> None:
    found = step(progress(ALBUM))

    assert isinstance(found, Intent)
    assert found.items == ("50", "51")


def test_without_the_wish_to_delete_a_withdrawn_post_is_struck() -> None:
    found = step(progress(*TWO, erase=False))

    assert isinstance(found, Intent)
    assert (found.action, found.reference) == (Action.EDIT, "42")


def test_what_cannot_be_deleted_is_struck_and_the_delivery_says_so() -> None:
    before = progress(TWO[0])
    deletion = step(before)
    assert isinstance(deletion, Intent)

    after = settle(before, deletion, Undeletable("message can't be deleted"), NOW, 0.5)
    then = step(replace(before, posts=after.posts))
    end = step(replace(before, posts=(replace(after.posts[0], digest="s1"),)))

    assert isinstance(then, Intent)
    assert (after.state, then.action, then.reference) == (State.DUE, Action.EDIT, "42")
    assert isinstance(end, Settlement)
    assert (end.state, end.error) == (
        State.WITHDRAWN,
        "it could not be deleted, so it is struck and marked as withdrawn",
    )


@pytest.mark.parametrize("outcome", [Doubted("reset"), Failed("refused")])
def test_a_deletion_without_a_certain_end_is_made_again(outcome: Doubted | Failed) -> None:
    before = progress(*TWO)
    deletion = step(before)
    assert isinstance(deletion, Intent)

    after = settle(before, deletion, outcome, NOW, 0.5)

    assert (after.state, after.posts, after.failures) == (State.DUE, TWO, 1)


def test_an_album_of_which_an_item_is_unknown_is_struck_rather_than_torn_apart() -> None:
    found = step(progress(replace(ALBUM, items=(("50", "photo a"), ("", "photo b")))))

    assert isinstance(found, Intent)
    assert found.action is Action.EDIT


def test_an_item_that_a_correction_takes_out_is_deleted_and_the_rest_stays() -> None:
    before = progress(ALBUM, wanted=2, erase=False)
    part = Part("m2", "", remove=("51",))

    found = step(before, (part,))
    assert isinstance(found, Intent)
    after = settle(before, found, Delivered(), NOW, 0.5)

    assert (found.action, found.items) == (Action.DELETE, ("51",))
    assert (after.state, after.posts) == (State.DUE, (Post("50", "m2", (("50", "photo a"),)),))


def test_nothing_is_deleted_of_a_notice_that_is_not_withdrawn() -> None:
    found = step(progress(*TWO, wanted=1), (Part("d1", "p1"), Part("d2", "p2")))

    assert isinstance(found, Settlement)
    assert found.state is State.DELIVERED


@pytest.mark.parametrize(
    ("posts", "left", "then"),
    [
        (TWO, TWO[1:], Action.EDIT),
        ((ALBUM, TWO[0]), (replace(ALBUM, reference="51", items=ALBUM.items[1:]), TWO[0]), Action.EDIT),
        ((HALF_KNOWN,), (Post(None, "m1", HALF_KNOWN.items[1:]),), State.HELD),
    ],
)
def test_what_is_gone_when_it_should_be_struck_leaves_the_rest_to_be_struck(
    posts: tuple[Post, ...], left: tuple[Post, ...], then: Action | State
) -> None:
    """An administrator deleted the first message: the others still stand there as if they held."""
    before = progress(*posts, erase=False)
    found = step(before)
    assert isinstance(found, Intent)

    after = settle(before, found, Lost("message to edit not found"), NOW, 0.5)

    assert (after.state, after.posts) == (State.DUE, left)
    following = step(replace(before, posts=after.posts))
    assert (following.action if isinstance(following, Intent) else following.state) is then


def test_when_all_that_should_be_struck_is_gone_it_is_taken_back() -> None:
    before = progress(TWO[0], erase=False)
    found = step(before)
    assert isinstance(found, Intent)

    after = settle(before, found, Lost("message to edit not found"), NOW, 0.5)

    assert (after.state, after.posts) == (State.WITHDRAWN, ())
