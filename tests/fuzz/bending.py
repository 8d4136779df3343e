# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Bends what is good, by dice: a value somewhere in a document, some bytes, or half of it for half of another."""

import random
import string
from collections.abc import Sequence
from typing import Any

FAR = [f"{day}{offset}" for day in ("0001-01-01T00:00:00", "9999-12-31T23:59:59") for offset in ("+14:00", "-14:00")]
TIMES = [
    *FAR,
    "2026-02-30T00:00:00Z",
    "0000-00-00T00:00:00Z",
    "2026-11-27T11:30:00",
    "2038-01-19T03:14:08Z",
    "2026-11-27T24:00:00Z",
]
NUMBERS: list[Any] = [0, -1, 2**31, 2**63, 2**70, 10**400, 1e308, -0.0, 5e-324, True, False]
SIGNS = [
    *("", " ", "\x00", "\t", "\x7f", "\x85", "\ud800", "\udfff", "\ufffe", "\ufeff", "\u200b", "\u200d", "\u2028"),
    *("\u202e", "\u2066", "è", "e\u0301", "e" + "\u0301" * 70, "ﷺ", "İ", "ß", "学校", "👨‍👩‍👧", "🇮🇹", "\U0010ffff"),
    *(
        "<b>x</b>",
        "<script",
        "</",
        "<!--",
        "]]>",
        "&amp;",
        "&#0;",
        "&#xd800;",
        "&lt",
        "%",
        "%00",
        "%zz",
        "\\",
        '"',
        "'",
    ),
    *("![x](y)", "[x](javascript:1)", "**" * 50, "[" * 40, "> " * 40, "1:b", "https://x.it", "https://[", "urn:", "#"),
    *("a" * 2000, "9" * 5000, "it-IT", "zh-Hant", "mensa", "RSSMRA85T10A562S", "IT60X0542811101000000123456"),
]
EMPTY: list[Any] = [None, [], {}, [[]], {"a": {}}, {"": ""}, [None] * 200]
VALUES: list[Any] = [*NUMBERS, *EMPTY, *SIGNS, *TIMES]
PUT = [
    *(b"", b"", b'"', b",", b":", b"\\ud800", b"\\u0000", b"{" * 12, b"[" * 40, b"}", b"1e999", b"NaN", b"-", b"\x00"),
    *(b"\xef\xbb\xbf", b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"<", b"&", b"<!--", b"<![CDATA[", b"]]>", b"<?x ?>"),
    *(b'<!DOCTYPE a [<!ENTITY b "c">]>', b"&b;", b"&#0;", b' xmlns="u:x"', b' encoding="utf-16"', b"<info/>", b"/>"),
]
DEEP = 45


def bent(value: Any, dice: random.Random) -> Any:
    """Give the same document with something replaced, taken away, doubled or added somewhere."""
    if isinstance(value, dict) and value and dice.random() < 0.8:
        return _member(value, dice)
    if isinstance(value, list) and value and dice.random() < 0.8:
        place = dice.randrange(len(value))
        return [*value[:place], *_item(value[place], dice), *value[place + 1 :]]
    if isinstance(value, str) and dice.random() < 0.6:
        return spoilt(value, dice)
    return _deep(dice) if dice.random() < 0.02 else dice.choice(VALUES)


def _member(value: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    name, luck = dice.choice(list(value)), dice.random()
    if luck < 0.1:
        return {other: each for other, each in value.items() if other != name}
    if luck < 0.2:
        other = dice.choice([*SIGNS, "".join(dice.choices(string.printable, k=3))])
        return {**value, other: dice.choice([value[name], dice.choice(VALUES)])}
    return {**value, name: bent(value[name], dice)}


def _item(item: Any, dice: random.Random) -> list[Any]:
    luck = dice.random()
    if luck < 0.1:
        return []
    return [item] * dice.choice([2, 3, 101]) if luck < 0.2 else [bent(item, dice)]


def _deep(dice: random.Random) -> Any:
    """Give a value with many others around it."""
    value: Any = dice.choice(SIGNS)
    for _ in range(dice.randrange(DEEP)):
        value = [value] if dice.random() < 0.5 else {"a": value}
    return value


def spoilt(text: str, dice: random.Random) -> str:
    """Give the same text with something put into it, or in the place of some of it."""
    place, length = dice.randrange(len(text) + 1), dice.randrange(12)
    return text[:place] + dice.choice(SIGNS) + text[place + dice.choice([0, length]) :]


def torn(body: bytes, dice: random.Random) -> bytes:
    """Give the same bytes with some of them changed, taken away or doubled."""
    place, length = dice.randrange(len(body) + 1), dice.randrange(12)
    put = (
        dice.choice(PUT) if dice.random() < 0.7 else dice.choice([dice.randbytes(length), body[place - length :][:40]])
    )
    return body[:place] + put + body[place + dice.choice([0, length]) :]


def spliced(bodies: Sequence[bytes], dice: random.Random) -> bytes:
    """Give the beginning of one and the end of another."""
    one, other = dice.choice(bodies), dice.choice(bodies)
    return one[: dice.randrange(len(one) + 1)] + other[dice.randrange(len(other) + 1) :]


def mixed(good: bytes, others: Sequence[bytes], dice: random.Random) -> bytes:
    """Give it as it is, torn once or a few times, or spliced with another."""
    luck = dice.random()
    if luck < 0.5:
        return good
    body = good if luck < 0.95 else spliced([good, *others], dice)
    for _ in range(1 if luck < 0.85 else dice.randrange(1, 6)):
        body = torn(body, dice)
    return body
