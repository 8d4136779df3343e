# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Whether a caption holds the whole text depends on the text alone, and a short one says what it belongs to."""

from dataclasses import replace

import pytest

from app.domain.notice import Notice
from tests.telegram.posts import FACTS, at, looks, notice, post
from workers.telegram.render import HEAD_ROOM, MAX_CAPTION, Facts, captioned

WITHDRAWN = replace(FACTS, state="withdrawn", changed_at=at("2026-11-27T12:00:00+01:00"), stale=True)
STATES = [FACTS, replace(WITHDRAWN, state="corrected"), WITHDRAWN]


def of(units: int) -> Notice:
    """Give a notice whose post has as many units."""
    rest = len(post(notice(body="x")).text) - 1
    return notice(body="x" * (units - rest))


@pytest.mark.parametrize("facts", STATES)
def test_a_text_that_a_caption_has_room_for_stays_in_it_whatever_becomes_of_the_notice(facts: Facts) -> None:
    given = of(MAX_CAPTION - HEAD_ROOM)

    caption, below = captioned(given, "it", facts)

    assert (caption, below) == (post(given, facts=facts), ())
    assert len(caption.text) <= MAX_CAPTION


@pytest.mark.parametrize("facts", STATES)
def test_a_longer_one_stands_below_whatever_becomes_of_the_notice_and_the_caption_says_whose_it_is(
    facts: Facts,
) -> None:
    given = of(MAX_CAPTION - HEAD_ROOM + 1)

    caption, below = captioned(given, "it", facts)

    assert below == (post(given, facts=replace(facts, stale=False)),)
    assert caption.text.endswith("Mensa chiusa\nAV-7F3KQ")
    assert looks(caption, "strikethrough") == ["Mensa chiusa"] * (facts.state == "withdrawn")
