# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The pages as HTML: reviewed templates, values escaped, nothing undefined."""

from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from app.board.entry import Entry
from app.board.markup import html
from app.board.qr import drawn
from app.board.structured import announcement, as_script
from app.board.telling import Telling

TEMPLATES = Path(__file__).parent / "templates"


def _environment() -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters["body"] = html
    made.filters["qr"] = drawn
    made.globals["structured"] = lambda telling, entry: as_script(announcement(telling, entry))
    return made


_ENVIRONMENT = _environment()


def page(template: str, **values: Any) -> bytes:
    """Render a page."""
    return _ENVIRONMENT.get_template(template).render(values).encode()


def in_feed(telling: Telling, entry: Entry) -> str:
    """Render a notice for the feeds: without classes, with absolute links only."""
    return _ENVIRONMENT.get_template("in_feed.html").render(telling=telling, entry=entry).strip()
