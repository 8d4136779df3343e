# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Text and entities as Telegram's own library reads, cleans and completes them."""

from typing import Any

import pytest
from aiogram import Bot
from hypothesis import given
from hypothesis import strategies as st

from deploy.sandbox.refusals import RefusedError
from deploy.sandbox.tdlib import canonical
from deploy.sandbox.text import drafted, formatted, message_text
from tests.sandbox.town import CHANNEL


def entity(kind: str, offset: int, length: int, **more: Any) -> dict[str, Any]:
    return {"type": kind, "offset": offset, "length": length, **more}


def settled(text: str, *entities: dict[str, Any], mode: str = "") -> tuple[str, list[tuple[str, int, int]]]:
    result = message_text(drafted({"text": text, "entities": list(entities), "parse_mode": mode}))
    return result.text, [(each["type"], each["offset"], each["length"]) for each in result.entities]


def refused(text: str, *entities: dict[str, Any], mode: str = "") -> str:
    with pytest.raises(RefusedError) as caught:
        settled(text, *entities, mode=mode)
    return caught.value.description.removeprefix("Bad Request: ")


@pytest.mark.parametrize(
    ("markup", "mode", "text", "entities"),
    [
        ("<b>Ciao <i>a</i></b> tutti", "HTML", "Ciao a tutti", [("bold", 0, 5), ("bold", 5, 1), ("italic", 5, 1)]),
        ("😀 <b>sì</b>", "html", "😀 sì", [("bold", 3, 2)]),
        ("*Ciao* _a_", "MarkdownV2", "Ciao a", [("bold", 0, 4), ("italic", 5, 1)]),
        ("<a href='javascript:x()'>a</a>", "HTML", "a", []),
        ("&lt;&nbsp;", "HTML", "<&nbsp;", []),
    ],
)
def test_markup_is_read(markup: str, mode: str, text: str, entities: list[tuple[str, int, int]]) -> None:
    assert settled(markup, mode=mode) == (text, entities)


@pytest.mark.parametrize(
    ("markup", "reason"),
    [
        ("<b>a</i>", 'can\'t parse entities: Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("<p>a</p>", 'can\'t parse entities: Unsupported start tag "p" at byte offset 0'),
        ("1 < 2", 'can\'t parse entities: Unsupported start tag "" at byte offset 2'),
    ],
)
def test_broken_markup_is_refused_with_the_byte_it_breaks_at(markup: str, reason: str) -> None:
    assert refused(markup, mode="HTML") == reason


def test_an_entity_counts_in_utf16_units() -> None:
    assert settled("a😀b", entity("bold", 1, 2)) == ("a😀b", [("bold", 1, 2)])
    assert refused("a😀b", entity("bold", 2, 1)) == "entity begins in a middle of a UTF-16 symbol at byte offset 5"
    assert refused("Ciao", entity("bold", 0, 5)) == (
        "entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 5"
    )


def test_a_link_must_be_one_that_telegram_opens() -> None:
    assert refused("a", entity("text_link", 0, 1, url="javascript:x()")).startswith("entity URL 'javascript:x()'")
    assert settled("a", entity("text_link", 0, 1, url="comune.prato.it")) == ("a", [("text_link", 0, 1)])


def test_entities_that_cross_are_split_and_those_in_a_pre_are_dropped() -> None:
    crossing = settled("Ciao a tutti", entity("bold", 0, 4), entity("italic", 2, 6))
    inside = settled("abc def", entity("pre", 0, 7), entity("bold", 0, 3))

    assert crossing[1] == [("bold", 0, 2), ("italic", 2, 6), ("bold", 2, 2)]
    assert inside[1] == [("pre", 0, 7)]


def test_what_telegram_finds_by_itself_is_marked_unless_it_cuts_into_what_was_given() -> None:
    text = "http://a.it #tag @comuneprato a@b.it /via 12:30"

    assert [kind for kind, *_ in settled(text)[1]] == ["url", "hashtag", "mention", "email", "bot_command"]
    assert settled("http://a.it", entity("code", 0, 7))[1] == [("code", 0, 7)]
    assert settled("x http://a.it y", entity("blockquote", 0, 15))[1] == [("blockquote", 0, 15), ("url", 2, 11)]
    assert settled("x http://a.it y", entity("blockquote", 0, 5))[1] == [("blockquote", 0, 5)]
    assert settled("http://a.it x", entity("bold", 0, 13))[1] == [("url", 0, 11), ("bold", 0, 11), ("bold", 11, 2)]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("  \n Ciao \n ", "Ciao"),
        ("a\tb\x00c\r\nd", "a b c\nd"),
        ("a\u2028b\u202ec", "abc"),
        ("pera\u030a e\u0333\u033f", "pera e"),
        ("a\u200e\u200f\u200eb", "a\u200c\u200c\u200eb"),
        ("*a* _b_ [c](d) `e` ~f~ ||g||", "*a* _b_ [c](d) `e` ~f~ ||g||"),
        ("\ue000_\ue001*", "\ue000_\ue001*"),
    ],
)
def test_text_is_cleaned_as_telegram_cleans_it(sent: str, kept: str) -> None:
    assert settled(sent)[0] == kept


def test_offsets_follow_what_is_cleaned_away() -> None:
    assert settled(" \n a\r\u2028b c", entity("bold", 6, 3)) == ("ab c", [("bold", 1, 3)])
    assert settled("  Ciao ", entity("bold", 2, 5)) == ("Ciao", [("bold", 0, 4)])


def test_blanks_at_the_front_stay_if_an_entity_begins_with_them() -> None:
    assert settled("  Ciao", entity("bold", 0, 6)) == ("  Ciao", [("bold", 0, 6)])
    assert settled("  Ciao", entity("bold", 1, 5)) == (" Ciao", [("bold", 0, 5)])


@pytest.mark.parametrize("blank", [" ", "\n", "\u00a0", "\u200b\u200d", "\u3000"])
def test_blank_text_is_no_text(blank: str) -> None:
    assert refused(blank) == "text must be non-empty"


def test_length_counts_code_points_and_markup_counts_bytes() -> None:
    assert len(settled("😀" * 4096)[0]) == 4096
    assert refused("😀" * 4097) == "message is too long"
    assert refused("<b>a</b>" * 4097, mode="HTML") == "text is too long"


def test_no_more_than_a_hundred_entities_are_kept() -> None:
    bold = [entity("bold", 2 * place, 1) for place in range(150)]

    assert len(settled("a " * 150, *bold)[1]) == 100


async def test_parse_mode_wins_over_entities(bot: Bot) -> None:
    message = await bot.send_message(CHANNEL, "<i>Ciao</i>", parse_mode="HTML", entities=[])

    assert [each.type for each in message.entities or []] == ["italic"]


async def test_a_pre_a_date_and_a_mention_keep_what_they_carry(bot: Bot) -> None:
    code = await bot.send_message(CHANNEL, '<pre><code class="language-python">x</code></pre>', parse_mode="HTML")
    user = await bot.send_message(CHANNEL, '<a href="tg://user?id=42">Anna</a>', parse_mode="HTML")

    assert (code.entities or [])[0].language == "python"
    assert (user.entities or [])[0].model_dump()["user"]["id"] == 42


@given(st.text(max_size=60))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = formatted(drafted({"text": text})) if text else None

    assert once is None or not once.text or formatted(drafted({"text": once.text})).text == once.text


@given(st.text(alphabet="_*~|`[]()ab \n😀", min_size=1, max_size=40))
def test_marks_of_markdown_are_never_read_as_markdown(text: str) -> None:
    assert canonical(f"x{text}x", []) == (f"x{text}x", [])
