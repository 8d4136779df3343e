# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Advice: each rule on an example that it is for and on one that it is not for."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from app.domain.advice import advise
from app.domain.advice_words import WORDS
from app.domain.dates import wrong_dates
from app.domain.hosts import is_disguised, is_mixed
from app.domain.notice import Notice
from tests.given import a_notice

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
SAMPLES = json.loads((Path(__file__).parents[2] / "deploy" / "samples" / "notices.json").read_text(encoding="utf-8"))
NOTICES = [each["notice"] for each in SAMPLES["notices"]]
BODY = "Venerdì 27 novembre 2026 in tutte le scuole dell'infanzia e primarie c'è un pasto freddo per sciopero."
LINK = {"title": "Scheda completa", "href": "https://www.comune.example.it/avvisi/1"}


def advice(language: str = "it", text: dict[str, Any] | None = None, **members: Any) -> dict[str, str]:
    """Advice about a notice that is good but for these members, with its place."""
    good = {"title": "Sciopero: in mensa un pasto freddo", "body": BODY, **(text or {})}
    notice = a_notice(texts={language: good}, **{"links": [LINK], **members})
    return {each.rule: each.pointer for each in advise(notice, NOW, "Europe/Rome")}


def test_a_good_notice_needs_no_advice() -> None:
    assert advice() == {}


@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: notice["event_id"])
def test_the_samples_have_dates_that_agree_and_no_personal_data(notice: dict[str, Any]) -> None:
    found = {each.rule for each in advise(Notice.model_validate_json(json.dumps(notice)), NOW, "Europe/Rome")}

    assert not found & {"weekday_differs", "no_such_date", "fiscal_code", "iban", "private_email", "mobile_number"}
    assert not found & {"chinese_punctuation", "capitals", "it_alert", "link_text_differs", "mixed_script_host"}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("venerdì 27 novembre 2026", "it"),
        ("Venerdi' 27 Novembre", "it"),
        ("venerdì 27/11/2026", "it"),
        ("domenica 1º novembre 2026", "it"),
        ("Friday 27 November 2026", "en"),
        ("Friday, November 27, 2026", "en"),
        ("vendredi 27 novembre 2026", "fr"),
        ("viernes, 27 de noviembre de 2026", "es"),
        ("Freitag, 27. November 2026", "de"),
        ("2026年11月27日（星期五）", "zh-Hans"),
        ("11月27日星期五", "zh-Hans"),
        ("11月29日(周日)", "zh-Hans"),
        ("11月29日（星期天）", "zh-Hans"),
        ("martedì 5 gennaio", "it"),
        ("giovedì 29 febbraio 2024", "it"),
        ("venerdì prossimo", "it"),
        ("il 27 novembre", "it"),
    ],
)
def test_a_weekday_that_matches_its_date_is_right_in_every_language(text: str, language: str) -> None:
    assert list(wrong_dates(text, language, date(2026, 11, 24))) == []


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("giovedì 27 novembre 2026", "it"),
        ("sabato 27 novembre", "it"),
        ("giovedì 27/11/2026", "it"),
        ("Thursday 27 November 2026", "en"),
        ("Saturday, November 27, 2026", "en"),
        ("jeudi 27 novembre 2026", "fr"),
        ("jueves 27 de noviembre de 2026", "es"),
        ("2026年11月27日（星期四）", "zh-Hans"),
        ("11月27日星期六", "zh-Hans"),
        ("11月27日（周日）", "zh-Hant"),
        ("martedì 6 gennaio", "it"),
        ("testo cinese con venerdì 28 novembre 2026", "zh-Hans"),
    ],
)
def test_a_weekday_that_does_not_match_its_date_is_found_in_every_language(text: str, language: str) -> None:
    assert list(wrong_dates(text, language, date(2026, 11, 24))) == ["weekday_differs"]


@pytest.mark.parametrize("text", ["lunedì 31 novembre 2026", "domenica 30 febbraio", "2026年13月1日（星期五）"])
def test_a_date_that_does_not_exist_is_found(text: str) -> None:
    assert list(wrong_dates(text, "it", date(2026, 11, 24))) == ["no_such_date"]


