# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The whole life of a delivery as a table: every outcome from every state it can meet."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.backoff import CRASHES, DOUBT_RESTS
from app.domain.delivery import PLACES, Action, Intent, Part, Post, Progress, Settlement, State
from app.domain.notice import DoubtPolicy
from app.domain.outcome import (
    Absent,
    Declined,
    Delivered,
    Doubted,
    Failed,
    Foreign,
    Gone,
    Lost,
    Misconfigured,
    Moved,
    Outcome,
    Refused,
    TextOnly,
    Throttled,
    Unclear,
    WithoutMedia,
)
from app.domain.settle import settle
from app.domain.step import next_step

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ONE = (Part("d1", "p1"),)
TWO = (Part("d1", "p1"), Part("d2", "p2"))
POSTING = Intent(Action.POST, 0, 1, "d1", "p1", 1, after="41")
EDITING = replace(POSTING, action=Action.EDIT, digest="e1", revision=2, reference="42")
PROBING = replace(POSTING, action=Action.PROBE)


def progress(state: State = State.DUE, **members: object) -> Progress:
    ordinary = Progress(state, 1, 1, (), 0, 0, NOW + timedelta(hours=12), None, DoubtPolicy.HOLD)
    return replace(ordinary, **members)  # type: ignore[arg-type]  # members of a progress


def in_doubt(**members: object) -> Progress:
    return progress(State.IN_DOUBT, intent=POSTING, **members)


def settled(outcome: Outcome, done: Intent = POSTING, before: Progress | None = None) -> Settlement:
    return settle(before or progress(), done, outcome, NOW, 0.5)


def test_a_delivered_post_is_shown_with_its_reference() -> None:
    after = settled(Delivered(("42",)))

    assert (after.state, after.posts, after.shown) == (State.DELIVERED, (Post("42", "d1"),), 1)


def test_a_first_part_leaves_the_second_due_at_once() -> None:
    after = settled(Delivered(("42",)), replace(POSTING, parts=2))

    assert (after.state, after.posts, after.wait, after.shown) == (State.DUE, (Post("42", "d1"),), timedelta(0), None)


@pytest.mark.parametrize("outcome", [Throttled(30), Moved("-1002"), Gone("kicked"), Misconfigured("401")])
def test_waiting_is_not_failing(outcome: Outcome) -> None:
    after = settled(outcome)

    assert (after.state, after.failures, after.intent) == (State.DUE, 0, None)


def test_what_never_left_is_tried_again_with_backoff() -> None:
    after = settled(Failed("refused"), before=progress(failures=2))

    assert (after.state, after.failures, after.wait) == (State.DUE, 3, timedelta(seconds=2))


@pytest.mark.parametrize("done", [POSTING, EDITING, PROBING], ids=["post", "edit", "probe"])
@pytest.mark.parametrize("give_up_at", [NOW + timedelta(hours=1), NOW], ids=["in time", "too old"])
def test_what_the_platform_itself_declines_goes_the_way_of_what_failed(done: Intent, give_up_at: datetime) -> None:
    before = progress(posts=(Post("42", "d1"),), failures=1, give_up_at=give_up_at)

    assert settled(Declined("not so"), done, before) == settled(Failed("not so"), done, before)


def test_failing_is_given_up_by_age_with_its_reason() -> None:
    after = settled(Failed("never left"), before=progress(give_up_at=NOW))

    assert (after.state, after.error) == (State.DEAD, "never left")


def test_refused_content_is_a_dead_letter_at_once() -> None:
    after = settled(Refused("text is too long"))

    assert (after.state, after.error, after.intent) == (State.DEAD, "text is too long", None)


@pytest.mark.parametrize("outcome", [WithoutMedia("413"), TextOnly("no photos")])
def test_without_its_files_a_notice_goes_at_once_but_no_exchange_is_refused_for_ever(outcome: Outcome) -> None:
    posting, editing = settled(outcome), settled(outcome, EDITING)
    again = settled(outcome, EDITING, progress(failures=1))
    over = settled(outcome, EDITING, progress(failures=1, give_up_at=NOW))

    nothing = timedelta(0)
    assert (posting.state, posting.wait, editing.wait) == (State.DUE, nothing, nothing)
    assert (again.state, again.wait > nothing, over.state) == (State.DUE, True, State.DEAD)


def test_a_post_in_doubt_keeps_its_intent_and_rests() -> None:
    after = settled(Doubted("reset"))

    assert (after.state, after.intent, after.wait) == (State.IN_DOUBT, POSTING, DOUBT_RESTS)


