# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Alerts, texts, cursors and keys of any form: read, shown or refused; 20,000 inputs each, of texts by night."""

import base64
import json
import random
import string
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from app.access import Caller
from app.alerts.notices import notice_of
from app.api.alerts import checked
from app.api.pages import SIGNATURE, Pages, Paging
from app.api.reading import validated
from app.board.markup import html, plain
from app.domain.errors import InvalidNoticeError
from app.domain.key import PREFIX, Role, key_id, new_key
from app.domain.notice import Notice
from tests.alerts.given import cap, info
from tests.api.calling import a_notice, some_settings
from tests.api.test_fuzz import FAR, PATIENCE, Fuzz, fuzzed, times, torn
from tests.telegram.posts import FACTS as POSTED
from tests.wechat.test_render import FACTS as PUSHED
from workers.telegram.render import render as posts
from workers.wechat.render import Unfit
from workers.wechat.render import render as articles

__all__ = ["times"]

FEWER = 1_000
SAID = [
    *("", " ", "\u200b", "x", "è", "x" * 5000, "]]>", "&amp;", "<b>", "Cittadini", "arancione", "rossa", "verde"),
    *("Update", "Cancel", "Ack", "Test", "Exercise", "Immediate", "Minor", "Public", "a,b,c", "a,b", *FAR),
    *("2026-11-26T10:00:00Z", "2026-11-26T10:00:00,01:00", "2026-02-30T10:00:00+01:00", "https://x.it/a", "it-IT"),
    *(
        "https://comune.prato.it/a",
        "https://[x/",
        "https://x\u2100.it/",
        "https://x:y/",
        "www.x.it",
        "RSSMRA85T10A562S",
    ),
]
SIGNS = [
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
    *("[x](https://comune.it)", "[x](javascript:1)", "![x](y)", "<b>", "<!--", "&#0;", "&amp;", "|a|\n|-|\n", "    x"),
    *(
        "parola ",
        "è",
        "学校",
        "👨‍👩‍👧",
        "e\u0301",
        "\u200d",
        "\u202e",
        "\ufeff",
        "[",
        "](",
        ")",
        "\t",
        "https://x.it",
        ":",
    ),
]
BOUND, ZONES = Caller("k", Role.SOURCE, "meteo", link_hosts=("comune.prato.it",)), {"Bisenzio": "bisenzio"}
SETTINGS = some_settings("postgresql://u@h/d", "redis://h")
ROWS: list[list[object]] = [["mensa"], ["0193a1b2", 7], ["è", None], [2**63, ""]]
KEY = new_key().text


def some_alert(dice: random.Random) -> object:
    """Receive bytes that are nearly an alert from a source that may link to one host, and tell it."""
    infos = dice.choices(["language", "event", "urgency", "severity", "expires", "headline", "web", "contact"], k=2)
    heads = dice.choices(["identifier", "sender", "sent", "status", "msgType", "scope", "references"], k=2)
    inner: dict[str, Any] = {name: dice.choice(SAID) for name in infos if dice.random() < 0.4}
    outer: dict[str, Any] = {name: dice.choice(SAID) for name in heads if dice.random() < 0.4}
    body = cap(*[info(**inner)] * dice.choice([1, 1, 2, 0]), **outer)
    alert = checked(BOUND, torn(body, dice) if dice.random() < 0.4 else body, ZONES)
    return notice_of(alert, "e", ZONES)


def some_markup(dice: random.Random) -> object:
    """Show a text of any marks in every form that it is shown in."""
    body = "".join(dice.choices(SIGNS, k=dice.randrange(1, 40)))
    text = {"title": "Titolo", "body": body * dice.choice([1, 1, 1, 30])}
    notice = validated(Notice, json.dumps(a_notice(texts={"it": text})).encode(), InvalidNoticeError)
    kept = str(notice.texts["it"].body)
    with suppress(Unfit):
        articles(notice, ["it"], PUSHED)
    return posts(notice, "it", POSTED), html(kept, 2), plain(kept)


def some_cursor(dice: random.Random) -> object:
    """Follow a cursor that was tampered with; one that is taken still says what it said."""
    row = dice.choice(ROWS)
    _, address = Pages(SETTINGS, "/v1/held", Paging(limit=1)).cut([row, row], lambda given: given)
    cursor = parse_qs(urlsplit(str(address)).query)["cursor"][0]
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    bent = [
        lambda: cursor,
        lambda: base64.urlsafe_b64encode(torn(raw, dice)).decode().rstrip("="),
        lambda: "".join(dice.choices(string.ascii_letters + string.digits + "-_", k=dice.randrange(1, 90))),
        lambda: base64.urlsafe_b64encode(raw[:-SIGNATURE] + dice.randbytes(SIGNATURE)).decode().rstrip("="),
        lambda: cursor[: dice.randrange(1, len(cursor))],
    ]
    place = Pages(SETTINGS, dice.choice(["/v1/held", "/v1/keys"]), Paging(cursor=dice.choice(bent)())).after()
    assert place == [str(each) for each in row]
    return place


def some_key(dice: random.Random) -> object:
    """Read a key with something changed; only the key itself has an id."""
    given = torn(KEY.encode(), dice).decode("latin-1") if dice.random() < 0.9 else KEY
    other = "".join(dice.choices(string.printable + "è\x00", k=dice.randrange(60)))
    assert key_id(other) is None
    assert key_id(PREFIX + other) is None
    assert (key_id(given) is not None) == (given == KEY)
    return given


FUZZ: dict[str, tuple[Fuzz, set[int]]] = {
    "alerts": (some_alert, {200, 400, 422}),
    "cursors": (some_cursor, {200, 400}),
    "keys": (some_key, {200}),
}
"""What is read, and what may come of it: each must have come at least once."""


@pytest.mark.timeout(PATIENCE)
@pytest.mark.parametrize(("fuzz", "statuses"), FUZZ.values(), ids=FUZZ)
def test_whatever_is_written_is_read_or_refused(fuzz: Fuzz, statuses: set[int], times: int) -> None:
    assert fuzzed(fuzz, times) == statuses


def test_a_text_of_any_marks_is_shown_or_refused() -> None:
    assert fuzzed(some_markup, FEWER) == {200, 422}


@pytest.mark.nightly
@pytest.mark.timeout(PATIENCE)
def test_a_text_of_any_marks_is_shown_or_refused_all_night(times: int) -> None:
    assert fuzzed(some_markup, times) == {200, 422}
