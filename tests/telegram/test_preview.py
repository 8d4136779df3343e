# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The HTML of a preview says the same as the post, as Telegram's own parser reads it."""

from typing import Any

import pytest
from hypothesis import given, reject
from pydantic import ValidationError

from tests.telegram.posts import FACTS, notice
from tests.telegram.sources import Source, sources
from tests.telegram.tdlib import execute, html
from workers.telegram.part import Entity, Part
from workers.telegram.preview import as_html
from workers.telegram.render import TooLong, render


def read(text: str) -> dict[str, Any]:
    return execute({"@type": "parseTextEntities", "text": text, "parse_mode": {"@type": "textParseModeHTML"}})


@given(sources())
def test_telegrams_own_parser_reads_the_same_as_from_the_twin_of_the_tests(source: Source) -> None:
    try:
        parts = render(notice(texts={"it": {"title": "Titolo", "body": source.text}}), "it", FACTS)
    except (ValidationError, TooLong):
        reject()

    for part in parts:
        assert read(as_html(part)) == read(html(part))


@pytest.mark.parametrize(
    ("part", "written"),
    [
        (Part("a < b & c > d"), "a &lt; b &amp; c &gt; d"),
        (Part("😀 ciao", (Entity("bold", 3, 4),)), "😀 <b>ciao</b>"),
        (Part("ab", (Entity("bold", 0, 2), Entity("italic", 0, 1))), "<b><i>a</i>b</b>"),
        (
            Part("x", (Entity("text_link", 0, 1, 'https://e.it/?a="1"&b'),)),
            '<a href="https://e.it/?a=&quot;1&quot;&amp;b">x</a>',
        ),
        (Part(""), ""),
    ],
)
def test_text_and_entities_become_html(part: Part, written: str) -> None:
    assert as_html(part) == written