def test_an_edit_in_doubt_is_simply_made_again() -> None:
    after = settled(Doubted("reset"), EDITING, progress(wanted=2, posts=(Post("42", "d1"),)))

    assert (after.state, after.failures) == (State.DUE, 1)


def test_a_question_without_an_answer_leaves_the_doubt_as_it_was() -> None:
    after = settled(Doubted("reset"), PROBING, in_doubt())

    assert (after.state, after.intent) == (State.IN_DOUBT, POSTING)


@pytest.mark.parametrize("outcome", [Doubted("no answer"), Failed("never left")])
@pytest.mark.parametrize(
    ("policy", "state"),
    [(DoubtPolicy.REPEAT, State.HELD), (DoubtPolicy.HOLD, State.HELD), (DoubtPolicy.DROP, State.DEAD)],
)
def test_a_question_that_is_never_answered_follows_the_policy_when_its_time_is_over(
    outcome: Outcome, policy: DoubtPolicy, state: State
) -> None:
    """What answers posts and not this question would hold up everything of the channel for ever."""
    after = settled(outcome, PROBING, in_doubt(policy=policy, give_up_at=NOW))

    assert (after.state, after.stray) == (state, True)
    assert after.error


@pytest.mark.parametrize("outcome", [Doubted("no answer"), Failed("Internal Server Error")])
def test_where_nobody_says_what_stands_of_an_album_its_first_item_is_known_all_the_same(outcome: Outcome) -> None:
    asking = replace(PROBING, items=("photo a", "photo b"), reference="42")

    after = settled(outcome, asking, in_doubt(policy=DoubtPolicy.DROP, give_up_at=NOW))

    assert (after.state, after.posts[0].items) == (State.DELIVERED, (("42", "photo a"), ("", "photo b")))


@pytest.mark.parametrize(("done", "left"), [(EDITING, "d?"), (replace(EDITING, action=Action.DELETE), "d1")])
def test_a_change_that_is_never_answered_is_given_up_by_age(done: Intent, left: str) -> None:
    after = settled(Doubted("no answer"), done, progress(wanted=2, posts=(Post("42", "d1"),), give_up_at=NOW))

    assert (after.state, after.posts, after.error) == (State.DEAD, (Post("42", left),), "no answer")


def test_a_doubt_is_not_repeated_for_ever() -> None:
    """Where every answer is lost and the requests arrive, each repetition would be one more post."""
    young, old = [
        next_step(in_doubt(policy=DoubtPolicy.REPEAT, give_up_at=ends), (), 1, NOW, can_ask=False)
        for ends in (NOW + timedelta(seconds=1), NOW)
    ]

    assert [step.state for step in (young, old) if isinstance(step, Settlement)] == [State.DUE, State.HELD]


def test_a_post_in_doubt_is_a_doubt_whatever_its_age() -> None:
    assert settled(Doubted("reset"), before=progress(give_up_at=NOW)).state is State.IN_DOUBT


def test_a_post_found_by_asking_is_adopted() -> None:
    after = settled(Delivered(("42",)), PROBING, in_doubt())

    assert (after.state, after.posts) == (State.DELIVERED, (Post("42", "d1"),))


@pytest.mark.parametrize("wanted", [2, None])
def test_a_post_found_by_asking_is_not_the_end_when_something_else_is_wanted_by_now(wanted: int | None) -> None:
    after = settled(Delivered(("42",)), PROBING, in_doubt(wanted=wanted))

    assert (after.state, after.posts, after.shown) == (State.DUE, (Post("42", "d1"),), 1)


def test_one_empty_place_is_not_enough_to_post_again() -> None:
    first = settled(Absent(), PROBING, in_doubt())
    second = settled(Absent(), replace(PROBING, asked=1), in_doubt())

    assert (first.state, first.intent) == (State.IN_DOUBT, replace(POSTING, asked=1))
    assert (second.state, second.intent) == (State.DUE, None)


def test_what_never_arrived_is_tried_later_each_time_until_it_is_given_up_by_age() -> None:
    ends = [
        settled(Absent(), replace(PROBING, asked=1, failures=2), in_doubt(failures=2, **members))
        for members in ({}, {"give_up_at": NOW}, {"give_up_at": NOW, "wanted": None})
    ]

    assert [(end.state, end.failures, end.wait.seconds, end.stray) for end in ends] == [
        (State.DUE, 3, 2, False),
        (State.DEAD, 2, 0, False),
        (State.DUE, 2, 0, False),  # nothing stands there that should be taken back, whatever its age
    ]
    assert ends[1].error == "it never arrived"


