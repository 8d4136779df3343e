# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Whatever is sent, a reader gives a value or a problem: 20,000 inputs each, or as many as `--fuzz` says.

With `-s` each fuzzer says how many it did in a second, and which took the most of the processor.
"""

import json
import random
import string
import time
from collections.abc import Callable
from typing import Any

import pytest

from app.access import Caller
from app.api.cloudevent import event_from
from app.api.cloudevent_headers import attributes_in, header
from app.api.cloudevents import structured
from app.api.fingerprint import _canonical
from app.api.reading import read, validated
from app.domain.errors import CampanellaError, InvalidNoticeError
from app.domain.key import Role
from app.domain.notice import Notice
from app.domain.when import when
from app.domain.words import words_for
from tests.api.calling import a_notice
from tests.api.events import an_event

PATIENCE = 86_400
Fuzz = Callable[[random.Random], object]
CALLER = Caller("k", Role.SOURCE, "mensa", event_sources=("/mensa",))
NAMES = [
    "ce-id",
    "ce-source",
    "ce-type",
    "ce-specversion",
    "ce-time",
    "ce-subject",
    "ce-datacontenttype",
    "ce-",
    "ce-x_y",
]
FAR = [f"{day}{offset}" for day in ("0001-01-01T00:00:00", "9999-12-31T23:59:59") for offset in ("+14:00", "-14:00")]
PIECES = [
    *("%", "%4", "%zz", "%00", "%C3%A8", "%ED%A0%80", "%ff", '"', '\\"', "\\", " ", "\t", "1.0", "/mensa", "a", "\x7f"),
    *(
        "2026-01-01T00:00:00Z",
        "9999-12-31T23:59:59-23:59",
        *FAR,
        "0000-00-00T00:00:00Z",
        "https://[",
        "urn:",
        "#",
        "\xff",
        "",
    ),
]
VALUES: list[Any] = [
    *(
        None,
        True,
        0,
        -1,
        2**31,
        2**70,
        1e308,
        -0.0,
        "",
        "\x00",
        "\ud800",
        "\ufffe",
        "a" * 2000,
        [],
        {},
        [[]],
        {"a": {}},
    ),
    *FAR,
    *("2026-02-30T00:00:00Z", "1:b", "https://x.it", "<b>x</b>", "![x](y)", "**" * 50, "\u200b", "e" + "\u0301" * 70),
]


def some_headers(dice: random.Random) -> object:
    """Read headers of any names and values, as the attributes of an event."""
    named = {name: "".join(dice.choices(PIECES, k=dice.randrange(4))) for name in dice.sample(NAMES, dice.randrange(8))}
    base = {"ce-id": "1", "ce-source": "/mensa", "ce-type": "t", "ce-specversion": "1.0"}
    given = base | named if dice.random() < 0.7 else named
    raw = [(name.encode(), value.encode("latin-1")) for name, value in given.items()]
    if dice.random() < 0.2:
        raw += [(bytes(dice.randbytes(dice.randrange(6))).lower(), dice.randbytes(dice.randrange(30)))]
        raw += [(b"ce-" + bytes(dice.randbytes(3)).lower(), dice.randbytes(9))]
    return event_from(attributes_in(raw), header).context()


def bent(value: Any, dice: random.Random) -> Any:
    """Give the same document with something replaced, taken away or added somewhere."""
    if isinstance(value, dict) and value and dice.random() < 0.8:
        name = dice.choice(list(value))
        return {**value, dice.choice([name, "".join(dice.choices(string.printable, k=3))]): bent(value[name], dice)}
    if isinstance(value, list) and value and dice.random() < 0.8:
        return [*value[1:], bent(value[0], dice)]
    return dice.choice(VALUES)


def torn(body: bytes, dice: random.Random) -> bytes:
    """Give the same bytes with some of them changed, taken away or doubled."""
    place, length = dice.randrange(len(body)), dice.randrange(12)
    put = dice.choice(
        [b"", dice.randbytes(length), b"\\ud800", b"{" * length, b'"', b",", b"1e999", b"NaN", b"\xef\xbb\xbf"]
    )
    return body[:place] + put + body[place + dice.choice([0, length]) :]


def counted(notice: Notice) -> Notice:
    """Count with every time of a notice, as boards, channels and the database do."""
    for moment in (notice.valid_from, notice.valid_until, notice.publish_at, notice.expires_at):
        for zone in ("Etc/GMT-14", "Etc/GMT+12"):
            when(moment, moment, zone, words_for("it"))
    return notice


def some_body(dice: random.Random) -> object:
    """Read bytes that are nearly a notice."""
    body = json.dumps(bent(a_notice(valid_from="2026-11-27T11:30:00Z"), dice)).encode()
    if dice.random() < 0.5:
        body = torn(body, dice)
    read(body)
    _canonical("application/json", body)
    return counted(validated(Notice, body, InvalidNoticeError))


def some_event(dice: random.Random) -> object:
    """Read a document that is nearly an event."""
    body = json.dumps(bent(bent(an_event(), dice), dice)).encode()
    notice, origin = structured(CALLER, read(body), (dice.randrange(100),))
    return counted(notice), origin


def what_came_of(fuzz: Fuzz, seed: int) -> int:
    """Give the status of the refusal, or 200; anything else that is raised is a crash, and names its seed."""
    try:
        fuzz(random.Random(seed))  # noqa: S311 - to be repeated
    except CampanellaError as error:
        json.dumps(error.members).encode()
        return error.status
    except Exception as error:
        raise AssertionError(f"seed {seed}") from error
    return 200


def fuzzed(fuzz: Fuzz, times: int) -> set[int]:
    """Give every status that came of so many inputs, and say how long they took."""
    statuses, slowest, begun = set[int](), (0.0, 0), time.monotonic()
    for seed in range(times):
        before = time.process_time()
        statuses.add(what_came_of(fuzz, seed))
        slowest = max(slowest, (time.process_time() - before, seed))
    rate = times / (time.monotonic() - begun)
    print(f"{fuzz.__name__}: {times} inputs, {rate:,.0f}/s, the slowest {1000 * slowest[0]:.1f} ms (seed {slowest[1]})")  # noqa: T201 - for whoever asks with -s
    return statuses


@pytest.fixture
def times(request: pytest.FixtureRequest) -> int:
    """Give how many inputs each fuzzer gets."""
    return int(request.config.getoption("--fuzz"))


@pytest.mark.timeout(PATIENCE)
@pytest.mark.parametrize("fuzz", [some_headers, some_body, some_event], ids=lambda each: each.__name__)
def test_whatever_is_sent_is_read_or_refused(fuzz: Fuzz, times: int) -> None:
    statuses = fuzzed(fuzz, times)

    assert {200, 400, 422} <= statuses <= {200, 400, 403, 413, 422}
