# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The board reads a body with the parser that accepted it, and no further than that one would."""

import pytest

from app.board.markup import html, plain
from app.domain.spelling import SpellingError


@pytest.mark.parametrize("source", ["a\n>>>>> ---\n" * 299, "[" * 100 + r"\a" * 4000 + "]"], ids=["quotes", "brackets"])
def test_a_body_that_takes_too_long_is_not_read_to_its_end(source: str) -> None:
    with pytest.raises(SpellingError, match="too many"):
        html(source, 2)
    with pytest.raises(SpellingError, match="too many"):
        plain(source)


def test_an_open_bracket_a_picture_and_html_are_shown_as_they_were_written() -> None:
    assert html("[a ![b](https://a.it) <b>", 2) == (
        '<p>[a !<a href="https://a.it" rel="noopener">b</a> &lt;b&gt;</p>\n'
    )
