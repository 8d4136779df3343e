# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Texts of any marks, in every form in which they are shown: posts, articles, boards; and the lines without marks."""

import json
import random

from app.api.reading import validated
from app.board.markup import html, plain
from app.domain.errors import InvalidNoticeError
from app.domain.markup import parse
from app.domain.notice import Notice
from app.domain.spelling import SpellingError, checked_plain_lines, checked_plain_text
from tests.fuzz.bending import SIGNS, spoilt
from tests.fuzz.fuzzing import Target
from tests.fuzz.samples import LONG, TEXTS
from tests.telegram.posts import FACTS as POSTED
from tests.wechat.test_render import FACTS as PUSHED
from workers.telegram.canonical import canonical
from workers.telegram.render import MAX_TEXT
from workers.telegram.render import render as posts
from workers.wechat.render import render as articles

MARKS = [
    *(
        "**",
        "*",
        "_",
        "~~",
        "`",
        "```\n",
        "# ",
        "## ",
        "> ",
        "- ",
        "1. ",
        "9999. ",
        "\n",
        "\n\n",
        "  \n",
        "---\n",
        "\\",
    ),
    *("[x](https://comune.it)", "[", "](", ")", "\t", "    x", "https://x.it", ":", "***", "~~~\n", "> - ", "* * *\n"),
    *(
        "parola ",
        "è",
        "学校",
        "👨‍👩‍👧",
        "e\u0301",
        "\u200d",
        "\ufeff",
        "parola ",
        "due parole. ",
        "汉字。",
        "a",
        "7",
        " ",
    ),
]
REFUSED = [
    "[x](javascript:1)",
    "![x](y)",
    "<b>",
    "<!--",
    "&#0;",
    "&amp;",
    "&lt;",
    "|a|\n|-|\n",
    "\u202e",
    "\x00",
    *SIGNS,
]
LONG_ONES = 0.005
"""How many are long: nearly all of what can go wrong does so in a short one, which costs a tenth."""

MOST_BYTES, MOST_LINES = 20_000, 599


def _text(dice: random.Random) -> str:
    luck = dice.random()
    if luck < 0.5:
        marks = MARKS if luck < 0.4 else [*MARKS, *REFUSED]
        text = "".join(dice.choices(marks, k=dice.randrange(1, 20)))
        return _filled(text) if dice.random() < LONG_ONES else text
    text = dice.choice(LONG) if dice.random() < LONG_ONES else _piece(dice)
    for _ in range(dice.randrange(1, 5)):
        place = dice.randrange(len(text) + 1)
        text = text[:place] + dice.choice(MARKS) * dice.choice([1, 1, 2, 9]) + text[place + dice.randrange(20) :]
    return spoilt(text, dice) if dice.random() < 0.1 else text


def _filled(text: str) -> str:
    """Give it over and over, for as long as a notice may have so many bytes and lines."""
    size, lines = len(text.encode("utf-8", "replace")), text.count("\n")
    return text * min(MOST_BYTES // max(1, size), MOST_LINES // max(1, lines))


def _piece(dice: random.Random) -> str:
    text = dice.choice(TEXTS)
    begin = dice.randrange(len(text))
    return text[begin : begin + dice.choice([20, 60, 120, 300])]


def _body(dice: random.Random) -> bytes:
    text = {"title": "Titolo", "body": _text(dice)}
    return json.dumps({"event_id": "e", "service": "mensa", "texts": {"it": text}}).encode()


def _checked(body: bytes) -> Notice:
    return validated(Notice, body, InvalidNoticeError)


def as_posts(notice: Notice) -> None:
    """Render it for Telegram; each post is as Telegram would store it."""
    for part in posts(notice, "it", POSTED):
        assert part == canonical(part)
        assert len(part.text.encode("utf-16-le")) <= 2 * MAX_TEXT


def as_article(notice: Notice) -> object:
    return articles(notice, ["it"], PUSHED)


def as_html(notice: Notice) -> None:
    assert "<script" not in html(str(notice.texts["it"].body), 2)


def as_lines(notice: Notice) -> object:
    return plain(str(notice.texts["it"].body))


def _forget() -> None:
    parse.cache_clear()
    html.cache_clear()


def _line(dice: random.Random) -> str:
    text = dice.choice(TEXTS)[: dice.randrange(1, 80)] if dice.random() < 0.5 else "".join(dice.choices(MARKS, k=5))
    for _ in range(dice.randrange(3)):
        text = spoilt(text, dice)
    return text


def _spelt(text: str) -> str:
    """Check a line, as titles are; what was tidied once is tidy."""
    try:
        checked_plain_lines(text)
        line = checked_plain_text(text)
    except SpellingError as error:
        raise InvalidNoticeError(str(error)) from None
    assert checked_plain_text(line) == line
    return line


SHOWN = [
    Target("texts", _body, _checked, frozenset({200, 400, 422}), (as_posts, as_article, as_html, as_lines), _forget),
    Target("lines", _line, _spelt, frozenset({200, 422})),
]
