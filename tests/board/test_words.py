# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Every language says everything, and nothing is said that no page uses."""

import re
from pathlib import Path

import pytest

from app.board.words import ALL, words_for
from app.domain.notice import Kind

USED_BY_NAME = {"broken", "broken_more", "missing", "missing_more", "away", "away_more", "name"}
PLACES = re.compile(r"\{(\w+)\}")


def test_there_are_the_three_languages() -> None:
    assert set(ALL) == {"it", "zh-Hans", "en"}


@pytest.mark.parametrize("tag", ["zh-Hans", "en"])
def test_a_language_has_the_words_of_the_italian(tag: str) -> None:
    assert ALL[tag].said.keys() == ALL["it"].said.keys()
    assert all(text.strip() for text in ALL[tag].said.values())


@pytest.mark.parametrize("tag", ["zh-Hans", "en"])
def test_a_sentence_has_the_same_places_in_every_language(tag: str) -> None:
    for name, sentence in ALL["it"].said.items():
        wanted, given = set(PLACES.findall(sentence)), set(PLACES.findall(ALL[tag].said[name]))
        assert wanted == given or name == "original", name


@pytest.mark.parametrize("tag", ["it", "zh-Hans", "en"])
def test_every_kind_of_notice_has_a_name(tag: str) -> None:
    assert set(ALL[tag].kinds) == {kind.value for kind in Kind}


def test_no_word_is_left_over() -> None:
    board = Path("app/board")
    code = "\n".join(
        file.read_text("utf-8") for pattern in ("*.py", "templates/*.html") for file in board.glob(pattern)
    )

    unused = {name for name in ALL["it"].said if not re.search(rf"(words|said)\.{name}\b", code)}

    assert unused == USED_BY_NAME


@pytest.mark.parametrize(
    ("language", "tag"), [("it", "it"), ("zh-Hans", "zh-Hans"), ("zh", "zh-Hans"), ("en-GB", "en"), ("sq", "it")]
)
def test_a_board_speaks_its_language_or_italian(language: str, tag: str) -> None:
    assert words_for(language).tag == tag


def test_a_word_that_nobody_wrote_is_an_error() -> None:
    with pytest.raises(AttributeError):
        _ = words_for("it").nonsense