def test_questions_in_vain_do_not_make_the_next_post_later() -> None:
    step = next_step(progress(failures=1), [Part("d1", "p1")], 1, NOW, can_ask=True)
    assert isinstance(step, Intent)

    end = settled(Absent(), replace(step, action=Action.PROBE, asked=1), in_doubt(failures=9))

    assert (end.failures, end.wait.seconds) == (2, 1)


def test_a_foreign_post_makes_the_next_place_the_question() -> None:
    after = settled(Foreign(), PROBING, in_doubt())

    assert (after.state, after.intent) == (State.IN_DOUBT, replace(POSTING, asked=1, foreign=1))


def found(places: Sequence[Outcome], before: Progress) -> list[Settlement]:
    """Give where each answer leads, one place after the other."""
    ends = [settle(before, PROBING, places[0], NOW, 0.5)]
    for outcome in places[1:]:
        assert ends[-1].intent is not None
        ends.append(settle(before, replace(ends[-1].intent, action=Action.PROBE), outcome, NOW, 0.5))
    return ends


def test_an_empty_place_in_front_of_or_behind_a_foreign_post_is_not_two() -> None:
    """What somebody deleted leaves an empty place, and ours may stand behind it."""
    before, behind = (
        found([Absent(), Foreign()], in_doubt()),
        found([Foreign(), Absent(), Delivered(("44",))], in_doubt()),
    )

    assert [end.state for end in before] == [State.IN_DOUBT] * 2
    assert [end.state for end in behind] == [State.IN_DOUBT, State.IN_DOUBT, State.DELIVERED]


def test_two_empty_places_behind_a_foreign_post_are_enough() -> None:
    assert found([Foreign(), Absent(), Absent()], in_doubt())[-1].state is State.DUE


def test_while_a_post_may_land_an_empty_place_is_asked_for_once_more() -> None:
    early = replace(PROBING, asked=1, foreign=1, lands_by=(NOW + timedelta(seconds=5)).timestamp())

    first = settled(Absent(), early, in_doubt())
    later = settled(Absent(), replace(early, asked=2, lands_by=NOW.timestamp()), in_doubt())

    assert (first.state, first.wait, first.failures) == (State.IN_DOUBT, timedelta(seconds=5), 0)
    assert first.intent == replace(early, action=Action.POST)
    assert later.state is State.DUE


@pytest.mark.parametrize("places", [[Foreign(), Foreign(), Absent()], [Absent(), Foreign(), Absent()]])
@pytest.mark.parametrize(
    ("policy", "state"),
    [(DoubtPolicy.REPEAT, State.DUE), (DoubtPolicy.HOLD, State.HELD), (DoubtPolicy.DROP, State.DEAD)],
)
def test_one_empty_place_at_the_last_follows_the_policy(
    places: list[Outcome], policy: DoubtPolicy, state: State
) -> None:
    end = found(places, in_doubt(policy=policy))[-1]

    assert (end.state, end.stray) == (state, True)


@pytest.mark.parametrize("outcome", [Unclear("protected"), Foreign()])
@pytest.mark.parametrize(
    ("policy", "state"),
    [(DoubtPolicy.REPEAT, State.DUE), (DoubtPolicy.HOLD, State.HELD), (DoubtPolicy.DROP, State.DEAD)],
)
def test_a_doubt_that_stays_follows_the_policy(outcome: Outcome, policy: DoubtPolicy, state: State) -> None:
    after = settled(outcome, replace(PROBING, asked=PLACES - 1), in_doubt(policy=policy))

    assert after.state is state
    assert after.error


@pytest.mark.parametrize("policy", list(DoubtPolicy))
def test_a_doubt_about_what_should_be_taken_back_is_a_persons_whatever_the_policy(policy: DoubtPolicy) -> None:
    """It may stand there as if it held, and nothing that is posted or left could change that."""
    before = in_doubt(policy=policy, wanted=None)
    asked, unasked = settled(Unclear("protected"), PROBING, before), next_step(before, ONE, 1, NOW, can_ask=False)

    assert isinstance(unasked, Settlement)
    assert [(end.state, end.intent, end.stray) for end in (asked, unasked)] == [(State.HELD, POSTING, True)] * 2
    assert (asked.error, unasked.error) == ("protected", "nobody can tell whether it arrived")


