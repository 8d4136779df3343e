# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How much room a text takes at most in any kind of channel, so that intake can refuse what no rendering would hold."""

from collections.abc import Iterable

from app.domain.blocks import Block, ListBlock, Quote, runs_of
from app.domain.markup import parse
from app.domain.spelling import units

MAX_EXTENT = 18_000
"""What five posts of 4096 units hold, less what we add ourselves: signature, dates, labels, reference."""

_LINE = 4  # bullets, or the indentation of a line in a list
_BLOCK = 12  # a blank line, a list number, or a rule


def extent(body: str | None, lines: Iterable[str]) -> int:
    """An upper bound in UTF-16 units: a body in CommonMark, and plain lines (title, steps, links, contacts)."""
    plain = sum(units(line) + _LINE for line in lines)
    return plain + (_room(parse(body)) if body else 0)


def _room(blocks: tuple[Block, ...]) -> int:
    text = "".join(run.text for run in runs_of(blocks))
    return units(text) + _LINE * text.count("\n") + _BLOCK * _count(blocks)


def _count(blocks: Iterable[Block]) -> int:
    """Blocks and list items, at every depth."""
    total = 0
    for block in blocks:
        total += 1
        if isinstance(block, Quote):
            total += _count(block.blocks)
        elif isinstance(block, ListBlock):
            total += sum(1 + _count(item) for item in block.items)
    return total
