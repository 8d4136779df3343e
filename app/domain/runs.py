# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The inside of a paragraph: CommonMark's inline tokens read into runs of one look each."""

from itertools import groupby
from operator import itemgetter

from markdown_it.token import Token

from app.domain.blocks import Run
from app.domain.links import known_link
from app.domain.spelling import SpellingError, is_visible, refuse_unprintable, tidied

MAX_NESTING = 6

_Look = tuple[bool, bool, bool, bool, str | None]

_REFUSED = {"image": "images are not allowed here, attach them to the notice", "html_inline": "HTML is not allowed"}


def runs(content: Token) -> tuple[Run, ...]:
    """The runs of one inline token, neighbours of the same look joined, or a `SpellingError`."""
    reader = _Reader(content)
    for token in content.children or ():
        reader.read(token)
    joined = ((look, tidied("".join(map(itemgetter(1), same)))) for look, same in groupby(reader.pieces, itemgetter(0)))
    return tuple(Run(text, *look) for look, text in joined if text)


def refused(what: str, token: Token, below: int = 0) -> SpellingError:
    """What a notice may not contain, with the line where the block begins that holds it."""
    line = (token.map[0] if token.map else 0) + 1 + below
    return SpellingError(f"{what} (line {line})")


class _Reader:
    """Walks the tokens of one paragraph and remembers what is open."""

    def __init__(self, content: Token) -> None:
        self.pieces: list[tuple[_Look, str]] = []
        self._content = content
        self._line = 0
        self._open: list[str] = []
        self._link: str | None = None
        self._link_text = ""

    def read(self, token: Token) -> None:
        match token.type:
            case "text" | "text_special":
                self._add(token.content)
            case "code_inline":
                self._add(token.content, code=True)
            case "softbreak" | "hardbreak":
                self._line += 1
                self._add("\n")
            case "link_open" | "link_close":
                self._turn_link(token)
            case refusal if refusal in _REFUSED:
                raise self._refused(_REFUSED[refusal])
            case _:
                self._turn(token)

    def _add(self, text: str, *, code: bool = False) -> None:
        try:
            refuse_unprintable(text)
        except SpellingError:
            raise self._refused("an entity stands for a character that cannot be shown") from None
        tags = self._open
        if text:
            self.pieces.append((("strong" in tags, "em" in tags, "s" in tags, code, self._link), text))
        self._link_text += text

    def _turn(self, token: Token) -> None:
        if token.nesting < 0:
            self._open.pop()
            return
        self._open.append(token.tag)
        if len(self._open) > MAX_NESTING:
            raise self._refused(f"emphasis is nested deeper than {MAX_NESTING} levels")

    def _turn_link(self, token: Token) -> None:
        if token.nesting < 0:
            if not is_visible(self._link_text):
                raise self._refused("a link has no text")
            self._link = None
            return
        try:
            self._link = known_link(str(token.attrGet("href") or ""))
        except SpellingError as error:
            raise self._refused(str(error)) from None
        self._link_text = ""

    def _refused(self, what: str) -> SpellingError:
        return refused(what, self._content, self._line)
