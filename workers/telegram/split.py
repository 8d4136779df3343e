# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Cuts a text that is too long for one message where a reader would pause."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate

import regex

from workers.telegram.rich import Rich

MAX_PARTS = 5

# How much of a part may stay empty for the sake of a better cut; the next is tried when there would be too many parts.
_SLACK = (1 / 2, 1 / 8, 1 / 64)
_AHEAD = 80  # a cluster has at most 64 units: what follows a cut decides whether it goes through one

# Where to cut, best first: paragraph, line, sentence, word (in Chinese, which has no blanks, clause).
_PAUSES = (
    regex.compile(r"\n[ ]*\n"),
    regex.compile(r"\n"),
    regex.compile(
        r"""(?<=[.!?…][)"»”'\]]{0,3})\s+(?=[^\p{Ll}\p{Nd}\s])|(?<=[。！？；][”’」』）》]{0,3})(?![”’」』）》。！？；])"""
    ),
    regex.compile(r"\s|(?<=[，、：][”’」』）》]{0,3})(?![”’」』）》，、：])"),
)
_CLUSTER = regex.compile(r"\X")
_CONTINUES = regex.compile(r"[\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]")
_CLOSING = frozenset("，。、！？；：）》」』”’…·,.;:!?)]}»")
_OPENING = frozenset("（《「『“‘«([{¿¡")
_FIGURE = regex.compile(
    r"[+€]?\d[\d.,:/ \u00a0-]{0,40}(?:€|%|°C?|\p{Han}|[^\W\d_]{1,14})?|(?:€|[Oo]re|[Aa]rt\.|n\.)[ \u00a0]\d+"
)
_BLANK_LINES = re.compile(r"(?:[ ]*\n)*")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


class TooLong(ValueError):  # noqa: N818 # the name that intake and preview know
    """The notice would need more than five posts: shorten it, or publish a summary with a link."""


def split(rich: Rich, budget: int) -> tuple[Rich, ...]:
    """The text in at most five pieces of at most `budget` UTF-16 units, or `TooLong`; only blanks at a cut are lost."""
    atoms = _atoms(rich, budget // 4)
    for slack in _SLACK:
        pieces: list[Rich] = []
        for start, end in _pieces(rich, budget, slack, atoms):
            pieces.append(rich.cut(start, end))
            if len(pieces) > MAX_PARTS:
                break
        else:
            return tuple(pieces)
    raise TooLong(TooLong.__doc__)


def _pieces(rich: Rich, budget: int, slack: float, atoms: frozenset[int]) -> Iterator[tuple[int, int]]:
    text, start = rich.text, 0
    stop = len(text.rstrip(" \n"))
    while start < stop:
        limit = _reach(text, start, budget)
        end = stop if limit >= stop else _cut(text, (start, limit - int((limit - start) * slack), limit), atoms)
        yield start, start + len(text[start:end].rstrip(" \n"))
        start = _resume(rich, end)


def _resume(rich: Rich, end: int) -> int:
    """Past the blanks after a cut; in code the indentation of the next line stays."""
    found = _BLANK_LINES.match(rich.text, end)
    start = found.end() if found else end
    if any(span.start < start < span.end for span in rich.spans if span.kind == "pre"):
        return start
    return len(rich.text) - len(rich.text[start:].lstrip(" \n"))


def _reach(text: str, start: int, budget: int) -> int:
    window = text[start : start + budget]
    if not _ASTRAL.search(window):
        return start + len(window)
    ends = list(accumulate(1 + (character > "\uffff") for character in window))
    return start + bisect_right(ends, budget)


def _cut(text: str, window: tuple[int, int, int], atoms: frozenset[int]) -> int:
    _, low, limit = window
    for pause in _PAUSES:
        found = (place.start() for place in pause.finditer(text, low + 1, limit + _AHEAD))
        places: list[int] = [
            place for place in found if place <= limit and place not in atoms and not _continues(text, place)
        ]
        if places:
            return max(places)
    return _cut_between_clusters(text, window, atoms) or limit


def _continues(text: str, place: int) -> bool:
    """Whether what stands after the blank at this place clings to it."""
    after = place + (place < len(text) and text[place].isspace() and text[place] != "\n")
    return _CONTINUES.match(text, after) is not None or _CONTINUES.match(text, place) is not None


def _cut_between_clusters(text: str, window: tuple[int, int, int], atoms: frozenset[int]) -> int | None:
    start, low, limit = window
    found = (cluster.end() for cluster in _CLUSTER.finditer(text, start, limit + _AHEAD))
    ends: list[int] = [end for end in found if end <= limit]
    for end in reversed(ends):
        if end <= low:
            break
        if end not in atoms and text[end] not in _CLOSING and text[end - 1] not in _OPENING:
            return end
    return ends[-1] if ends else None


def _atoms(rich: Rich, longest: int) -> frozenset[int]:
    """The places inside links, code, and figures with their unit; a line of `label: value` ends before it is cut."""
    stretches = [(span.start, span.end) for span in rich.spans if span.kind in {"text_link", "code"}]
    stretches += [found.span() for found in _FIGURE.finditer(rich.text)]
    short = (range(start + 1, end) for start, end in stretches if end - start <= longest)
    return frozenset(place for stretch in short for place in stretch)
