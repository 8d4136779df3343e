# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What municipal systems send: notices, and events in each of their three modes."""

import json
import random
from typing import Any

from app.access import Caller
from app.api.batches import MOST
from app.api.cloudevent import event_from
from app.api.cloudevent_headers import attributes_in, header
from app.api.cloudevents import noticed, origin, structured
from app.api.fingerprint import _canonical
from app.api.reading import read, validated
from app.domain.errors import InvalidNoticeError, TooLargeError
from app.domain.key import Role
from app.domain.leading import first_foreign
from app.domain.markup import parse
from app.domain.notice import Notice
from app.domain.personal import first_certain
from app.domain.when import when
from app.domain.words import words_for
from tests.fuzz.bending import FAR, PUT, bent, mixed, torn
from tests.fuzz.fuzzing import Target
from tests.fuzz.samples import BODIES, CLOUDEVENTS, HOST, NOTICES, SENT

CALLER = Caller("k", Role.SOURCE, "mensa", event_sources=("/mensa", "urn:mensa"))
BASE = {"ce-id": "1", "ce-source": "/mensa", "ce-type": "t", "ce-specversion": "1.0"}
MORE = [
    "ce-time",
    "ce-subject",
    "ce-dataschema",
    "ce-expirytime",
    "ce-traceparent",
    "ce-datacontenttype",
    "ce-",
    "ce-x_y",
]
PIECES = [
    *("%", "%4", "%zz", "%00", "%C3%A8", "%ED%A0%80", "%ff", '"', '\\"', "\\", " ", "\t", "1.0", "/mensa", "a", "\x7f"),
    *(*FAR, SENT, "2026-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "0000-00-00T00:00:00Z"),
    *("https://[", "urn:", "#", "\xff", "", "x" * 1100, "00-" + "a" * 32 + "-" + "b" * 16 + "-01"),
]
FINE = ["1.0", "urn:mensa", "/mensa", SENT, "urn:x", "1", "a%20b", '"a"', "application/json"] * 4
Headers = list[tuple[bytes, bytes]]


def _headers(dice: random.Random) -> tuple[Headers, bytes]:
    names = dice.sample([*BASE, *MORE], dice.choice([0, 1, 1, 1, 2, 8]))
    named = {name: "".join(dice.choices([*PIECES, *FINE], k=dice.choice([0, 1, 1, 1, 2, 3]))) for name in names}
    given = BASE | named if dice.random() < 0.9 else named
    raw = [(name.encode(), value.encode("latin-1")) for name, value in given.items()]
    if dice.random() < 0.2:
        raw += [(dice.randbytes(dice.randrange(6)).lower(), dice.randbytes(dice.randrange(30)))]
        raw += [(b"ce-" + dice.randbytes(3).lower(), torn(b"abc", dice))]
    notice = dice.choice(NOTICES) | {"event_id": given.get("ce-id", "1")}
    return raw, json.dumps(notice).encode() if dice.random() < 0.9 else dice.choice(PUT)


def _binary(given: tuple[Headers, bytes]) -> Notice:
    headers, body = given
    event = event_from(attributes_in(headers), header)
    event.context()
    notice = noticed(event, read(body), ())
    origin(CALLER, event, header)
    return notice


def _body(dice: random.Random) -> bytes:
    notice = dice.choice(NOTICES)
    good = json.dumps(bent(notice, dice) if dice.random() < 0.8 else notice).encode()
    return mixed(good, BODIES, dice)


def _read(body: bytes) -> Notice:
    read(body)
    _canonical("application/json", body)
    return validated(Notice, body, InvalidNoticeError)


def _event(dice: random.Random) -> Any:
    event = dice.choice(CLOUDEVENTS)
    for _ in range(dice.randrange(3)):
        event = bent(event, dice)
    return event


def _event_body(dice: random.Random) -> bytes:
    return mixed(json.dumps(_event(dice)).encode(), [], dice)


def _structured(body: bytes) -> Notice:
    return structured(CALLER, read(body), ())[0]


def _batch(dice: random.Random) -> bytes:
    batch: Any = [_event(dice) for _ in range(dice.randrange(4))]
    return mixed(json.dumps(bent(batch, dice) if dice.random() < 0.2 else batch).encode(), [], dice)


def _items(body: bytes) -> list[Notice]:
    given = read(body)
    if not isinstance(given, list):
        raise InvalidNoticeError
    if len(given) > MOST:
        raise TooLargeError
    return [structured(CALLER, each, (place,))[0] for place, each in enumerate(given)]


def counted(notice: Notice) -> None:
    """Count with every time of a notice, as boards, channels and the database do."""
    for moment in (notice.valid_from, notice.valid_until, notice.publish_at, notice.expires_at):
        for zone in ("Etc/GMT-14", "Etc/GMT+12"):
            when(moment, moment, zone, words_for("it"))


def looked_at(notice: Notice) -> object:
    """Look for what leads elsewhere and for what is personal."""
    return first_foreign(notice, (HOST,)), first_certain(notice)


READ, REFUSED = (counted, looked_at), frozenset({200, 400, 422})
SENT_TO_US = [
    Target("headers", _headers, _binary, REFUSED | {403}, READ, parse.cache_clear),
    Target("bodies", _body, _read, REFUSED, READ, parse.cache_clear),
    Target("events", _event_body, _structured, REFUSED | {403}, READ, parse.cache_clear),
    Target("batches", _batch, _items, REFUSED | {403, 413}, (), parse.cache_clear),
]
