# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The blocks of a notice as Telegram can show them: headings bold, lists with bullets, everything else by entities."""

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter

from app.domain.blocks import Block, Code, Heading, ListBlock, Paragraph, Quote, Rule, Run
from workers.telegram.rich import Rich, joined

INDENT = "  "
MAX_INDENT = 2 * len(INDENT)
BULLET = "• "
RULE = "———"


def body(blocks: tuple[Block, ...]) -> Rich:
    return joined(map(_block, blocks), "\n\n")


def _block(block: Block, indent: str = "") -> Rich:
    """One block; every line but the first begins with the indent."""
    match block:
        case ListBlock():
            return joined(_items(block, indent), "\n" + indent)
        case Quote():
            return _stack(block.blocks, indent, "\n\n").without("blockquote").marked("blockquote")
        case _:
            return _leaf(block, indent)


def _leaf(block: Heading | Paragraph | Code | Rule, indent: str) -> Rich:
    match block:
        case Heading():
            return _line(block.runs, indent).marked("bold")
        case Paragraph():
            return _line(block.runs, indent)
        case Code():
            return Rich(block.text).marked("pre")
        case Rule():
            return Rich(RULE)


def _items(block: ListBlock, indent: str) -> Iterator[Rich]:
    for number, item in enumerate(block.items, block.start or 0):
        sign = BULLET if block.start is None else f"{number}. "
        inner = _stack(item, indent + INDENT if len(indent) < MAX_INDENT else indent, "\n")
        yield joined((Rich(sign), inner))


def _stack(blocks: tuple[Block, ...], indent: str, gap: str) -> Rich:
    """Blocks under each other; code keeps the margin, as its own indentation means something."""
    rows: list[Rich] = []
    for block in blocks:
        lead = Rich(gap + ("" if isinstance(block, Code) else indent)) if rows else Rich()
        rows += (lead, _block(block, indent))
    return joined(rows)


def _line(runs: tuple[Run, ...], indent: str) -> Rich:
    linked = groupby(runs, key=attrgetter("link"))
    return joined(_link(link, joined(_run(run, indent) for run in group)) for link, group in linked)


def _link(address: str | None, rich: Rich) -> Rich:
    """One link, whatever looks are in it; of code Telegram would show no more than the link or the code."""
    return rich if address is None else rich.without("code").marked("text_link", address)


def _run(run: Run, indent: str) -> Rich:
    rich = Rich(run.text.replace("\n", "\n" + indent))
    if run.code:
        return rich.marked("code")
    if run.bold:
        rich = rich.marked("bold")
    if run.italic:
        rich = rich.marked("italic")
    return rich.marked("strikethrough") if run.strike else rich
