# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Documents that are almost right: each a good one with a few things cut, doubled, moved or replaced."""

import random
import re
from typing import Any

PIECE = re.compile(rb"<[^>]*>|[^<]+")
ODD = [
    b"",
    b" ",
    b"\x00",
    b"\xff",
    b"\xed\xa0\x80",
    b"&amp;",
    b"&x;",
    b"&#0;",
    b"<![CDATA[<x>]]>",
    b"<!-- -->",
    b"<?pi?>",
]
ODD += [
    b"<info>",
    b"</info>",
    b"Unknown",
    b"2026-13-01T00:00:00+01:00",
    b"2026-12-10T13:05:00,01:00",
    b"\xf0\x9f\x98\x80",
]
ODD += [
    b"<area><areaDesc>x</areaDesc></area>",
    b"xmlns='x'",
    "\u202e".encode(),
    b"-" * 300,
    b"&#x10FFFF;",
    b"<!DOCTYPE a>",
]


def mutated(good: bytes, chance: random.Random) -> bytes:
    """Give a document with one to four changes."""
    pieces: list[bytes] = PIECE.findall(good)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(pieces))
        match chance.randrange(5):
            case 0:
                del pieces[place]
            case 1:
                pieces.insert(place, chance.choice(pieces))
            case 2:
                pieces[place] = chance.choice(ODD)
            case 3:
                pieces.insert(place, chance.choice(ODD))
            case _:
                other = chance.randrange(len(pieces))
                pieces[place], pieces[other] = pieces[other], pieces[place]
        pieces = pieces or [b"<"]
    return b"".join(pieces)


VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    1e999,
    "",
    "x",
    "20261210_1500",
    "ALLERTA GIALLA",
    "\ud800",
    [],
    {},
    [[]],
    {"type": 1},
]
VALUES += ["Ordinaria / ALLERTA ROSSA", "a\x00b NESSUNA ALLERTA", "x" * 5000, "Bisenzio", {"features": {}}]


def mutated_json(given: Any, chance: random.Random) -> Any:
    """Give a value with one place somewhere in it replaced, taken away or doubled."""
    if isinstance(given, dict) and given and chance.random() < 0.85:
        name = chance.choice(list(given))
        rest = {key: value for key, value in given.items() if key != name}
        return rest if chance.random() < 0.1 else {**rest, name: mutated_json(given[name], chance)}
    if isinstance(given, list) and given and chance.random() < 0.85:
        place = chance.randrange(len(given))
        return [*given[:place], mutated_json(given[place], chance), *given[place:]]
    return chance.choice(VALUES)
