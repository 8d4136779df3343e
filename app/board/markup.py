# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The body of a notice as HTML: a strict reader first, an allow list behind it."""

from functools import lru_cache

import nh3
from markdown_it.token import Token

from app.domain.commonmark import Parser
from app.domain.links import known_link
from app.domain.spelling import SpellingError

HEADINGS = {f"h{level}" for level in range(2, 7)}
TAGS = {"p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", *HEADINGS}
ATTRIBUTES = {"a": {"href"}, "ol": {"start"}}
LOWEST = 6


class _Parser(Parser):
    def validateLink(self, url: str) -> bool:  # noqa: N802 - the library's name
        """Take the links that a notice may have, and no other."""
        try:
            return bool(known_link(url))
        except SpellingError:
            return False


_PARSER = _Parser(html=False).disable("image")


@lru_cache(maxsize=1024)
def html(source: str, top: int) -> str:
    """Give clean HTML whose headings begin at level `top` (2 to 6)."""
    tokens = _PARSER.parse(source)
    for token in tokens:
        _lower(token, top)
    written: str = _PARSER.renderer.render(tokens, _PARSER.options, {})
    return nh3.clean(written, tags=TAGS, attributes=ATTRIBUTES, url_schemes={"http", "https"}, link_rel="noopener")


def _lower(token: Token, top: int) -> None:
    """Put a heading of the notice below those of the page."""
    if token.type.startswith("heading_"):
        token.tag = f"h{min(LOWEST, int(token.tag[1:]) + top - 1)}"


def plain(source: str) -> str:
    """Give the text without its marks, for programs that show no HTML."""
    lines = []
    for token in _PARSER.parse(source):
        if token.type == "inline":
            lines.append("".join(_text(child) for child in token.children or ()))
        elif token.type in ("fence", "code_block"):
            lines.append(token.content.rstrip("\n"))
    return "\n\n".join(lines)


def _text(token: Token) -> str:
    return "\n" if token.type in ("softbreak", "hardbreak") else token.content
