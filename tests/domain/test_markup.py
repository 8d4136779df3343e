# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""CommonMark in: which blocks come out, what is refused by name, and that neither takes long."""

import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.blocks import Block, Code, Heading, ListBlock, Paragraph, Quote, Rule, Run, runs_of
from app.domain.markup import checked_markup, parse
from app.domain.spelling import SpellingError

FRAGMENTS = [
    *("*", "**", "_", "~~", "`", "[", "](", "](https://a.it/x)", ")", "!", "<", ">", "&", "\\", "|", "#", "\n", "\n\n"),
    *(
        "- ",
        "1. ",
        "> ",
        "```\n",
        "    ",
        "---",
        "mensa ",
        "11月",
        "😀",
        "<br>",
        "&amp;",
        "&#x202e;",
        "&#12;",
        "\t",
        "=\n",
    ),
]
LINK = "https://a.it/"
TOO_MANY_QUOTES = "too many lists and quotes: use fewer, or put an empty line after each quote"


def text(words: str) -> Paragraph:
    return Paragraph((Run(words),))


@pytest.mark.parametrize(
    ("source", "blocks"),
    [
        ("Ciao", (text("Ciao"),)),
        ("uno\ndue  \ntre", (text("uno\ndue\ntre"),)),
        ("uno\n\ndue", (text("uno"), text("due"))),
        ("## Orari", (Heading(2, (Run("Orari"),)),)),
        ("Orari\n===", (Heading(1, (Run("Orari"),)),)),
        ("**a *b***", (Paragraph((Run("a ", bold=True), Run("b", bold=True, italic=True))),)),
        ("~~no~~ `x *y*`", (Paragraph((Run("no", strike=True), Run(" "), Run("x *y*", code=True))),)),
        ("[uno **due**](https://A.it)", (Paragraph((Run("uno ", link=LINK), Run("due", bold=True, link=LINK))),)),
        ("<https://a.it/x>", (Paragraph((Run("https://a.it/x", link="https://a.it/x"),)),)),
        ("- uno\n- due", (ListBlock(((text("uno"),), (text("due"),))),)),
        ("3. uno\n4. due", (ListBlock(((text("uno"),), (text("due"),)), start=3),)),
        ("0) zero", (ListBlock(((text("zero"),),), start=0),)),
        ("- a\n  - b", (ListBlock(((text("a"), ListBlock(((text("b"),),))),)),)),
        ("-\ta\n\t- b", (ListBlock(((text("a"), ListBlock(((text("b"),),))),)),)),
        ("> a\n> b", (Quote((text("a\nb"),)),)),
        ("```\n  a\n\n b\n```", (Code("  a\n\n b"),)),
        ("    a\n      b", (Code("a\n  b"),)),
        ("a\n\n---\n\nb", (text("a"), Rule(), text("b"))),
        ("1 < 2 & 3 > 2", (text("1 < 2 & 3 > 2"),)),
        (r"\*non\* enfasi", (text("*non* enfasi"),)),
        ("Caffe&#x301; &amp; t&egrave;&#x202e;&ZeroWidthSpace;", (text("Caffé & tè"),)),
        ("a | b", (text("a | b"),)),
        ("[a ![b", (text("[a ![b"),)),
        ("[a [b](https://a.it)", (Paragraph((Run("[a "), Run("b", link=LINK))),)),
        ("a\n--|--", (text("a\n--|--"),)),
    ],
)
def test_a_source_becomes_blocks_that_belong_to_no_channel(source: str, blocks: tuple[Block, ...]) -> None:
    assert parse(source) == blocks


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("ok\n\n<div>no</div>", "HTML is not allowed (line 3)"),
        ("uno\ndue <b>tre</b>", "HTML is not allowed (line 2)"),
        ("uno<br>due", "HTML is not allowed (line 1)"),
        ("a <!-- b --> c", "HTML is not allowed (line 1)"),
        ("a\n\n![pianta](https://a.it/p.png)", "images are not allowed here, attach them to the notice (line 3)"),
        ("x\n\na | b\n--|--\n1 | 2", "tables are not allowed, write one line for each entry (line 4)"),
        ("| a |\n|---|\n| b |", "tables are not allowed, write one line for each entry (line 2)"),
        ("[x](javascript:alert(1))", "links to javascript: are not allowed, only https: (line 1)"),
        ("a\nb [x](mailto:a@b.it)", "links to mailto: are not allowed, only https: (line 2)"),
        ("<a@b.it>", "links to mailto: are not allowed, only https: (line 1)"),
        ("[x](tel:112)", "links to tel: are not allowed, only https: (line 1)"),
        ("[x](tg://resolve?domain=y)", "links to tg: are not allowed, only https: (line 1)"),
        ("[x](data:text/html,y)", "links to data: are not allowed, only https: (line 1)"),
        ("[x](/avvisi)", "a link must be a whole address that begins with https:// (line 1)"),
        ("[x]()", "a link must be a whole address that begins with https:// (line 1)"),
        ("[x](https://localhost/)", "a link needs a host name such as www.comune.example.it (line 1)"),
        ("- a\n- [ ](https://a.it)", "a link has no text (line 2)"),
        ("a\n\n" + "> " * 7 + "b", "lists and quotes are nested deeper than 6 levels (line 3)"),
        (
            "\n".join("  " * depth + "- a" for depth in range(7)),
            "lists and quotes are nested deeper than 6 levels (line 7)",
        ),
        ("*a **b *c **d *e **f *g* f** e* d** c* b** a*", "emphasis is nested deeper than 6 levels (line 1)"),
        ("10000. a", "a list begins with a number above 9999 (line 1)"),
        ("[" * 101, "more than 100 opening square brackets"),
        ("[" * 100 + r"\a" * 4000 + "]", "too many square brackets that nothing closes"),
        ("[a](" * 99 + "a" * 9000, "too many links in a text without spaces"),
        ("`a` " * 1001, "more than 2000 formatting characters"),
        ("a* " * 2001, "more than 2000 formatting characters"),
        ("è" * 10241, "longer than 20480 bytes"),
        ("a\n" * 600 + "b", "more than 600 lines"),
        ("a\n> ---\n" * 299, TOO_MANY_QUOTES),
        ("> " * 14 + "b", "lists and quotes are nested deeper than 6 levels (line 1)"),
        ("[a](https://a.it) " * 51, "more than 50 links"),
        ("uno\n\n\x0b", "U+000B is a control character (line 3, position 1)"),
        ("a &#12; b", "an entity stands for a character that cannot be shown (line 1)"),
        ("a" + "\u0301" * 100, "more than 64 signs are piled up into one character (line 1, position 1)"),
        ("***\n\n&nbsp;", "nothing in it can be seen (line 1, position 1)"),
        (" \n", "nothing in it can be seen (line 1, position 1)"),
    ],
)
def test_what_no_channel_could_show_is_refused_by_name_and_line(source: str, complaint: str) -> None:
    with pytest.raises(SpellingError) as refusal:
        checked_markup(source)

    assert str(refusal.value) == complaint


