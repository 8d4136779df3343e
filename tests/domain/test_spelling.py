# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Plain text: what is tidied, what is refused, and that the place is named."""

import re
import unicodedata

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.domain.spelling import (
    _PILES_UP,
    SpellingError,
    checked_plain_lines,
    checked_plain_text,
    is_visible,
    tidied,
    units,
)

FAMILY = "👨‍👩‍👧‍👦"
HIDDEN = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\u00ad\u061c"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  Mensa chiusa \n", "Mensa chiusa"),
        ("perche\u0301", "perché"),
        ("a\u202eb\u2066c\u2069d", "abcd"),
        ("men\u200bsa\ufeff", "mensa"),
        ("uno\tdue", "uno due"),
        (FAMILY, FAMILY),
        ("🏳️‍🌈 🏴󠁧󠁢󠁥󠁮󠁧󠁿 👩🏽‍⚕️", "🏳️‍🌈 🏴󠁧󠁢󠁥󠁮󠁧󠁿 👩🏽‍⚕️"),
        ("👨\u200d", "👨"),
        ("a\u200db", "ab"),
        ("می‌خواهم", "می‌خواهم"),
        ("क्‍ष", "क्‍ष"),
        ("ciao\U000e0063\U000e0069", "ciao"),
        ("*non* è <b>markup</b> &amp; [x](y)", "*non* è <b>markup</b> &amp; [x](y)"),
    ],
)
def test_a_line_is_tidied_and_otherwise_left_as_it_is(written: str, kept: str) -> None:
    assert checked_plain_text(written) == kept


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("ab\x00c", "U+0000 is a control character (line 1, position 3)"),
        ("uno\r\ndue\x07", "U+0007 is a control character (line 2, position 4)"),
        ("\x85", "U+0085 is a control character (line 1, position 1)"),
        ("a\ud800", "U+D800 is half of a character (line 1, position 2)"),
        ("a\ufffe", "U+FFFE is no character at all (line 1, position 2)"),
        ("\ufdd0", "U+FDD0 is no character at all (line 1, position 1)"),
        ("\U0010ffff", "U+10FFFF is no character at all (line 1, position 1)"),
        ("uno\ndue", "a line break is not allowed here (line 1, position 4)"),
        ("uno\u2028due", "a line break is not allowed here (line 1, position 4)"),
        (" \u3000\u200b\u2800", "nothing in it can be seen (line 1, position 1)"),
        ("", "nothing in it can be seen (line 1, position 1)"),
        (
            "via\nZ" + "\u0301" * 200,
            "more than 64 signs are piled up into one character (line 2, position 1)",
        ),
    ],
)
def test_a_line_that_cannot_be_published_is_refused_with_its_place(written: str, complaint: str) -> None:
    with pytest.raises(SpellingError) as refusal:
        checked_plain_text(written)

    assert str(refusal.value) == complaint


def test_a_summary_may_have_several_lines() -> None:
    assert checked_plain_lines("uno\r\ndue\rtre\u2028quattro") == "uno\ndue\ntre\nquattro"


def test_a_character_of_64_units_is_the_tallest_that_passes() -> None:
    tower = "Z" + "\u0301" * 63

    assert checked_plain_text(tower) == unicodedata.normalize("NFC", tower)
    with pytest.raises(SpellingError):
        checked_plain_text("Z" + "\u0301" * 65)


@settings(max_examples=500)
@example("\u0301\u094d\u200cم")
@given(st.text(st.sampled_from("aé\u0301👨👧🏽️\u200d‍🏴\U000e0067\U000e007fक्षم\r\n\t \u2028" + HIDDEN)))
def test_tidying_twice_is_tidying_once(text: str) -> None:
    once = tidied(text)

    assert tidied(once) == once
    assert not {*once} & {*HIDDEN} - {"\u200c", "\u200d"}


@settings(max_examples=300)
@given(st.text())
def test_every_line_is_either_published_whole_or_refused_with_its_place(text: str) -> None:
    line, refusal = attempt(text)

    if line is None:
        assert re.search(r"\(line \d+, position \d+\)$", refusal)
    else:
        assert is_visible(line)
        assert letters(line) == letters(unicodedata.normalize("NFC", text))
        assert checked_plain_text(line) == line


def test_units_count_as_telegram_counts() -> None:
    assert [units(text) for text in ("", "è", "汉", "😀", FAMILY)] == [0, 1, 1, 2, 11]


def letters(text: str) -> str:
    return "".join(character for character in text if character.isalnum())


def attempt(text: str) -> tuple[str | None, str]:
    try:
        return checked_plain_text(text), ""
    except SpellingError as refusal:
        return None, str(refusal)


def test_whatever_can_pile_up_is_looked_at() -> None:
    """Every sign that builds characters of more than two makes the slow look necessary."""
    signs = [chr(code) for code in (*range(0xD800), *range(0xE000, 0x20000, 7), *range(0xE0000, 0xE0200))]
    piled = [sign for sign in signs if regex.fullmatch(r"\X", f"a{sign * 3}") or regex.fullmatch(r"\X", sign * 3)]

    unseen = [sign for sign in piled if not _PILES_UP.search(sign)]

    assert len(piled) > 1000
    assert unseen == []
