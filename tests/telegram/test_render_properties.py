# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What holds for every notice: nothing lost, nothing added, everything within Telegram's bounds."""

import time
from dataclasses import replace
from itertools import pairwise

import pytest
import regex
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from app.domain.blocks import runs_of
from app.domain.markup import checked_markup, parse
from app.domain.spelling import SpellingError, checked_plain_text, units
from tests.telegram.posts import FACTS, at, looks, notice
from tests.telegram.sources import Source, sources
from tests.telegram.tdlib import read_as_html
from tests.telegram.texts import TORTURE
from workers.telegram.canonical import MAX_ENTITIES, canonical
from workers.telegram.part import Part
from workers.telegram.render import Facts, TooLong, render

WITHDRAWN = replace(FACTS, state="withdrawn", changed_at=at("2026-11-26T18:05:00+01:00"))
SIGNATURE = "Comune di Prato · Ufficio Mensa · Mensa scolastica"
LANGUAGES = st.sampled_from(("it", "zh-Hans", "en", "ar"))


@settings(max_examples=100)
@given(sources(), LANGUAGES)
def test_every_letter_and_figure_arrives_in_order(source: Source, language: str) -> None:
    text = readable(source)

    rendered = "".join(part.text for part in render(notice(body=text), language, FACTS))

    shown = iter(letters(rendered))
    assert all(letter in shown for letter in letters(source.seen))


@settings(max_examples=100)
@given(sources(loose=("*", "~~", "|", ">", "&")))
def test_links_lead_where_the_source_says_and_nowhere_else(source: Source) -> None:
    parts = render(notice(body=readable(source)), "it", FACTS)

    assert [entity.url for part in parts for entity in part.entities if entity.url] == [*source.targets]


@settings(max_examples=100)
@given(sources(), LANGUAGES, st.sampled_from((FACTS, WITHDRAWN)))
def test_telegrams_own_parser_reads_the_same_text_and_the_same_entities(
    source: Source, language: str, facts: Facts
) -> None:
    for part in render(notice(body=readable(source)), language, facts):
        assert read_as_html(part) == part == canonical(part)
        assert_within_bounds(part)


@pytest.mark.parametrize("name", TORTURE)
def test_what_broke_others_is_rendered_whole_in_time_or_refused_by_name(name: str) -> None:
    started = time.process_time()
    parts, refusal = attempt(TORTURE[name])

    assert time.process_time() - started < 5  # nothing explodes; ./dev bench has the times
    assert parts or refusal
    for part in parts:
        assert_within_bounds(part)
        assert read_as_html(part) == part
    shown = iter(letters("".join(part.text for part in parts)))
    assert refusal or all(letter in shown for letter in letters(seen(TORTURE[name])))


@pytest.mark.parametrize("name", ["clusters", "no pause", "arabic"])
def test_no_post_ends_inside_what_is_one_character_to_the_eye(name: str) -> None:
    parts, _ = attempt(TORTURE[name])
    pieces = [regex.sub(r"\n+\d/\d · AV-7F3KQ$", "", part.text) for part in parts]

    assert clusters("\n".join(pieces)) == clusters("\n".join(("Mensa chiusa", seen(TORTURE[name]), SIGNATURE)))


@settings(max_examples=150)
@given(st.text(min_size=1, max_size=60))
def test_plain_text_comes_out_as_it_went_in(text: str) -> None:
    try:
        title = checked_plain_text(text)
    except SpellingError:
        return
    (part,) = render(notice(title=title, what_to_do=[title]), "it", FACTS)
    plain = canonical(Part(f"• {title}")).text

    assert part.text.startswith(canonical(Part(title)).text)
    assert plain in part.text
    assert {entity.kind for entity in part.entities} == {"bold"}


@settings(max_examples=50)
@given(sources(), LANGUAGES)
def test_rendering_twice_gives_the_same(source: Source, language: str) -> None:
    given_notice = notice(body=readable(source))

    first = render(given_notice, language, FACTS)
    parse.cache_clear()

    assert render(given_notice, language, FACTS) == first


