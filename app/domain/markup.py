# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The CommonMark a notice may use, read once into blocks that every kind of channel can render."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import groupby, pairwise

import regex
from markdown_it.token import Token

from app.domain.blocks import Block, Code, Heading, ListBlock, Paragraph, Quote, Rule, runs_of
from app.domain.commonmark import PARSER, TOO_DEEP
from app.domain.links import refuse_open
from app.domain.runs import MAX_NESTING, refused, runs
from app.domain.spelling import (
    SpellingError,
    checked_plain_text,
    is_visible,
    refuse_towers,
    refuse_unprintable,
    tidied,
)

__all__ = ["checked_markup", "checked_plain_text", "parse"]

MAX_BYTES = 20 * 1024
MAX_LINES = 600
MAX_BRACKETS = 100
MAX_SIGNS = 2000
MAX_TARGETS = 200_000
"""Characters from each "](" to the next blank, of all together: that far the parser may look for the end of a link."""
MAX_LINKS = 50
MAX_NUMBER = 9999

_INDENT = regex.compile(r"^ *\t[ \t]*", regex.MULTILINE)
_TARGET = regex.compile(r"\]\((?=(\S*))")
_TABLE_RULE = regex.compile(r" *\|?(?: *:?-+:? *\|)+(?: *:?-+:?)? *")
_BOUNDS: tuple[tuple[Callable[[str], int], int, str], ...] = (
    (lambda source: len(source.encode("utf-8", "surrogatepass")), MAX_BYTES, f"longer than {MAX_BYTES} bytes"),
    (lambda source: source.count("\n") + 1, MAX_LINES, f"more than {MAX_LINES} lines"),
    (lambda source: source.count("["), MAX_BRACKETS, f"more than {MAX_BRACKETS} opening square brackets"),
    (lambda source: sum(map(source.count, "*_~`&<")), MAX_SIGNS, f"more than {MAX_SIGNS} formatting characters"),
    (lambda source: sum(map(len, _TARGET.findall(source))), MAX_TARGETS, "too many links in a text without spaces"),
)


def checked_markup(source: str) -> str:
    """The source, tidied, if every kind of channel can show it; or a `SpellingError`."""
    refuse_unprintable(source)
    source = tidied(_INDENT.sub(lambda indent: indent[0].replace("\t", "    "), source)).rstrip()
    for run in runs_of(parse(source)):
        refuse_open(run.link)
    return source


@lru_cache(maxsize=256)
def parse(source: str) -> tuple[Block, ...]:
    """The blocks of a source, or a `SpellingError` that names what a notice may not contain."""
    _refuse_size(source)
    blocks = _blocks(iter(PARSER.parse(source)), 0)
    looks = tuple(runs_of(blocks))
    if not any(is_visible(run.text) for run in looks):
        raise SpellingError("nothing in it can be seen (line 1, position 1)")
    if sum(link is not None for link, _ in groupby(run.link for run in looks)) > MAX_LINKS:
        raise SpellingError(f"more than {MAX_LINKS} links")
    return blocks


def _refuse_size(source: str) -> None:
    """Refuse what the parser would chew on for long; it is cheap to see beforehand."""
    for measured, most, complaint in _BOUNDS:
        if measured(source) > most:
            raise SpellingError(complaint)
    refuse_towers(source)


def _blocks(tokens: Iterator[Token], depth: int) -> tuple[Block, ...]:
    """Read up to the token that closes the block we are in."""
    blocks: list[Block] = []
    for token in tokens:
        if token.nesting < 0:
            break
        if depth > MAX_NESTING:
            raise refused(TOO_DEEP, token)
        blocks.append(_READERS[token.type](token, tokens, depth))
    return tuple(blocks)


def _paragraph(_: Token, tokens: Iterator[Token], __: int) -> Block:
    content = next(tokens)
    _refuse_table(content)
    next(tokens)
    return Paragraph(runs(content))


def _heading(opening: Token, tokens: Iterator[Token], _: int) -> Block:
    content = next(tokens)
    next(tokens)
    return Heading(int(opening.tag[1:]), runs(content))


def _list(opening: Token, tokens: Iterator[Token], depth: int) -> Block:
    items = []
    while next(tokens).nesting > 0:
        items.append(_blocks(tokens, depth + 1))
    if opening.tag == "ul":
        return ListBlock(tuple(items))
    start = int(opening.attrs.get("start", 1))
    if start > MAX_NUMBER:
        raise refused(f"a list begins with a number above {MAX_NUMBER}", opening)
    return ListBlock(tuple(items), start)


def _quote(_: Token, tokens: Iterator[Token], depth: int) -> Block:
    return Quote(_blocks(tokens, depth + 1))


def _code(token: Token, _: Iterator[Token], __: int) -> Block:
    return Code(token.content.rstrip("\n"))


def _rule(_: Token, __: Iterator[Token], ___: int) -> Block:
    return Rule()


def _html(token: Token, _: Iterator[Token], __: int) -> Block:
    raise refused("HTML is not allowed", token)


_READERS: dict[str, Callable[[Token, Iterator[Token], int], Block]] = {
    "paragraph_open": _paragraph,
    "heading_open": _heading,
    "bullet_list_open": _list,
    "ordered_list_open": _list,
    "blockquote_open": _quote,
    "fence": _code,
    "code_block": _code,
    "hr": _rule,
    "html_block": _html,
}


def _refuse_table(content: Token) -> None:
    lines = content.content.split("\n")
    for number, (above, line) in enumerate(pairwise(lines), 1):
        if "|" in above and _TABLE_RULE.fullmatch(line):
            raise refused("tables are not allowed, write one line for each entry", content, number)
