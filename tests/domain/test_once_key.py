# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Doubts of a platform that tells a repetition by its key: they are resolved by saying the same once more."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.backoff import DOUBT_RESTS
from app.domain.delivery import Action, Part, Post, Progress, Settlement, State
from app.domain.notice import DoubtPolicy
from app.domain.outcome import Delivered, Doubted, Failed, Outcome, Refused, Throttled
from app.domain.settle import settle
from app.domain.step import next_step
from tests.domain.test_delivery import NOW, POSTING, progress

KEYED = replace(POSTING, key="k1", after=None)
OVER = NOW + timedelta(hours=13)


def in_doubt(**members: object) -> Progress:
    return progress(State.IN_DOUBT, intent=KEYED, **members)


def settled(outcome: Outcome, before: Progress, *, late: bool = False) -> Settlement:
    return settle(before, KEYED, outcome, OVER if late else NOW, 0.5)


@pytest.mark.parametrize("policy", DoubtPolicy)
def test_a_doubt_with_a_key_repeats_the_very_same_intent_whatever_the_policy(policy: DoubtPolicy) -> None:
    step = next_step(in_doubt(policy=policy), (Part("d1", "p1"),), 1, NOW, can_ask=False)

    assert step == KEYED


def test_a_first_doubt_rests_and_keeps_its_intent() -> None:
    after = settled(Doubted("reset"), progress())

    assert (after.state, after.intent, after.wait) == (State.IN_DOUBT, KEYED, DOUBT_RESTS)


@pytest.mark.parametrize("outcome", [Doubted("timeout"), Failed("500")])
def test_a_repetition_that_fails_is_still_the_same_doubt_and_waits_longer(outcome: Outcome) -> None:
    after = settled(outcome, in_doubt(failures=3))

    assert (after.state, after.intent, after.failures) == (State.IN_DOUBT, KEYED, 4)
    assert after.wait > timedelta(0)


@pytest.mark.parametrize("outcome", [Doubted("timeout"), Failed("500"), Refused("400")])
def test_a_doubt_with_a_key_is_given_up_by_age(outcome: Outcome) -> None:
    after = settled(outcome, in_doubt(), late=True)

    assert (after.state, after.intent) == (State.DEAD, None)


def test_a_repetition_that_is_asked_to_wait_is_still_the_same_doubt() -> None:
    after = settled(Throttled(5), in_doubt())

    assert (after.state, after.intent, after.failures) == (State.IN_DOUBT, KEYED, 0)


def test_a_repetition_that_arrives_ends_the_doubt() -> None:
    after = settled(Delivered(("k1",)), in_doubt())

    assert (after.state, after.posts, after.shown) == (State.DELIVERED, (Post("k1", "d1"),), 1)


def test_what_was_amended_in_doubt_is_repeated_as_it_was_and_then_corrected() -> None:
    before = in_doubt(wanted=2)

    step = next_step(before, (Part("d2", "p2"),), 2, NOW, can_ask=False)
    after = settled(Delivered(("k1",)), before)
    then = next_step(progress(wanted=2, posts=after.posts), (Part("d2", "p2"),), 2, NOW, can_ask=False)

    assert step == KEYED
    assert (after.state, after.shown) == (State.DUE, 1)
    assert (then.action, then.reference) == (Action.EDIT, "k1")  # type: ignore[union-attr]  # an intent


def test_what_was_withdrawn_in_doubt_is_not_repeated_but_taken_back() -> None:
    taken = next_step(in_doubt(wanted=None), (Part("w1", "p1"),), 1, NOW, can_ask=False)
    assert taken == Settlement(State.DUE, (Post("k1", "d1"),), 0)

    then = next_step(progress(wanted=None, posts=taken.posts), (Part("w1", "p1"),), 1, NOW, can_ask=False)
    assert (then.action, then.reference) == (Action.EDIT, "k1")  # type: ignore[union-attr]  # an intent


def test_what_expired_in_doubt_is_not_repeated() -> None:
    step = next_step(in_doubt(expires_at=NOW), (Part("d1", "p1"),), 1, NOW, can_ask=False)

    assert isinstance(step, Settlement)
    assert step.state is State.HELD
