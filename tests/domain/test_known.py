# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What questions about an album in doubt come to: what was seen of it counts, and is never posted once more."""

from dataclasses import replace

import pytest

from app.domain.delivery import Action, Intent, State
from app.domain.known import MAY_STAND
from app.domain.notice import DoubtPolicy
from app.domain.outcome import Delivered, Failed, Foreign
from tests.domain.test_delivery import NOW, PROBING, in_doubt, settled

ASKING = replace(PROBING, items=("photo a", "photo b", "photo c"))
FOUND = replace(ASKING, reference="42")


def further(question: Intent, outcome: Delivered) -> Intent:
    after = settled(outcome, question, in_doubt())
    assert (after.state, after.posts) == (State.IN_DOUBT, ())
    assert after.intent is not None
    assert after.intent.action is Action.POST
    return after.intent


def test_an_item_without_its_caption_may_be_any_of_its_album() -> None:
    first, any_item = (
        further(replace(ASKING, asked=2), Delivered(("42",), part=part)).items[0] for part in (False, True)
    )

    assert (first, any_item) == ("photo a", "photo ")


def test_others_are_asked_for_one_by_one_and_then_known_by_their_places_alone() -> None:
    asked = further(FOUND, Delivered(("42",), part=True, more=True))
    after = settled(Delivered(("42", "43"), part=True), replace(asked, action=Action.PROBE), in_doubt())

    assert (asked.asked, asked.reference) == (1, "42")
    assert (after.state, after.posts[0].items) == (State.DUE, (("42", "photo a"), ("43", "photo ")))


@pytest.mark.parametrize("question", [replace(FOUND, asked=1), replace(FOUND, items=("photo ", "photo b", "photo c"))])
def test_what_was_found_is_known_where_more_of_a_broken_album_is_asked_for_in_vain(question: Intent) -> None:
    after = settled(Failed("away"), question, in_doubt(policy=DoubtPolicy.REPEAT, give_up_at=NOW))

    assert (after.state, after.posts[0].items) == (State.DUE, (("42", question.items[0]),))


@pytest.mark.parametrize(
    ("policy", "state"),
    [(DoubtPolicy.REPEAT, State.HELD), (DoubtPolicy.HOLD, State.HELD), (DoubtPolicy.DROP, State.DEAD)],
)
def test_what_may_be_the_rest_of_an_album_is_never_posted_beside(policy: DoubtPolicy, state: State) -> None:
    after = settled(Foreign(wordless=True), ASKING, in_doubt(policy=policy))

    assert (after.state, after.stray) == (state, True)
    assert MAY_STAND in (after.error or "")
