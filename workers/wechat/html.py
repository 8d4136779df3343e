# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The blocks of a notice as an article's HTML: inline styles only, since nothing else survives."""

from collections.abc import Iterator
from html import escape
from itertools import groupby
from operator import attrgetter

import nh3

from app.domain.blocks import Block, Code, Heading, ListBlock, Paragraph, Quote, Rule, Run

TEXT = "margin:0 0 16px;overflow-wrap:anywhere;font-size:16px;line-height:1.75;color:#1f2328"
HEADING = "margin:24px 0 12px;font-size:18px;line-height:1.5;font-weight:bold;color:#0b4f8a"
LIST = "margin:0 0 16px;overflow-wrap:anywhere;padding-left:24px;font-size:16px;line-height:1.75;color:#1f2328"
QUOTE = "margin:0 0 16px;padding:8px 14px;border-left:4px solid #0b4f8a;background:#eef4fa"
CODE = "margin:0 0 16px;padding:10px;background:#f3f4f6;font-size:14px;line-height:1.6;white-space:pre-wrap"
RULE = "margin:20px 0;border:0;border-top:1px solid #d0d7de"
NOTE = "margin:0 0 16px;padding:10px 14px;background:#fff4d6;font-size:16px;line-height:1.6;color:#5c3b00"
SMALL = "margin:24px 0 0;font-size:14px;line-height:1.6;color:#57606a"
PICTURE = "display:block;width:100%;height:auto;margin:0 0 16px"
TAGS = {"section", "p", "strong", "em", "s", "code", "pre", "ul", "ol", "li", "br", "hr", "span"}
ATTRIBUTES = {tag: {"style"} for tag in TAGS} | {"ol": {"style", "start"}}


def cleaned(html: str) -> str:
    """The second wall: nothing but these tags, whatever the renderer was made to write."""
    return nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, link_rel=None)


def paragraph(text: str, style: str = TEXT) -> str:
    return f'<p style="{style}">{_lines(text)}</p>' if text else ""


def heading(text: str) -> str:
    return paragraph(text, HEADING)


def listed(lines: list[str]) -> str:
    items = "".join(f"<li>{_lines(line)}</li>" for line in lines)
    return f'<ul style="{LIST}">{items}</ul>' if items else ""


def picture(url: str) -> str:
    return f'<img src="{escape(url)}" style="{PICTURE}">'


def body(blocks: tuple[Block, ...]) -> str:
    return "".join(map(_block, blocks))


def _block(block: Block) -> str:
    match block:
        case ListBlock(items, start):
            tag, first = ("ul", "") if start is None else ("ol", f' start="{start}"')
            inner = "".join(f"<li>{_item(item)}</li>" for item in items)
            return f'<{tag}{first} style="{LIST}">{inner}</{tag}>'
        case Quote(blocks):
            return f'<section style="{QUOTE}">{body(blocks)}</section>'
        case _:
            return _leaf(block)


def _leaf(block: Heading | Paragraph | Code | Rule) -> str:
    match block:
        case Heading(_, runs):
            return f'<p style="{HEADING}">{_runs(runs)}</p>'
        case Paragraph(runs):
            return f'<p style="{TEXT}">{_runs(runs)}</p>'
        case Code(text):
            return f'<pre style="{CODE}">{escape(text)}</pre>'
        case Rule():
            return f'<hr style="{RULE}">'


def _item(blocks: tuple[Block, ...]) -> str:
    """An item's one paragraph needs no paragraph around it."""
    match blocks:
        case (Paragraph(runs), *rest):
            return _runs(runs) + body(tuple(rest))
    return body(blocks)


def _runs(runs: tuple[Run, ...]) -> str:
    return "".join(_linked(runs))


def _linked(runs: tuple[Run, ...]) -> Iterator[str]:
    """A link's label and its address in print: whether an account may link in an article depends on its rights."""
    for link, group in groupby(runs, key=attrgetter("link")):
        pieces = list(group)
        yield "".join(map(_run, pieces))
        label = "".join(run.text for run in pieces)
        if link is not None and label != link:
            yield f" ({escape(link)})"


def _run(run: Run) -> str:
    text = _lines(run.text)
    for tag, is_on in (("code", run.code), ("s", run.strike), ("em", run.italic), ("strong", run.bold)):
        text = f"<{tag}>{text}</{tag}>" if is_on else text
    return text


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>")
