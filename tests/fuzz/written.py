# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What authorities publish, and what callers hold: alerts, bulletins, cursors and keys."""

import base64
import json
import random
import string
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from app.access import Caller
from app.alerts.bulletin import Bulletin
from app.alerts.cap import Alert
from app.alerts.notices import notice_of
from app.api.alerts import checked
from app.api.bulletins import _parsed
from app.api.pages import SIGNATURE, Pages, Paging
from app.domain.key import ALPHABET, PREFIX, Role, checksum, key_id
from tests.alerts.given import ALERT, INFO, cap, info
from tests.api.calling import some_settings
from tests.fuzz.bending import FAR, SIGNS, bent, mixed, spoilt, torn
from tests.fuzz.fuzzing import Target
from tests.fuzz.samples import ALERTS, HOST, ISSUES, SENT, ZONES

SAID = [
    *(" ", "x", "è", "x" * 5000, "Cittadini", "arancione", "rossa", "verde", "Public", "a,b,c", f"a,b,{SENT}", *FAR),
    *("Update", "Cancel", "Ack", "Test", "Exercise", "Immediate", "Minor", "AllClear", "https://x.it/a", "it-IT"),
    *("2026-11-26T10:00:00Z", "2026-02-30T10:00:00+01:00", f"https://{HOST}/a", "https://[x/", "https://x\u2100.it/"),
    *("https://x:y/", "www.x.it", "RSSMRA85T10A562S", SENT, "2027-01-01T00:00:00+01:00"),
]
BOUND = Caller("k", Role.SOURCE, "meteo", link_hosts=(HOST,))
ROME = ZoneInfo("Europe/Rome")
LATE = 4_102_444_800
"""The year 2100: a cursor is good until then."""
ROWS: list[list[object]] = [["mensa"], ["0193a1b2", 7], ["è", None], [2**63, ""]]
LISTS = ["/v1/held", "/v1/keys"]
SETTINGS = some_settings("postgresql://u@h/d", "redis://h")
LETTERS = string.ascii_letters + string.digits + "-_"
BODY = f"{PREFIX}{ALPHABET[:12]}_{ALPHABET[-32:]}"
KEY = BODY + checksum(BODY)


def _said(names: list[str], dice: random.Random) -> dict[str, str]:
    """Give a few elements a text that may be none of theirs, without what no document can hold."""
    words = [dice.choice([*SAID, *SIGNS]) for _ in range(3)]
    clean = [each.encode("utf-8", "replace").decode().replace("\x00", "") for each in words]
    return {dice.choice(names): each for each in clean[: dice.randrange(4)]}


def _alert(dice: random.Random) -> bytes:
    if dice.random() < 0.4:
        return mixed(dice.choice(ALERTS), ALERTS, dice)
    colour, area = dice.choice(["arancione", "verde", None]), escape(dice.choice(["Bisenzio", "x"]))
    inner = [info(colour, [area] * dice.randrange(3), **_said(INFO, dice)) for _ in range(dice.choice([1, 1, 1, 2]))]
    return mixed(cap(*inner, **{"sent": SENT, **_said(ALERT, dice)}), ALERTS, dice)


def _received(body: bytes) -> Alert:
    return checked(BOUND, body, ZONES)


def told(alert: Alert) -> object:
    return notice_of(alert, "e", ZONES)


def _issue(dice: random.Random) -> bytes:
    issue = dice.choice(ISSUES)
    for _ in range(dice.randrange(4)):
        issue = bent(issue, dice)
    return mixed(json.dumps(issue).encode(), [], dice)


def _issued(body: bytes) -> Bulletin:
    return _parsed(body, ZONES, ROME)


def _cursor(dice: random.Random) -> tuple[str, str, list[object]]:
    row, path = dice.choice(ROWS), dice.choice(LISTS)
    body = json.dumps([LATE, *map(str, row)], separators=(",", ":")).encode()
    raw = body + Pages(SETTINGS, path, Paging())._signed(body)
    bent_ways = [
        lambda: raw,
        lambda: torn(raw, dice),
        lambda: raw[:-SIGNATURE] + dice.randbytes(SIGNATURE),
        lambda: dice.randbytes(dice.randrange(1, 90)),
    ]
    text = base64.urlsafe_b64encode(dice.choice(bent_ways)()).decode().rstrip("=")
    if dice.random() < 0.3:
        text = "".join(dice.choices(LETTERS, k=dice.randrange(1, 90))) if dice.random() < 0.3 else text[:-1]
    return dice.choice([path, *LISTS]), text, row


def _followed(given: tuple[str, str, list[object]]) -> object:
    """Follow a cursor that may have been tampered with; one that is taken still says what it said."""
    path, text, row = given
    place = Pages(SETTINGS, path, Paging.model_construct(cursor=text)).after()
    assert place == [str(each) for each in row]
    return place


def _key(dice: random.Random) -> str:
    luck = dice.random()
    if luck < 0.1:
        return KEY
    if luck < 0.7:
        return torn(KEY.encode(), dice).decode("latin-1")
    other = spoilt("".join(dice.choices(string.printable, k=dice.randrange(60))), dice)
    return other if luck < 0.8 else PREFIX + other


def _identified(text: str) -> object:
    """Read a key with something changed; only the key itself has an id."""
    assert (key_id(text) is not None) == (text == KEY)
    return text


WRITTEN = [
    Target("alerts", _alert, _received, frozenset({200, 400, 422}), (told,)),
    Target("bulletins", _issue, _issued, frozenset({200, 400, 422})),
    Target("cursors", _cursor, _followed, frozenset({200, 400})),
    Target("keys", _key, _identified, frozenset({200})),
]
