# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Text with marks on it while it is put together; positions are Python's, turned into UTF-16 once, at the end."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from workers.telegram.part import Kind


@dataclass(frozen=True, slots=True)
class Span:
    kind: Kind
    start: int
    end: int
    url: str | None = None

    def within(self, start: int, end: int) -> "Span":
        """The share of this span in a slice of the text, as positions in that slice; it may be empty."""
        return Span(self.kind, max(self.start, start) - start, min(self.end, end) - start, self.url)

    def shifted(self, by: int) -> "Span":
        return Span(self.kind, self.start + by, self.end + by, self.url)


@dataclass(frozen=True, slots=True)
class Rich:
    text: str = ""
    spans: tuple[Span, ...] = ()

    def marked(self, kind: Kind, url: str | None = None) -> "Rich":
        return Rich(self.text, (Span(kind, 0, len(self.text), url), *self.spans))

    def without(self, *kinds: Kind) -> "Rich":
        return Rich(self.text, tuple(span for span in self.spans if span.kind not in kinds))

    def cut(self, start: int, end: int) -> "Rich":
        """A slice; what is marked across its edge stays marked inside."""
        clipped = (span.within(start, end) for span in self.spans)
        return Rich(self.text[start:end], tuple(span for span in clipped if span.start < span.end))

    def moved(self, text: str, moved: Callable[[int], int]) -> "Rich":
        """The same marks on a text that lost characters; `moved` tells where a position went."""
        spans = (Span(span.kind, moved(span.start), moved(span.end), span.url) for span in self.spans)
        return Rich(text, tuple(span for span in spans if span.start < span.end))


def joined(pieces: Iterable[Rich], between: str = "") -> Rich:
    """The pieces that are not empty, one after the other."""
    texts: list[str] = []
    spans: list[Span] = []
    length = 0
    for piece in pieces:
        if not piece.text:
            continue
        length += len(between) if texts else 0
        spans += [span.shifted(length) for span in piece.spans]
        texts.append(piece.text)
        length += len(piece.text)
    return Rich(between.join(texts), tuple(spans))
