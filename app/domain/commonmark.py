# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The CommonMark parser of notices: it lets every link through to be judged, and does not read without end."""

from markdown_it import MarkdownIt
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.utils import EnvType

from app.domain.runs import MAX_NESTING
from app.domain.spelling import SpellingError

# What the parser asks of a line is which block it begins: once to ten times for each, but once for each pair of lines
# where quotes are interrupted. What it skips is in brackets, once for each bracket that is open.
LOOK, SKIP = "looks", "skips"
MOST = {LOOK: 3000, SKIP: 10_000}
"""4 to 10 microseconds each, and half of one."""
TOO_MANY = {
    LOOK: "too many lists and quotes: use fewer, or put an empty line after each quote",
    SKIP: "too many square brackets that nothing closes",
}
TOO_DEEP = f"lists and quotes are nested deeper than {MAX_NESTING} levels"


def _count(what: str, env: EnvType) -> None:
    """Count what the parser does for one source, and refuse to read on for long."""
    env[what] = env.get(what, 0) + 1
    if env[what] > MOST[what]:
        raise SpellingError(TOO_MANY[what])


class _Inline(ParserInline):
    def skipToken(self, state: StateInline) -> None:  # noqa: N802 # the library's name
        _count(SKIP, state.env)
        super().skipToken(state)


class Parser(MarkdownIt):
    """Lets every link through, so that we refuse it by name instead of seeing its source printed.

    `html`: whether it is recognised, in order to be refused. The library drops what is nested deeper than maxNesting
    without a word: it must be far above the depth that we refuse.
    """

    def __init__(self, *, html: bool) -> None:
        super().__init__()
        self.inline = _Inline()
        self.configure("commonmark", {"html": html, "maxNesting": 40}).enable("strikethrough")
        self.inline.ruler.before("link", "unclosed", _unclosed)
        self.block.ruler.before("code", "counted", _counted, {"alt": ["paragraph", "reference", "blockquote", "list"]})

    def validateLink(self, url: str) -> bool:  # noqa: N802 # the library's name
        return bool(url) or True


def _counted(state: StateBlock, line: int, _: int, __: bool) -> bool:  # noqa: FBT001 # the library's signature
    """Begin no block, but stop early: a list is two of the library's levels, a quote one."""
    _count(LOOK, state.env)
    if state.level > 2 * MAX_NESTING + 1:
        raise SpellingError(f"{TOO_DEEP} (line {line + 1})")
    return False


def _unclosed(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 # the library's signature
    """Take a bracket that nothing can close for a sign like any other: no label is looked for in all that follows."""
    here = state.src[state.pos]
    if here not in "![" or state.src.find("]", state.pos, state.posMax) >= 0:
        return False
    if not silent:
        state.append_pending(here)
    state.pos += 1
    return True


PARSER = Parser(html=True)
