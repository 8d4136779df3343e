# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A text with its formatting, in a form that belongs to no kind of channel: every kind renders from it."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain


@dataclass(frozen=True, slots=True)
class Run:
    """Text of one look. A line break in it is the author's and stays."""

    text: str
    bold: bool = False
    italic: bool = False
    strike: bool = False
    code: bool = False
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Paragraph:
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    level: int
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class ListBlock:
    """Items of blocks; numbered from `start`, or with bullets where it is None."""

    items: tuple[tuple["Block", ...], ...]
    start: int | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    blocks: tuple["Block", ...]


@dataclass(frozen=True, slots=True)
class Code:
    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    pass


Block = Paragraph | Heading | ListBlock | Quote | Code | Rule


def runs_of(blocks: tuple[Block, ...]) -> Iterator[Run]:
    """Every run in reading order, whatever holds it."""
    for block in blocks:
        match block:
            case Paragraph() | Heading():
                yield from block.runs
            case Code():
                yield Run(block.text, code=True)
            case Quote():
                yield from runs_of(block.blocks)
            case ListBlock():
                yield from runs_of(tuple(chain.from_iterable(block.items)))


def text_of(blocks: tuple[Block, ...]) -> str:
    """What can be read in them, a blank between two blocks, without how it looks."""
    return " ".join("".join(run.text for run in runs_of((block,))) for block in blocks)
