# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Cutting long texts: where, what must stay whole, and that nothing but blanks at a cut is lost."""

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.domain.spelling import units
from tests.telegram.texts import CLUSTERS, FAMILY, LINK, riches
from workers.telegram.rich import Rich, Span, joined
from workers.telegram.split import MAX_PARTS, TooLong, split

BUDGET = 96


@settings(max_examples=250)
@given(riches(most=120))
def test_the_pieces_are_the_text_and_only_blanks_at_the_cuts_are_lost(rich: Rich) -> None:
    at = 0
    for piece in pieces_of(rich):
        start = rich.text.index(piece.text, at)

        assert rich.text[at:start].strip(" \n") == ""
        at = start + len(piece.text)
    assert rich.text[at:].strip(" \n") == ""


@settings(max_examples=250)
@given(riches(most=120))
def test_every_piece_fits_and_shows_something(rich: Rich) -> None:
    for piece in pieces_of(rich):
        assert 0 < units(piece.text) <= BUDGET
        assert piece.text.strip(" \n")


@settings(max_examples=250)
@example("ab \u0301" * 45)
@example("ab。\ufe00" * 45)
@given(st.lists(st.sampled_from((*CLUSTERS, " ", "\u0301", "\u200d", "️", "🇮", "🏽", "\n")), max_size=120).map("".join))
def test_no_cut_goes_through_what_is_one_character_to_the_eye(text: str) -> None:
    whole = {0, *(cluster.end() for cluster in regex.finditer(r"\X", text))}
    at = 0
    for piece in pieces_of(Rich(text)):
        start = text.index(piece.text, at)
        at = start + len(piece.text)

        assert {start, at} <= whole


@settings(max_examples=250)
@given(riches(most=120))
def test_every_character_keeps_its_looks_on_whichever_side_of_a_cut_it_is(rich: Rich) -> None:
    at = 0
    for piece in pieces_of(rich):
        at = rich.text.index(piece.text, at)

        for index in range(len(piece.text)):
            assert looks(piece, index) == looks(rich, at + index)
        at += len(piece.text)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Prima riga. " * 5 + "\n\n" + "Dopo. " * 10, "Prima riga. " * 5),
        ("Prima riga. " * 5 + "\n" + "Dopo. " * 10, "Prima riga. " * 5),
        ("Prima frase del testo. " * 3 + "Seconda, che qui non ci sta più.", "Prima frase del testo. " * 3),
        (
            "Lo dice l'art. 5 del testo, " * 2 + "l'art. 5 e la pag. 12 del regolamento comunale",
            "Lo dice l'art. 5 del testo, " * 2 + "l'art. 5 e la pag. 12 del regolamento",
        ),
        ("学校今天停课。" * 20, "学校今天停课。" * 13),
        ("他说：「今天停课！」" * 20, "他说：「今天停课！」" * 9),
        ("parola " * 30, "parola " * 13),
        ("停课通知，" * 40, "停课通知，" * 19),
        ("x" + "《停课通知》" * 40, "x" + "《停课通知》" * 15 + "《停课通"),
        ("xxxxx" + "《停课通知》" * 40, "xxxxx" + "《停课通知》" * 15),
        ("x" * 200, "x" * 96),
        (FAMILY * 20, FAMILY * 8),
    ],
    ids=lambda text: ascii(text[:8]),
)
def test_a_cut_is_made_where_a_reader_pauses(text: str, first: str) -> None:
    assert split(Rich(text), BUDGET)[0].text == first.strip()


@pytest.mark.parametrize(
    "whole",
    ["15.748,78 €", "+39 0574 000110", "ore 7.42", "art. 12", "25 minuti", "11月27日", "nota: scuola chiusa"],
)
def test_what_belongs_together_is_not_cut(whole: str) -> None:
    cut_anywhere = {
        split(Rich("a" * 30 + "\n" + "b " * lead + "\n" * (":" in whole) + whole + " c" * 40), BUDGET)
        for lead in range(37)
    }

    for pieces in cut_anywhere:
        assert any(whole in piece.text for piece in pieces)


@pytest.mark.parametrize("kind", ["text_link", "code"])
def test_a_short_link_or_code_is_not_cut(kind: str) -> None:
    for lead in range(40):
        text = "a " * 20 + "b " * lead + "due parole" + " c" * 40
        start = text.index("due")
        pieces = split(Rich(text, (Span(kind, start, start + 10, LINK),)), BUDGET)  # type: ignore[arg-type]

        assert [span.end - span.start for piece in pieces for span in piece.spans] == [10]


def test_a_link_too_long_to_stay_whole_is_cut_between_its_words() -> None:
    first, second, *_ = split(Rich("parola " * 40).marked("text_link", LINK), BUDGET)

    assert first.text == ("parola " * 13).strip()
    assert first.spans == (Span("text_link", 0, 90, LINK),)
    assert second.spans[0].url == LINK


def test_code_over_a_cut_keeps_the_indentation_of_its_next_line() -> None:
    code = Rich("if a:\n" + "    b()\n" * 20).marked("pre")

    _, second, *_ = split(joined((Rich("Ciao\n"), code)), BUDGET)

    assert second.text.startswith("    b()\n    b()")
    assert second.spans == (Span("pre", 0, len(second.text)),)


def test_thousands_of_emoji_fill_the_posts_and_none_is_cut() -> None:
    emoji = (FAMILY + "🇮🇹" + "👩🏽") * 600

    pieces = [piece.text for piece in split(Rich(emoji), 4096)]

    assert [units(piece) for piece in pieces] == [4096, 4093, 3211]
    assert "".join(pieces) == emoji


def test_a_letter_under_a_tower_of_signs_is_cut_between_code_points_and_nothing_is_lost() -> None:
    tower = "Z" + "\u0301" * 300

    assert "".join(piece.text for piece in split(Rich(tower), BUDGET)) == tower


def test_a_better_cut_is_given_up_when_there_would_be_too_many_parts() -> None:
    paragraphs = "\n\n".join(["x" * 50] * 9)

    assert len(split(Rich(paragraphs), BUDGET)) == MAX_PARTS
    with pytest.raises(TooLong, match="more than five posts"):
        split(Rich("x" * (MAX_PARTS * BUDGET + 1)), BUDGET)


def pieces_of(rich: Rich) -> tuple[Rich, ...]:
    """The pieces of as much of the text as surely fits."""
    end = len(rich.text)
    while units(rich.text[:end]) > 2 * BUDGET:
        end -= 1
    return split(rich.cut(0, end), BUDGET) if rich.text else ()


def looks(rich: Rich, index: int) -> set[tuple[str, str | None]]:
    return {(span.kind, span.url) for span in rich.spans if span.start <= index < span.end}
