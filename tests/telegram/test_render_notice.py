# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""One notice as a post that people read: its order, its words, its looks, and how it changes."""

from dataclasses import replace

import pytest
from pydantic import ValidationError

from app.domain.notice import Attachment, Contact, Kind, Link, Priority, Text
from tests.telegram.posts import CONTACT, FACTS, LINK, at, looks, notice, post
from tests.telegram.tdlib import detected
from workers.telegram.part import Entity
from workers.telegram.render import TooLong, fits, render

BOTH = {
    "it": Text(title="Mensa chiusa", body="Domani **no**.", what_to_do=["Porta il pranzo."]),
    "zh-Hans": Text(title="食堂关闭", summary="明天不供餐。", what_to_do=["请自带午餐。"]),
}
FULL = notice(
    texts=BOTH,
    valid_from=at("2026-11-27T11:30:00+01:00"),
    valid_until=at("2026-11-27T14:30:00+01:00"),
    links=[LINK],
    contacts=[CONTACT],
    attachments=[Attachment(title="Menù (PDF)", href="https://www.comune.example.it/menu.pdf")],
)
ITALIAN_POST = """\
Mensa chiusa

Domani no.

Cosa fare
• Porta il pranzo.

Quando: venerdì 27 novembre, 11.30-14.30

Scheda completa
Menù (PDF)

Ufficio Mensa: +39 0574 000110 · mensa@comune.example.it · lun-ven 9-13

Comune di Prato · Ufficio Mensa · Mensa scolastica
AV-7F3KQ"""


def test_a_notice_is_told_in_the_order_in_which_people_need_it() -> None:
    part = post(FULL)

    assert part.text == ITALIAN_POST
    assert looks(part, "bold") == ["Mensa chiusa", "no", "Cosa fare", "Quando"]
    assert looks(part, "text_link") == ["Scheda completa", "Menù (PDF)"]
    assert [entity.url for entity in part.entities if entity.url] == [LINK.href, FULL.attachments[0].href]


def test_in_chinese_our_words_are_chinese_and_without_a_body_the_summary_is_told() -> None:
    told = post(FULL, "zh-Hans").text

    assert told.startswith(
        "食堂关闭\n\n明天不供餐。\n\n怎么办\n• 请自带午餐。\n\n时间：11月27日（星期五）11:30–14:30\n\n"
    )
    assert "Ufficio Mensa：+39 0574 000110" in told


def test_where_there_is_a_body_the_summary_is_not_told_too() -> None:
    assert "In breve" not in post(notice(summary="In breve", body="Per esteso")).text


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("zh-Hans", "此通知暂无中文版，以下为意大利语原文。"),
        ("zh-Hant", "此通知暫無中文版，以下為義大利文原文。"),
        ("en", "This notice is not available in English: the original text in Italian follows."),
        ("sq", "This notice is not available in Albanian: the original text in Italian follows."),
        ("xx", "This notice is not available in xx: the original text in Italian follows."),
    ],
)
def test_where_the_language_is_missing_the_first_text_is_told_and_a_line_says_so(language: str, line: str) -> None:
    part = post(notice(), language)

    assert part.text.startswith(line + "\n\nMensa chiusa\n\n")
    assert part.entities[0] == Entity("italic", 0, len(line))


def test_a_variety_of_the_language_serves_without_a_line() -> None:
    assert post(FULL, "zh-Hant").text.startswith("食堂关闭")
    assert post(FULL, "it-CH").text.startswith("Mensa chiusa")


@pytest.mark.parametrize(
    ("kind", "priority", "start"),
    [
        (Kind.INFO, Priority.NORMAL, "Mensa"),
        (Kind.INFO, Priority.URGENT, "❗ Mensa"),
        (Kind.ALERT, Priority.URGENT, "⚠️ Mensa"),
        (Kind.CLOSURE, Priority.NORMAL, "⛔ Mensa"),
        (Kind.DEADLINE, Priority.BULK, "📅 Mensa"),
        (Kind.ALL_CLEAR, Priority.NORMAL, "✅ Mensa"),
        (Kind.CORRECTION, Priority.NORMAL, "✏️ Mensa"),
    ],
)
def test_one_sign_at_most_leads_the_title(kind: Kind, priority: Priority, start: str) -> None:
    assert post(notice(kind=kind, priority=priority)).text.startswith(start)


