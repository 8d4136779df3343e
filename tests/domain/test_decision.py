# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a person says of a held delivery."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.decision import Decision, decided
from app.domain.delivery import Action, Intent, Part, Post, Progress, Settlement, State
from app.domain.notice import DoubtPolicy
from app.domain.place import PlaceError, reference_in
from app.domain.step import next_step

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
POSTING = Intent(Action.POST, 0, 1, "d1", "p1", 1)
CHANNEL = "-1001234567890"


def held(intent: Intent | None = POSTING, *, wanted: int | None = 1, posts: tuple[Post, ...] = ()) -> Progress:
    return Progress(State.HELD, 1, wanted, posts, 0, 0, NOW + timedelta(hours=1), None, DoubtPolicy.HOLD, intent)


def said(progress: Progress, decision: Decision = "sent", *references: str) -> Settlement:
    return decided(progress, decision, references, 1)


def then(progress: Progress, end: Settlement, *parts: Part, revision: int = 2) -> Intent | Settlement:
    due = replace(progress, state=State.DUE, posts=end.posts, intent=None)
    return next_step(due, parts, revision, NOW, can_ask=False)


def test_what_was_seen_somewhere_keeps_its_place_so_that_a_correction_edits_it() -> None:
    end = said(held(), "sent", "42")

    assert (end.state, end.posts, end.shown) == (State.DELIVERED, (Post("42", "d1"),), 1)
    edit = then(held(wanted=2), end, Part("e1", "p2"))
    assert isinstance(edit, Intent)
    assert (edit.action, edit.reference) == (Action.EDIT, "42")


@pytest.mark.parametrize("wanted", [2, None])
def test_what_was_seen_nowhere_in_particular_is_held_again_when_it_should_change(wanted: int | None) -> None:
    end = said(held(wanted=wanted))

    again = then(held(wanted=wanted), end, Part("e1", "p2"))

    assert (end.state, end.shown) == (State.DUE, 1)
    assert isinstance(again, Settlement)
    assert again.state is State.HELD
    assert "name its number" in (again.error or "")


def test_what_was_seen_nowhere_in_particular_and_is_as_wanted_is_delivered() -> None:
    end = said(held())

    assert (end.state, end.posts, end.shown) == (State.DELIVERED, (Post(None, "d1"),), 1)


def test_a_correction_made_while_it_was_held_is_not_claimed_as_shown() -> None:
    end = said(held(wanted=2), "sent", "42")

    assert (end.state, end.shown) == (State.DUE, 1)


def test_the_missing_parts_of_a_notice_are_still_posted() -> None:
    end = said(held(replace(POSTING, parts=2)), "sent", "42")

    following = then(held(), end, Part("d1", "p1"), Part("d2", "p2"))

    assert (end.state, end.shown) == (State.DUE, None)
    assert isinstance(following, Intent)
    assert (following.action, following.number) == (Action.POST, 1)


def test_a_place_named_later_lets_the_correction_go_on() -> None:
    stuck = held(replace(POSTING, action=Action.EDIT, digest="e1", revision=2), wanted=2, posts=(Post(None, "d1"),))

    end = said(stuck, "sent", "42")
    edit = then(stuck, end, Part("e1", "p2"))

    assert (end.state, end.posts) == (State.DUE, (Post("42", "d1"),))
    assert isinstance(edit, Intent)
    assert edit.reference == "42"


def test_a_correction_made_by_hand_is_taken_as_made() -> None:
    stuck = held(replace(POSTING, action=Action.EDIT, digest="e1", revision=2), wanted=2, posts=(Post(None, "d1"),))

    done = then(stuck, said(stuck), Part("e1", "p2"))

    assert isinstance(done, Settlement)
    assert (done.state, done.shown) == (State.DELIVERED, 2)


def test_a_post_that_is_not_there_after_all_is_posted_anew() -> None:
    stuck = held(replace(POSTING, action=Action.EDIT, digest="e1", revision=2), wanted=2, posts=(Post(None, "d1"),))

    anew = then(stuck, said(stuck, "not_sent"), Part("e1", "p2"))

    assert isinstance(anew, Intent)
    assert anew.action is Action.POST


def test_what_nobody_wrote_down_is_brought_to_the_wanted_form_where_its_place_is_known() -> None:
    unknown = held(None)

    edit = then(unknown, said(unknown, "sent", "42"), Part("d1", "p1"), revision=1)

    assert isinstance(edit, Intent)
    assert (edit.action, edit.reference) == (Action.EDIT, "42")
    assert said(unknown).state is State.DELIVERED


def test_giving_up_is_giving_up() -> None:
    assert said(held(), "give_up").state is State.DEAD


@pytest.mark.parametrize(
    "text",
    [
        "42",
        "https://t.me/c/1234567890/42",
        "t.me/c/1234567890/42?single",
        "https://t.me/c/1234567890/7/42",
        "https://t.me/scuola_prato/42",
        "https://t.me/Scuola_Prato/42",
    ],
)
def test_a_place_is_read_from_a_number_and_from_a_link(text: str) -> None:
    assert reference_in("telegram", CHANNEL, text, "https://t.me/scuola_prato") == "42"


@pytest.mark.parametrize(
    ("address", "public", "why"),
    [
        (CHANNEL, "https://t.me/scuola_prato", "another channel"),
        (CHANNEL, None, "write the number"),
        ("@scuola_prato", None, "another channel"),
    ],
)
def test_the_name_of_another_channel_is_no_place_in_this_one(address: str, public: str | None, why: str) -> None:
    with pytest.raises(PlaceError, match=why):
        reference_in("telegram", address, "https://t.me/altrocanale/42", public)
    assert reference_in("telegram", "@Scuola_prato", "https://t.me/scuola_prato/42") == "42"


@pytest.mark.parametrize("text", ["https://t.me/c/999/42", "0", "-1", "quarantadue", "https://example.org/42", "42 "])
def test_what_is_no_place_in_this_channel_is_refused(text: str) -> None:
    with pytest.raises(PlaceError):
        reference_in("telegram", CHANNEL, text)


def test_other_kinds_name_their_posts_as_they_like() -> None:
    assert reference_in("webhook", "https://example.org", "msg_2a") == "msg_2a"
