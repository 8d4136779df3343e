# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What we send is what Telegram stores: our canonical form against Telegram's own library."""

import json

import pytest
from hypothesis import given, settings

from tests.telegram.tdlib import stored
from tests.telegram.texts import LINK, parts
from workers.telegram.canonical import MAX_ENTITIES, canonical
from workers.telegram.part import Entity, Kind, Part

REWRITTEN = "\u030a\u0333\u200e\u200f\u202a\u2028\t\r\x07"


@settings(max_examples=400)
@given(parts("ab1è汉😀 \n" + REWRITTEN))
def test_telegram_stores_a_canonical_part_unchanged(part: Part) -> None:
    ours = canonical(part)

    assert canonical(ours) == ours
    assert not ours.text or stored(ours) == ours


@settings(max_examples=400)
@given(parts("ab1è汉😀\u030a\u200e\u202a"))
def test_where_there_are_no_blanks_telegram_does_to_a_part_what_we_do(part: Part) -> None:
    assert stored(part) == canonical(part)


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("  ciao \n", "ciao"),
        ("uno\tdue\x07tre\r\n", "uno due tre"),
        ("x\u030ay", "xy"),
        ("a\u2028b\u202ec", "abc"),
        ("a\u200e\u200f\u200eb", "a\u200c\u200c\u200eb"),
        ("\u3000ciao\u00a0", "\u3000ciao\u00a0"),
    ],
)
def test_characters_that_telegram_rewrites_are_rewritten_before(text: str, sent: str) -> None:
    assert canonical(Part(text)) == Part(sent)
    assert stored(Part(text)).text.strip(" \n") == sent


def test_entities_follow_the_characters_that_were_removed() -> None:
    part = Part("\u202a😀 a\u030a\u202cb", (Entity("bold", 1, 2), Entity("italic", 4, 4)))

    assert canonical(part) == Part("😀 ab", (Entity("bold", 0, 2), Entity("italic", 3, 2)))


def test_a_mark_does_not_reach_over_the_blanks_at_its_ends() -> None:
    part = Part("uno  due", (Entity("bold", 0, 5), Entity("italic", 3, 2), Entity("text_link", 4, 4, LINK)))

    assert canonical(part).entities == (Entity("bold", 0, 3), Entity("text_link", 5, 3, LINK))


def test_code_keeps_its_own_indentation() -> None:
    part = Part("  if a:\n    b\n", (Entity("pre", 0, 14),))

    assert canonical(part) == Part("  if a:\n    b", (Entity("pre", 0, 13),))


def test_over_a_hundred_entities_the_least_important_are_given_up_first_and_links_never() -> None:
    kinds: list[Kind] = ["bold", "italic", "code", "text_link"]
    entities = tuple(Entity(kinds[i % 4], 2 * i, 1, LINK if i % 4 == 3 else None) for i in range(160))

    left = canonical(Part("ab" * 160, entities)).entities

    assert [sum(entity.kind == kind for entity in left) for kind in kinds] == [40, 0, 20, 40]
    assert len(left) == MAX_ENTITIES


def test_a_part_survives_being_stored_as_json_and_can_be_a_key() -> None:
    part = Part("ciao", (Entity("text_link", 0, 4, LINK), Entity("bold", 0, 4)))

    assert Part.from_json(json.loads(json.dumps(part.as_json()))) == part
    assert {part: 1}[Part.from_json(part.as_json())] == 1