def test_a_date_without_a_year_is_of_the_year_in_which_the_notice_holds() -> None:
    january = {"valid_from": "2027-01-04T08:00:00+01:00"}

    assert "weekday_differs" not in advice(text={"summary": "Da giovedì 7 gennaio"}, **january)
    assert "weekday_differs" in advice(text={"summary": "Da mercoledì 7 gennaio"}, **january)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("capitals", {"title": "ATTENZIONE: mensa chiusa venerdì"}),
        ("capitals", {"title": "Oggi LA MENSA È CHIUSA per tutti"}),
        ("title_full_stop", {"title": "In mensa un pasto freddo."}),
        ("title_short", {"title": "Mensa"}),
        ("title_long", {"title": "m" * 121}),
        ("summary_long", {"summary": "m" * 141}),
        ("body_missing", {"body": None}),
        ("body_short", {"body": "Pasto freddo."}),
        ("it_alert", {"title": "IT-Alert: mensa chiusa venerdì"}),
        ("it_alert", {"summary": "Messaggio it alert per tutti"}),
        ("mention", {"summary": "Scrivi a @scuola_prato"}),
        ("mention", {"summary": "Premi /start adesso"}),
        ("private_email", {"summary": "Scrivi a mario@gmail.com"}),
        ("mobile_number", {"summary": "Chiama il 347 1234567"}),
        ("child_named", {"summary": "Il figlio di Mario Rossi"}),
        ("fiscal_code", {"summary": "RSSMRA85T10A562S"}),
        ("iban", {"summary": "IT60X0542811101000000123456"}),
        ("weekday_differs", {"title": "Sciopero giovedì 27 novembre 2026"}),
        ("no_such_date", {"title": "Sciopero lunedì 31 novembre 2026"}),
        ("link_text_differs", {"body": f"{BODY} [www.comune.example.it](https://truffa.example.com/)"}),
        ("mixed_script_host", {"body": f"{BODY} Vai su www.c\u043emune.example.it oggi"}),
        ("mixed_script_host", {"body": f"{BODY} [qui](https://xn--cmune-6ye.example.it/)"}),
    ],
)
def test_each_rule_finds_what_it_is_for_and_names_its_place(rule: str, text: dict[str, Any]) -> None:
    (member,) = text
    pointer = "body" if rule.startswith("body") else member

    assert advice(text=text).get(rule) == f"#/texts/it/{pointer}"


@pytest.mark.parametrize(
    "text",
    [
        {"title": "ISEE, SPID e CIE: come iscriversi ai nidi"},
        {"title": "INVALSI: le date delle prove di maggio"},
        {"title": "Sciopero, la mensa resta chiusa..."},
        {"title": "Che cosa cambia da lunedì?"},
        {"summary": "Orario 8/16 e 24/7, info@comune.example.it"},
        {"body": f"{BODY} [comune.example.it](https://www.comune.example.it/x) e [qui](https://a.example.org/)"},
        {"body": f"{BODY} [Sito del Comune: comune.example.it](https://avvisi.comune.example.it/)"},
    ],
)
def test_no_rule_finds_what_it_is_not_for(text: dict[str, Any]) -> None:
    assert advice(text=text) == {}


@pytest.mark.parametrize(
    ("rule", "pointer", "members"),
    [
        ("expiry_past", "#/expires_at", {"expires_at": "2026-11-24T08:59:59Z"}),
        ("validity_past", "#/valid_until", {"valid_until": "2026-11-23T10:00:00Z"}),
        ("expiry_missing", "#/expires_at", {"kind": "disruption"}),
        ("official_link_missing", "#/links", {"links": []}),
        ("link_text_differs", "#/links/0", {"links": [{"title": "www.altro.it", "href": "https://example.it/"}]}),
        ("mixed_script_host", "#/links/0/href", {"links": [{"title": "Qui", "href": "https://xn--80ak6aa92e.com/"}]}),
        ("mobile_number", "#/contacts/0/phone", {"contacts": [{"label": "Ufficio", "phone": "347 1234567"}]}),
    ],
)
def test_what_stands_around_the_texts_is_looked_at_too(rule: str, pointer: str, members: dict[str, Any]) -> None:
    assert advice(**members).get(rule) == pointer


def test_a_disruption_with_an_expiry_is_well() -> None:
    assert advice(kind="disruption", expires_at="2026-11-24T12:00:00Z") == {}


@pytest.mark.parametrize("text", ["学校,食堂", "学校:食堂", "学校(食堂)", "食堂!", "食堂."])
def test_half_width_punctuation_between_chinese_characters_is_found(text: str) -> None:
    assert advice("zh-Hans", {"summary": text})["chinese_punctuation"] == "#/texts/zh-Hans/summary"


@pytest.mark.parametrize("text", ["学校，食堂：（星期五）6:00至18:00。", "请用 SPID, CIE 登录。", "€ 1.234,50元"])
def test_full_width_punctuation_is_right(text: str) -> None:
    assert "chinese_punctuation" not in advice("zh-Hans", {"summary": text})


def test_a_link_in_the_body_is_a_link() -> None:
    assert advice(text={"body": f"{BODY} [Scheda](https://www.comune.example.it/)"}, links=[]) == {}


def test_where_official_hosts_are_named_one_of_them_must_be_linked_to() -> None:
    notice = a_notice(texts={"it": {"title": "Mensa: pasto freddo", "body": BODY}}, links=[LINK])
    rules = [
        [each.rule for each in advise(notice, NOW, "Europe/Rome", (), hosts)]
        for hosts in (["comune.example.it"], ["b.it"])
    ]

    assert rules == [[], ["official_link_missing"]]


@pytest.mark.parametrize("host", ["c\u043emune.it", "xn--cmune-6ye.it"])
def test_a_host_of_two_scripts_is_mixed(host: str) -> None:
    assert is_mixed(host)


@pytest.mark.parametrize(
    "host", ["comune.example.it", "citt\u00e0.it", "xn--citt-3na.it", "\u4f8b\u5b50.\u4e2d\u56fd", "xn--.it"]
)
def test_a_host_of_one_script_is_not(host: str) -> None:
    assert not is_mixed(host)
    assert not is_disguised(host)


def test_every_rule_has_words_in_both_languages() -> None:
    assert all(len(words) == 2 and all(words) for words in WORDS.values())
