# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A platform that says later what came of a post, rations posts, and lets nobody change what was sent."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.delivery import Action, Part, Post, Progress, State
from app.domain.notice import DoubtPolicy
from app.domain.outcome import Delivered, Postponed, Submitted, Unchanged, Undecided
from app.domain.settle import settle
from app.domain.step import next_step
from tests.domain.test_delivery import NOW, POSTING, progress

KEYED = replace(POSTING, key="k1", after=None)
PENDING = replace(KEYED, reference="314")


def waiting(**members: object) -> Progress:
    return progress(State.IN_DOUBT, intent=PENDING, **members)


def test_what_the_platform_took_is_asked_for_again_after_its_time() -> None:
    after = settle(progress(), KEYED, Submitted("314", 15, "an administrator must confirm"), NOW, 0.5)

    assert (after.state, after.intent, after.wait) == (State.IN_DOUBT, PENDING, timedelta(seconds=15))
    assert after.error == "an administrator must confirm"


@pytest.mark.parametrize("policy", DoubtPolicy)
def test_what_the_platform_took_is_waited_for_beyond_the_notice_s_own_time(policy: DoubtPolicy) -> None:
    step = next_step(waiting(policy=policy, expires_at=NOW), (Part("d1", "p1"),), 1, NOW, can_ask=False)

    assert step == PENDING


def test_what_is_withdrawn_while_the_platform_works_is_taken_back_under_its_reference() -> None:
    step = next_step(waiting(wanted=None), (Part("gone", "p1"),), 1, NOW, can_ask=False)

    assert (step.state, step.posts) == (State.DUE, (Post("314", KEYED.digest),))  # type: ignore[union-attr]


@pytest.mark.parametrize("before", [progress(failures=2), waiting(failures=2)])
def test_what_is_postponed_stays_what_it_was_and_is_no_failure(before: Progress) -> None:
    after = settle(before, KEYED, Postponed(3600, "no quota"), NOW, 0.5)

    assert (after.state, after.intent, after.failures) == (before.state, before.intent, 2)
    assert (after.wait, after.error) == (timedelta(hours=1), "no quota")


def test_a_doubt_of_which_nothing_was_ever_sent_is_over() -> None:
    doubted = progress(State.IN_DOUBT, intent=KEYED, wanted=2, failures=2)

    after = settle(doubted, KEYED, Postponed(0.1, "it has changed", unsent=True), NOW, 0.5)

    assert (after.state, after.intent, after.failures, after.stray) == (State.DUE, None, 2, False)


def test_what_cannot_be_changed_goes_on_being_shown_and_says_why() -> None:
    before = progress(wanted=2, posts=(Post("314", "d1"),))

    after = settle(before, replace(KEYED, action=Action.EDIT), Unchanged("articles cannot be changed"), NOW, 0.5)

    assert (after.state, after.posts, after.shown) == (State.DELIVERED, before.posts, None)
    assert after.error == "articles cannot be changed"


def test_a_correction_that_the_platform_took_and_that_was_corrected_meanwhile_leaves_a_difference() -> None:
    stands = (Post("213", "d0"),)
    correcting = replace(KEYED, action=Action.EDIT, revision=2)
    took = settle(progress(wanted=2, posts=stands), correcting, Submitted("314", 15, "it works"), NOW, 0.5)
    before = progress(State.IN_DOUBT, wanted=3, posts=stands, intent=took.intent)

    after = settle(before, replace(correcting, reference="314"), Delivered(("314",)), NOW, 0.5)
    then = next_step(progress(wanted=3, posts=after.posts), (Part("d3", "p3"),), 3, NOW, can_ask=False)

    assert (after.state, after.shown, after.posts) == (State.DUE, 2, (Post("314", KEYED.digest),))
    assert (then.action, then.revision) == (Action.EDIT, 3)  # type: ignore[union-attr]  # an intent


@pytest.mark.parametrize("policy", DoubtPolicy)
def test_what_only_a_person_can_tell_is_held_whatever_the_policy(policy: DoubtPolicy) -> None:
    after = settle(waiting(policy=policy), KEYED, Undecided("more than 20 hours ago"), NOW, 0.5)

    assert (after.state, after.intent) == (State.HELD, KEYED)