@pytest.mark.parametrize("policy", list(DoubtPolicy))
def test_what_is_known_to_stand_is_taken_back_before_a_person_is_asked_about_the_rest(policy: DoubtPolicy) -> None:
    before = in_doubt(policy=policy, wanted=None, posts=(Post("41", "d0"),))
    open_end = next_step(before, TWO, 1, NOW, can_ask=False)
    assert isinstance(open_end, Settlement)

    first = replace(before, state=open_end.state, posts=open_end.posts, intent=None)
    strike = next_step(first, TWO, 1, NOW, can_ask=False)
    assert isinstance(strike, Intent)
    struck = settle(first, strike, Delivered(), NOW, 0.5)
    end = next_step(replace(first, posts=struck.posts), TWO, 1, NOW, can_ask=False)

    assert (strike.action, strike.reference, struck.state) == (Action.EDIT, "41", State.DUE)
    assert isinstance(end, Settlement)
    assert (end.state, end.posts) == (State.HELD, (Post("41", "d1"), Post(None, "d1")))


def test_an_edit_of_a_post_that_is_gone_is_a_dead_letter() -> None:
    assert settled(Lost("not found"), EDITING, progress(wanted=2)).state is State.DEAD


def test_withdrawing_a_post_that_is_gone_is_done() -> None:
    assert settled(Lost("not found"), EDITING, progress(wanted=None)).state is State.WITHDRAWN


def step(
    before: Progress, parts: tuple[Part, ...] = ONE, *, revision: int = 1, can_ask: bool = False
) -> Intent | Settlement:
    return next_step(before, parts, revision, NOW, can_ask=can_ask)


def test_nothing_shown_makes_a_post() -> None:
    assert step(progress()) == Intent(Action.POST, 0, 1, "d1", "p1", 1)


def test_a_shown_part_makes_the_next_one_a_post() -> None:
    assert step(progress(posts=(Post("42", "d1"),)), TWO) == Intent(Action.POST, 1, 2, "d2", "p2", 1)


def test_other_content_makes_an_edit_of_what_is_there() -> None:
    before = progress(wanted=2, posts=(Post("42", "old"),))

    assert step(before, revision=2) == Intent(Action.EDIT, 0, 1, "d1", "p1", 2, reference="42")


def test_no_difference_needs_no_call() -> None:
    after = step(progress(posts=(Post("42", "d1"),)))

    assert isinstance(after, Settlement)
    assert (after.state, after.shown) == (State.DELIVERED, 1)


def test_withdrawn_before_it_was_posted_is_never_posted() -> None:
    after = step(progress(wanted=None))

    assert isinstance(after, Settlement)
    assert after.state is State.WITHDRAWN


def test_withdrawn_after_it_was_posted_is_shown_as_withdrawn() -> None:
    before = progress(wanted=None, posts=(Post("42", "old"),))

    assert step(before) == Intent(Action.EDIT, 0, 1, "d1", "p1", 1, reference="42")


def test_nothing_is_posted_after_its_time() -> None:
    after = step(progress(expires_at=NOW))

    assert isinstance(after, Settlement)
    assert after.state is State.EXPIRED


def test_what_stands_there_already_is_not_said_to_have_come_too_late() -> None:
    """A correction after the notice's time is longer than what it corrects: its end cannot be posted any more."""
    after = step(progress(wanted=2, expires_at=NOW, posts=(Post("42", "d1"),)), TWO, revision=2)

    assert isinstance(after, Settlement)
    assert (after.state, after.posts) == (State.EXPIRED, (Post("42", "d1"),))
    assert after.error == "its time was over before all of it could be posted: only 1 of its 2 posts stand there"


def test_a_withdrawal_goes_out_even_after_the_notice_has_expired() -> None:
    before = progress(wanted=None, expires_at=NOW, posts=(Post("42", "old"),))

    assert isinstance(step(before), Intent)


def test_a_delivery_that_ends_its_workers_is_set_aside() -> None:
    after = step(progress(crashes=CRASHES))

    assert isinstance(after, Settlement)
    assert after.state is State.DEAD


def test_a_doubt_is_asked_where_the_channel_can_answer() -> None:
    assert step(in_doubt(), can_ask=True) == PROBING


def test_a_doubt_is_not_asked_where_no_earlier_post_is_known() -> None:
    doubt = progress(State.IN_DOUBT, intent=replace(POSTING, after=None), policy=DoubtPolicy.REPEAT)

    after = step(doubt, can_ask=True)

    assert isinstance(after, Settlement)
    assert after.state is State.DUE
