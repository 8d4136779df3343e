# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Texts to try: ordinary, marked at random, and the ones that other renderers were seen to break on."""

from hypothesis import strategies as st

from workers.telegram.part import Entity, Kind, Part
from workers.telegram.rich import Rich, Span

LINK = "https://a.it/x"
KINDS: tuple[Kind, ...] = ("bold", "italic", "strikethrough", "code", "pre", "text_link", "blockquote")
FAMILY = "👨‍👩‍👧‍👦"
CLUSTERS = (
    "a",
    "Z",
    "è",
    "e\u0323\u0302",
    "7",
    ".",
    ",",
    "!",
    "。",
    "：",
    "「",
    "」",
    "汉",
    "字",
    "😀",
    FAMILY,
    "👩🏽",
    "🇮🇹",
    "क्ष",
    "é",
)
BLANKS = (" ", " ", "\n", "\n\n", ". ", "。\n", ": ")

TORTURE = {
    "nested emphasis": "**a *b ~~c **d** c~~ b* a** " * 60,
    "clusters": (FAMILY + "🇮🇹" + "👩🏽") * 480,
    "bold": "**" + "a" * 10_000 + "**",
    "chinese": "鉴于天气恶劣，学校今天停课。请家长不要送孩子上学！" * 400,
    "arabic": "\u202bمرحبا بالعالم\u202c שלום עולם \u2067abc\u2069 " * 200,
    "unbalanced": "**a *b ~~c `d [e](https://a.it/f _g_ ** * ~~ " * 40,
    "code": "```\n" + "    if a < b:\n        c()\n" * 400 + "```",
    "entities": "a &amp; b &lt;c&gt; &quot;d&quot; &amp;amp; " * 300,
    "lists": "\n".join("  " * (line % 5) + "- voce *uno* [due](https://a.it/x)" for line in range(40)),
    "quote": "> una riga **citata** con 😀\n" * 500,
    "one word": "x" * 15_000,
    "no pause": "汉" * 5_000,
}


@st.composite
def riches(draw: st.DrawFn, most: int = 60) -> Rich:
    """Text of clusters and blanks with marks anywhere."""
    text = "".join(draw(st.lists(st.sampled_from(CLUSTERS * 2 + BLANKS), min_size=1, max_size=most)))
    spans = draw(st.lists(st.builds(_span, st.sampled_from(KINDS), _share(), _share()), max_size=6))
    placed = (Span(s.kind, s.start * len(text) // 100, s.end * len(text) // 100, s.url) for s in spans)
    return Rich(text, tuple(span for span in placed if span.start < span.end))


@st.composite
def parts(draw: st.DrawFn, alphabet: str) -> Part:
    """A part with entities anywhere, as a stranger might send it."""
    text = draw(st.text(alphabet, min_size=1, max_size=14))
    edges = [0]
    for character in text:
        edges.append(edges[-1] + 1 + (character > "\uffff"))
    entities = []
    for kind in draw(st.lists(st.sampled_from(KINDS), max_size=6)):
        start, end = sorted((draw(st.sampled_from(edges)), draw(st.sampled_from(edges))))
        if start < end:
            entities.append(Entity(kind, start, end - start, LINK if kind == "text_link" else None))
    return Part(text, tuple(entities))


def _share() -> st.SearchStrategy[int]:
    return st.integers(0, 100)


def _span(kind: Kind, one: int, other: int) -> Span:
    return Span(kind, min(one, other), max(one, other), LINK if kind == "text_link" else None)