def test_every_part_carries_its_number_and_the_reference_or_none_does() -> None:
    parts = render(notice(body="Una frase qualunque. " * 500), "it", FACTS)

    assert [part.text.split("\n")[-1] for part in parts] == [f"{n}/3 · AV-7F3KQ" for n in (1, 2, 3)]
    assert all(part.text.count("AV-7F3KQ") == 1 for part in parts)
    assert [part.text.split("\n")[-2] for part in parts] == ["", "", SIGNATURE]


def test_a_change_in_one_part_leaves_the_parts_before_it_untouched() -> None:
    before = render(notice(body="Una frase qualunque. " * 500 + "\n\nIn fondo."), "it", FACTS)
    after = render(notice(body="Una frase qualunque. " * 500 + "\n\nAltro, in fondo."), "it", FACTS)

    assert before[:-1] == after[:-1]
    assert before[-1] != after[-1]


@settings(max_examples=50)
@given(st.integers(3_000, 12_000), st.sampled_from(("Una frase. ", "汉字。", "x", "**a** ", "\n\nriga ")))
def test_a_withdrawal_or_correction_never_changes_how_a_notice_is_cut(length: int, unit: str) -> None:
    body = (unit * length)[:length].strip() or "x"
    assume(body.count("*") < 2_000 and body.count("\n") < 600 and len(body.encode()) < 20_000)
    rendered = [render(notice(body=body), "it", replace(WITHDRAWN, state=state)) for state in ("current", "withdrawn")]

    posted, withdrawn = ([part.text for part in parts] for parts in rendered)

    assert [text.split("\n\n", 1)[1] for text in withdrawn] == posted
    assert all(units(text) <= 4096 for text in withdrawn)


def test_every_part_of_a_withdrawn_notice_says_so_and_is_struck_through() -> None:
    parts = render(notice(body="**Una** frase qualunque, `con` codice. " * 300), "it", WITHDRAWN)

    assert len(parts) > 1
    for part in parts:
        assert part.text.startswith("AVVISO RITIRATO")
        assert len(looks(part, "strikethrough")) == 1
        assert len(looks(part, "strikethrough")[0]) > 2_000


def test_a_correction_is_announced_above_the_first_part_only() -> None:
    facts = replace(FACTS, state="corrected", changed_at=at("2026-11-25T12:00:00+01:00"))

    parts = render(notice(body="Una frase qualunque. " * 500), "it", facts)

    assert [part.text.startswith("Corretto il 25 novembre") for part in parts] == [True, False, False]


def test_bold_over_a_cut_stays_bold() -> None:
    parts = render(notice(body="**" + "Una frase qualunque. " * 300 + "fine**"), "it", FACTS)

    assert [len(looks(part, "bold")[-1]) > 1_000 for part in parts] == [True, True]


def attempt(body: str) -> tuple[tuple[Part, ...], str]:
    try:
        return render(notice(body=body), "it", FACTS), ""
    except (ValidationError, TooLong) as refusal:
        return (), str(refusal)


def seen(source: str) -> str:
    return "".join(run.text for run in runs_of(parse(checked_markup(source))))


def clusters(text: str) -> list[str]:
    return [cluster for cluster in regex.findall(r"\X", text) if not cluster.isspace()]


def readable(source: Source) -> str:
    """The source, if it is one; what is refused is tested elsewhere."""
    try:
        return checked_markup(source.text)
    except SpellingError:
        reject()


def letters(text: str) -> str:
    return "".join(character for character in text if character.isalnum())


def assert_within_bounds(part: Part) -> None:
    size = units(part.text)
    assert 0 < size <= 4096
    assert part.text == part.text.strip()
    assert len(part.entities) <= MAX_ENTITIES
    assert all(
        entity.length > 0 and 0 <= entity.offset <= entity.offset + entity.length <= size for entity in part.entities
    )
    assert all((one.offset, -one.length) <= (other.offset, -other.length) for one, other in pairwise(part.entities))
