# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Articles: nothing is cut, nothing is lost, nothing gets through that should not."""

import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.notice import Notice
from app.domain.spelling import SpellingError, checked_plain_text
from deploy.sandbox_wechat.content import TITLE, read_json
from tests.given import a_notice
from workers.wechat import html
from workers.wechat.render import Facts, Unfit, render

FACTS = Facts("AV-7F3KQ", "Mensa", "Comune di Prato", "Mensa scolastica", "Comune di Prato", "Europe/Rome", None)
ZH_IT = ("zh-Hans", "it")
EVERYTHING = """# Titolo

Un **grassetto**, un *corsivo*, un ~~barrato~~ e `codice`, [il modulo](https://www.comune.example.it/modulo).

- uno
- due
  1. dentro

> citazione

    codice  a blocchi

---
"""


class Balanced(HTMLParser):
    """Reads markup and remembers what is open, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag not in ("br", "hr", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(content: str) -> str:
    """Give the text of markup that is balanced."""
    parser = Balanced()
    parser.feed(content)
    parser.close()
    assert parser.open == []
    return parser.text


def notice(**members: object) -> Notice:
    return a_notice(**members)


def test_one_article_per_language_in_the_wanted_order() -> None:
    texts = {"it": {"title": "Mensa"}, "zh-Hans": {"title": "食堂"}, "en": {"title": "Canteen"}}

    articles = render(notice(texts=texts), ZH_IT, FACTS)

    assert [article.title for article in articles] == ["食堂", "Mensa"]


def test_a_missing_language_is_said_in_that_language() -> None:
    (article,) = render(notice(texts={"en": {"title": "Canteen"}}), ZH_IT, FACTS)

    assert article.title == "Canteen"
    assert "此通知暂无中文版" in article.content


def test_every_element_survives_with_inline_styles_and_balanced() -> None:
    (article,) = render(notice(texts={"it": {"title": "Prova", "body": EVERYTHING}}), ("it",), FACTS)

    text = read(article.content)
    assert all(tag in article.content for tag in ("<strong>", "<em>", "<s>", "<code>", "<ul", "<ol", "<pre", "<hr"))
    assert "il modulo (https://www.comune.example.it/modulo)" in text
    assert "codice  a blocchi" in text
    assert "class=" not in article.content


def test_what_to_do_when_links_contacts_and_the_reference_follow() -> None:
    texts = {"it": {"title": "Prova", "what_to_do": ["Fai questo"]}}
    links = [{"title": "Scheda", "href": "https://www.comune.example.it/x"}]
    contacts = [{"label": "Ufficio", "phone": "+39 0574 1", "hours": "9-13"}]
    until = "2026-11-27T14:30:00+01:00"

    (article,) = render(notice(texts=texts, links=links, contacts=contacts, valid_until=until), ("it",), FACTS)

    text = read(article.content)
    assert ["Cosa fare" in text, "Fai questo" in text, "Quando" in text, "Ufficio: +39 0574 1" in text] == [True] * 4
    assert text.endswith("Comune di Prato · Mensa · Mensa scolasticaAV-7F3KQ")
    assert article.content_source_url == "https://www.comune.example.it/x"


def test_a_correction_says_so_and_when() -> None:
    facts = Facts(
        **{
            **{name: getattr(FACTS, name) for name in FACTS.__slots__},
            "corrected_at": datetime(2026, 11, 24, 9, tzinfo=UTC),
        }
    )

    (article,) = render(notice(texts={"it": {"title": "Prova"}}), ("it",), facts)

    assert "Corretto il 24 novembre 2026 alle 10.00" in read(article.content)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ({"title": "x" * 33}, "33 characters and WeChat takes 32: give it a short_title"),
        ({"title": "Lungo", "body": "\n\n".join(["**a** *b*"] * 300)}, "WeChat takes fewer than 20000"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(text: dict[str, str], words: str) -> None:
    with pytest.raises(Unfit, match=words):
        render(notice(texts={"it": text}), ("it",), FACTS)


@pytest.mark.parametrize(("summary", "digest"), [("x" * 120, "x" * 120), ("x" * 121, "")])
def test_a_summary_is_the_digest_of_a_single_article_or_none_at_all(summary: str, digest: str) -> None:
    (alone,) = render(notice(texts={"it": {"title": "Prova", "summary": summary}}), ("it",), FACTS)
    texts = {"it": {"title": "Prova", "summary": summary}, "zh-Hans": {"title": "食堂"}}

    assert alone.digest == digest
    assert [article.digest for article in render(notice(texts=texts), ZH_IT, FACTS)] == ["", ""]
    assert summary in read(alone.content)


@given(st.text(min_size=1, max_size=32))
def test_the_bytes_of_a_stored_title_are_the_utf_8_of_the_title(text: str) -> None:
    try:
        title = checked_plain_text(text)
    except SpellingError:
        return
    raw = json.dumps({"articles": [{"title": title}]}, ensure_ascii=False).encode()

    assert read_json(raw)["articles"][0]["title"] == title
    (stored,) = TITLE.findall(raw)
    assert stored.decode().replace('\\"', '"').replace("\\\\", "\\") == title
    assert b"\\u" not in stored.replace(b"\\\\", b"")


@given(st.text(max_size=300))
def test_plain_text_comes_out_as_it_went_in_and_as_nothing_else(text: str) -> None:
    clean = re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]", " ", text)

    content = html.cleaned(html.paragraph(clean))

    assert read(content) == clean.replace("\xa0", "\xa0")
    assert set(re.findall(r"<(\w+)", content)) <= {"p"}


@pytest.mark.parametrize(
    "evil", ["<script>x</script>", "<img src=x onerror=x>", "<a href='javascript:x'>y</a>", "<iframe>"]
)
def test_markup_of_others_never_gets_through(evil: str) -> None:
    (article,) = render(notice(texts={"it": {"title": "Prova", "summary": f"a {evil} b"}}), ("it",), FACTS)

    assert evil in read(article.content)
    assert not re.search(r"<(script|img|a|iframe)\b", article.content)