def test_a_withdrawn_notice_says_so_in_bold_and_its_text_is_struck_through_without_links() -> None:
    facts = replace(FACTS, state="withdrawn", changed_at=at("2026-11-26T18:05:00+01:00"))
    part = post(notice(texts=BOTH, links=[LINK]), facts=facts)

    assert looks(part, "bold") == ["AVVISO RITIRATO, alle 18.05 del giorno 26 novembre 2026"]
    assert looks(part, "strikethrough") == [
        "Mensa chiusa\n\nDomani no.\n\nCosa fare\n• Porta il pranzo.\n\nScheda completa"
    ]
    assert [entity.kind for entity in part.entities] == ["bold", "strikethrough"]
    assert part.text.endswith("\n\nComune di Prato · Ufficio Mensa · Mensa scolastica\nAV-7F3KQ")


def test_a_corrected_notice_begins_with_when_it_was_corrected() -> None:
    facts = replace(FACTS, state="corrected", changed_at=at("2026-11-25T12:00:00+01:00"))

    assert post(notice(), facts=facts).text.startswith("Corretto il 25 novembre 2026 alle 12.00\n\nMensa chiusa")
    assert post(notice(), "it", replace(facts, changed_at=None)).text.startswith("Avviso corretto\n\nMensa chiusa")


def test_a_preview_says_that_it_is_one() -> None:
    part = post(notice(), facts=replace(FACTS, preview=True, reference=""))

    assert part.text.startswith("ANTEPRIMA: questo avviso non è ancora pubblicato\n\nMensa chiusa")
    assert part.text.endswith("Mensa scolastica")


def test_a_name_is_not_said_twice() -> None:
    same = replace(FACTS, source_name="Mensa scolastica")

    assert post(notice(), facts=same).text.endswith("Comune di Prato · Mensa scolastica\nAV-7F3KQ")


def test_a_contact_may_have_nothing_but_a_name_and_a_link_that_telegram_refuses_is_written_out() -> None:
    bare = Link.model_construct(title="Interno", href="https://intranet/avvisi")
    part = post(notice(contacts=[Contact(label="Segreteria")]).model_copy(update={"links": [bare]}))

    assert "\n\nInterno: https://intranet/avvisi\n\nSegreteria\n\n" in part.text
    assert looks(part, "text_link") == []


def test_a_notice_is_not_lost_for_long_addresses_that_telegram_refuses() -> None:
    long = [
        "https://intranet/".ljust(2048, "a"),
        "https://comune.it:99999/".ljust(201, "a"),
        "https://10.0.0.1/menu.pdf",
    ]
    files = [Attachment(title="Menu", href=long[number % 3]) for number in range(9)]
    given = notice(body="parola " * 2_200, attachments=files)

    parts = render(given, "it", FACTS)

    assert parts[-1].text.count("Menu\nMenu\nMenu: https://10.0.0.1/menu.pdf") == 3


def test_what_is_written_out_is_counted_when_a_notice_is_handed_in() -> None:
    files = [Attachment(title="Menu", href="https://10.0.0.1/".ljust(200, "a"))] * 10

    assert notice(body="parola " * 2_200, attachments=files)
    with pytest.raises(ValidationError, match="too long for five posts"):
        notice(body="parola " * 2_280, attachments=files)
    assert notice(body="parola " * 2_280, attachments=[Attachment(title="Menu", href="https://a.it/" + "a" * 187)] * 10)


def test_plain_fields_are_plain_whatever_they_look_like() -> None:
    tricky = "*non* <b>è</b> [markup](https://a.it) &amp; `x` __y__ 1 < 2"
    part = post(notice(title=tricky, summary=tricky, what_to_do=[tricky]))

    assert part.text.count(tricky) == 3
    assert {entity.kind for entity in part.entities} == {"bold"}


def test_telegram_itself_finds_contacts_but_no_hashtag_or_command_in_our_words() -> None:
    found = detected(post(FULL).text)

    assert found == [("EmailAddress", "mensa@comune.example.it")]


def test_a_notice_that_no_five_posts_hold_is_refused() -> None:
    short = notice(body="parola " * 2_200)
    text = short.texts["it"].model_copy(update={"what_to_do": ["😀" * 300] * 12})
    long = short.model_copy(update={"texts": {"it": text}})  # intake refuses it before

    assert fits(notice(body="parola " * 2_200), "it", FACTS)
    assert not fits(long, "it", FACTS)
    with pytest.raises(TooLong):
        render(long, "it", FACTS)
