# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The fifteen sample notices, in every language and state, and how much a notice may say at all."""

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.extent import MAX_EXTENT, extent
from app.domain.links import linked
from app.domain.markup import MAX_LINES, parse
from app.domain.notice import Attachment, Notice
from tests.telegram.posts import CONTACT, FACTS, LINK, at, looks, notice
from tests.telegram.tdlib import read_as_html, stored
from workers.telegram.canonical import canonical
from workers.telegram.render import fits, render

SAMPLES = Path(__file__).parents[2] / "deploy" / "samples" / "notices.json"
NOTICES = [
    Notice.model_validate_json(json.dumps(sample["notice"])) for sample in json.loads(SAMPLES.read_text())["notices"]
]
WHEN = [
    "venerdì 27 novembre, 11.30-14.30",
    "martedì 1 dicembre, 11.30-14.30",
    "da mercoledì 2 dicembre a venerdì 18 dicembre",
    "da lunedì 30 novembre alle 7.00 a venerdì 18 dicembre alle 17.00",
    "mercoledì 2 dicembre, 7.18-9.00",
    "venerdì 4 dicembre, 7.00-17.30",
    "da giovedì 7 gennaio alle 7.30 a lunedì 11 gennaio alle 7.30",
    "da lunedì 11 gennaio alle 9.00 a venerdì 29 gennaio alle 13.00",
    "da venerdì 12 febbraio alle 12.00 a lunedì 22 febbraio",
    "da lunedì 30 agosto alle 9.00 a venerdì 24 settembre alle 13.00",
    "lunedì 7 dicembre",
    "venerdì 11 dicembre, 6.00-18.00",
    "venerdì 11 dicembre",
    "da lunedì 30 novembre alle 7.00 a venerdì 18 dicembre alle 17.00",
    "sabato 12 dicembre",
]
"""When each holds, as a careful reader of its dates would say it."""


def test_all_fifteen_are_there() -> None:
    assert len(NOTICES) == len(WHEN) == 15


@pytest.mark.parametrize(
    ("sample", "said"), [*zip(NOTICES, WHEN, strict=True)], ids=lambda it: getattr(it, "event_id", "")
)
def test_a_sample_is_one_post_that_says_everything(sample: Notice, said: str) -> None:
    (part,) = render(sample, "it", FACTS)
    text = sample.texts["it"]

    assert f"\n\nQuando: {said}\n\n" in part.text
    assert looks(part, "bold")[0].endswith(text.title)
    assert all(f"\n• {step}\n" in part.text for step in text.what_to_do)
    assert (text.body or "") in part.text
    assert [entity.url for entity in part.entities if entity.url] == [link.href for link in sample.links]
    assert all(contact.phone in part.text for contact in sample.contacts if contact.phone)


@pytest.mark.parametrize("language", ["it", "zh-Hans", "en"])
@pytest.mark.parametrize("state", ["current", "corrected", "withdrawn"])
def test_telegram_keeps_every_sample_exactly_as_it_is_sent(
    language: str, state: Literal["current", "corrected", "withdrawn"]
) -> None:
    facts = replace(FACTS, state=state, changed_at=at("2026-12-10T18:05:00+01:00"))
    for sample in NOTICES:
        (part,) = render(sample, language, facts)

        assert canonical(part) == part == stored(part) == read_as_html(part)


def test_chinese_families_read_chinese_where_there_is_a_translation() -> None:
    translated = [sample for sample in NOTICES if "zh-Hans" in sample.texts]

    assert translated
    for sample in translated:
        (part,) = render(sample, "zh-Hans", FACTS)
        assert sample.texts["zh-Hans"].title in part.text
        assert "暂无中文版" not in part.text
        assert "\n\n时间：" in part.text


def test_an_ordinary_notice_is_rendered_in_less_than_two_milliseconds() -> None:
    assert min(duration(sample) for sample in NOTICES[:5] for _ in range(5)) < 0.05


@settings(max_examples=60)
@given(
    st.sampled_from(
        ("a", "汉字。", "😀", "parola ", "- a\n", "1. a\n", "---\n", "# a\n\n", "    a\n", "x" * 60 + "\n\n")
    ),
    st.sampled_from(("a", "汉", "😀")),
    st.integers(0, 12),
    st.integers(0, 5),
    st.sampled_from((17, 200, 201, 2048)),
)
def test_the_longest_body_within_the_extent_fits(
    unit: str, letter: str, steps: int, contacts: int, address: int
) -> None:
    facts = replace(FACTS, municipality=letter * 120, source_name=letter * 119 + "x", service_name=letter * 119 + "y")
    full = notice(
        title=letter * 200,
        what_to_do=[letter * 300] * steps,
        contacts=[CONTACT.model_copy(update={"label": letter * 120, "hours": letter * 120})] * contacts,
        links=[LINK.model_copy(update={"title": letter * 120})] * 10,
        attachments=[Attachment(title=letter * 120, href="https://10.0.0.1/".ljust(address, "a"))] * 10,
    )
    body = bounded(unit)
    while extent(body, lines_of(full)) > MAX_EXTENT:
        body = body[: len(body) * 99 // 100]

    text = full.texts["it"].model_copy(update={"body": body})
    assert fits(full.model_copy(update={"texts": {"it": text}}), "en", facts)


def test_the_extent_leaves_an_ordinary_notice_as_much_as_a_body_may_have() -> None:
    given_notice = notice(body="parola " * 2_280, what_to_do=["Controlla il registro."] * 3, contacts=[CONTACT])

    assert extent(given_notice.texts["it"].body, lines_of(given_notice)) < MAX_EXTENT


def lines_of(given_notice: Notice) -> list[str]:
    """What a notice says beside its body, as intake would count it."""
    text = given_notice.texts["it"]
    contacts = (
        " · ".join(filter(None, (contact.label, contact.phone, contact.email, contact.hours)))
        for contact in given_notice.contacts
    )
    loose = [linked(each.title, each.href)[0] for each in given_notice.attachments]
    return [text.title, *text.what_to_do, *(link.title for link in given_notice.links), *loose, *contacts]


def bounded(unit: str) -> str:
    """As much of a unit as the limits on a source allow."""
    times = min(15_990 // len(unit), 20_000 // len(unit.encode()))
    if "\n" in unit:
        times = min(times, (MAX_LINES - 3) // unit.count("\n"))
    return "a\n\n" + unit * times


def duration(sample: Notice) -> float:
    parse.cache_clear()
    started = time.process_time()
    render(sample, "it", FACTS)
    return time.process_time() - started