def test_six_levels_are_the_deepest_that_pass_and_nothing_is_lost_in_them() -> None:
    source = "\n".join("  " * depth + f"- livello {depth}" for depth in range(6)) + "\n\n" + "> " * 6 + "in fondo"

    assert [run.text for run in runs_of(parse(source))] == [*(f"livello {depth}" for depth in range(6)), "in fondo"]


@pytest.mark.parametrize(
    "source",
    ["- a\n" * 599 + "b", "> a\n\nb\n\n" * 149 + "b", "- a\n  - b\n    - c\n" * 199 + "b", "> - a\nb\n" * 299 + "c"],
    ids=lambda source: ascii(source[:12]),
)
def test_many_lists_and_quotes_that_a_notice_may_have_are_read(source: str) -> None:
    assert checked_markup(source) == source


def test_markup_comes_back_tidied_and_otherwise_as_written() -> None:
    source = "# Me\u200bnsa\r\n\r\n-\tperche\u0301 **si\u202e**\r\n\t- due\n"

    assert checked_markup(source) == "# Mensa\n\n- perché **si**\n    - due"


@settings(max_examples=400)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join) | st.text(max_size=80))
def test_every_source_is_either_read_or_refused_by_name(source: str) -> None:
    try:
        kept = checked_markup(source)
    except SpellingError:
        return

    assert checked_markup(kept) == kept
    assert parse.__wrapped__(kept) == parse(kept)


@pytest.mark.parametrize(
    "source",
    [
        "[" * 100 + "a" * 15_000,
        "[](" * 100 + "a" * 14_000,
        "![" * 100 + "a" * 15_000,
        "[" * 100 + "a_" * 1_999 + r"\." * 7_000,
        "[" * 100 + "a_" * 1_999 + r"\." * 7_000 + "]",
        "[a](" * 100 + r"\(" * 8_000,
        "![a](" * 100 + "a" * 18_000,
        "*_" * 8_000,
        "*a" * 1_000 + "b" * 14_000,
        "*a **a " * 285,
        "~~a" * 660,
        "`" * 16_000,
        "".join("`" * length + "a" for length in range(1, 177)),
        "<!--" * 4_000,
        "<a b='" * 400,
        "&#1" * 660,
        ">" * 16_000,
        "- " * 8_000,
        "- a\n" * 599,
        "> a\nb\n" * 299,
        "- > " * 4_000,
        ("- " * 6 + "a\n") * 599,
        "a|" * 8_000 + "\n" + "-|" * 2_000,
        "\\" * 16_000,
        "汉字" * 3_400,
        "<https://a.it/x> " * 50 + "a " * 7_000,
        "1" * 16_000,
        ("=" * 15 + "\n") * 599,
        "a\n>>>>> ---\n" * 299,
        "a\n> >> >>> >>> >```\n" * 299,
        "- " * 14 + "a\n" + ("- " * 14 + "a\n") * 500,
        ("> - " * 7 + "a\n") * 590,
        "> " * 41 + "a\n" + "> una riga **citata**\n" * 590,
    ],
    ids=lambda source: ascii(source[:12]),
)
def test_reading_or_refusing_takes_less_than_half_a_second_of_work(source: str) -> None:
    assert min(duration(source) for _ in range(3)) < 0.5


def duration(source: str) -> float:
    parse.cache_clear()
    started = time.process_time()
    with suppress(SpellingError):
        checked_markup(source)
    return time.process_time() - started
