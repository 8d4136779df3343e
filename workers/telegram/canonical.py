# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The form in which Telegram stores a message, so that what we send is what can be read back later.

Telegram rewrites some characters, trims, and puts entities into an order of its own, in which bold, italic and
struck text is cut where another entity begins or ends. Sending that form makes sent and stored comparable.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import accumulate, pairwise
from operator import attrgetter

from workers.telegram.part import Entity, Kind, Part
from workers.telegram.rich import Rich, Span

MAX_ENTITIES = 100

_LOOKS: tuple[Kind, ...] = ("bold", "italic", "strikethrough")
_VERBATIM: tuple[Kind, ...] = ("pre", "code")
_FIRST: tuple[Kind, ...] = ("blockquote", "pre", "code", "text_link", "bold", "italic", "strikethrough")
_DISPENSABLE: tuple[Kind, ...] = ("italic", "code", "bold", "blockquote", "pre", "strikethrough", "text_link")
_START, _END = attrgetter("start"), attrgetter("end")
_CONTROLS = {code: " " for code in range(0x20) if chr(code) not in "\n\r"}
_DROPPED = re.compile("[\r\u2028-\u202e\u030a\u0333\u033f]")
_DIRECTIONS = re.compile("[\u200e\u200f](?=[\u200e\u200f])")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


def canonical(part: Part) -> Part:
    """The part as Telegram would store it, with at most 100 entities; doing it twice changes nothing."""
    ends = list(accumulate(map(_width, part.text), initial=0))
    spans = (
        Span(e.kind, bisect_left(ends, e.offset), bisect_left(ends, e.offset + e.length), e.url) for e in part.entities
    )
    return settled(Rich(part.text, tuple(spans)))


def settled(rich: Rich) -> Part:
    rich = _arranged(rich)
    clean = _cleaned(rich)
    if clean.text != rich.text:
        rich = _arranged(clean)
    if len(rich.spans) > MAX_ENTITIES:
        rich = _arranged(_flattened(rich))
    rich = _trimmed(rich)
    return Part(rich.text, _entities(rich))


def _cleaned(rich: Rich) -> Rich:
    text = rich.text.translate(_CONTROLS)
    dropped = [found.start() for found in _DROPPED.finditer(text)]
    if dropped:
        rich = rich.moved(text, lambda index: index - bisect_left(dropped, index))
        text = _DROPPED.sub("", text)
    return Rich(_DIRECTIONS.sub("\u200c", text), rich.spans)


def _trimmed(rich: Rich) -> Rich:
    """Without blanks around it; indentation that begins a code block stays, as it does in Telegram."""
    start = len(rich.text) - len(rich.text.lstrip(" \n"))
    code = min((span.start for span in rich.spans if span.kind in _VERBATIM), default=start)
    return rich.cut(min(start, code), len(rich.text.rstrip(" \n")))


def _arranged(rich: Rich) -> Rich:
    text, spans = rich.text, sorted(rich.spans, key=_order)
    others = (span for span in spans if span.kind not in _LOOKS)
    shrunk = sorted(filter(None, map(partial(_shrunk, text), others)), key=_order)
    quotes = _apart(span for span in shrunk if span.kind == "blockquote")
    whole = _apart(span for span in shrunk if span.kind != "blockquote")
    whole = [span for span in whole if not any(_crosses(span, quote) for quote in quotes)]
    looks = [look for kind in _LOOKS for look in _stretches(text, kind, spans, whole)]
    edges = {edge for span in (*quotes, *whole) for edge in (span.start, span.end)}
    cuts = sorted(edges | {look.start for look in looks})
    pieces = (piece for look in looks for piece in _pieces(look, cuts))
    return Rich(text, tuple(sorted((*quotes, *whole, *pieces), key=_order)))


def _shrunk(text: str, span: Span) -> Span | None:
    """The span without the blanks at its ends, where Telegram would show nothing of it; code keeps its own."""
    inside = text[span.start : span.end]
    if not inside.strip():
        return None
    if span.kind in _VERBATIM:
        return span
    start = span.start + len(inside) - len(inside.lstrip())
    return Span(span.kind, start, start + len(inside.strip()), span.url)


def _order(span: Span) -> tuple[int, int, int]:
    return span.start, -span.end, _FIRST.index(span.kind)


def _apart(spans: Iterable[Span]) -> list[Span]:
    """Those that do not overlap an earlier one."""
    kept: list[Span] = []
    for span in spans:
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept


def _crosses(span: Span, quote: Span) -> bool:
    inside = quote.start <= span.start and span.end <= quote.end
    return not inside and span.start < quote.end and quote.start < span.end


def _stretches(text: str, kind: Kind, spans: Iterable[Span], whole: Iterable[Span]) -> Iterator[Span]:
    """Where text has this look: neighbours joined, code left out."""
    merged: list[Span] = []
    for span in (span for span in spans if span.kind == kind):
        if merged and span.start <= merged[-1].end:
            span = Span(kind, merged[-1].start, max(span.end, merged.pop().end))  # noqa: PLW2901
        merged.append(span)
    code = [span for span in whole if span.kind in _VERBATIM]
    for look in merged:
        within = code[bisect_right(code, look.start, key=_END) : bisect_left(code, look.end, key=_START)]
        starts = [look.start, *(max(look.start, span.end) for span in within)]
        ends = [*(min(look.end, span.start) for span in within), look.end]
        gaps = (Span(kind, *gap) for gap in zip(starts, ends, strict=True) if gap[0] < gap[1])
        yield from filter(None, map(partial(_shrunk, text), gaps))


def _pieces(look: Span, cuts: Sequence[int]) -> Iterator[Span]:
    within = cuts[bisect_right(cuts, look.start) : bisect_left(cuts, look.end)]
    return (Span(look.kind, *piece) for piece in pairwise((look.start, *within, look.end)))


def _flattened(rich: Rich) -> Rich:
    """Without the looks that matter least, the last ones first: Telegram would ignore whatever is over 100."""
    spans = rich.spans
    for kind in _DISPENSABLE:
        excess = len(spans) - MAX_ENTITIES
        if excess > 0:
            lost = set([span for span in spans if span.kind == kind][-excess:])
            spans = tuple(span for span in spans if span not in lost)
    return Rich(rich.text, spans)


def _entities(rich: Rich) -> tuple[Entity, ...]:
    if not _ASTRAL.search(rich.text):
        return tuple(Entity(s.kind, s.start, s.end - s.start, s.url) for s in rich.spans)
    at = list(accumulate(map(_width, rich.text), initial=0))
    return tuple(Entity(s.kind, at[s.start], at[s.end] - at[s.start], s.url) for s in rich.spans)


def _width(character: str) -> int:
    return 1 + (character > "\uffff")
