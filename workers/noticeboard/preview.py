# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How a notice would read on a board, for the person who hands it in."""

from app.domain.posting import Shown
from app.outbox import Owed
from app.renderings import PartShown
from workers.noticeboard.shown import posting


def previewed(owed: Owed) -> list[PartShown]:
    """Show the text of the page; it is never cut, so it has no limit."""
    text = "\n\n".join(filter(None, _paragraphs(posting(owed))))
    return [PartShown(text, len(text))]


def _paragraphs(shown: Shown) -> list[str]:
    steps = "\n".join(f"- {step}" for step in shown.what_to_do)
    links = "\n".join(f"{link.title}: {link.href}" for link in (*shown.links, *shown.attachments))
    return [shown.title, shown.summary or "", shown.body or "", steps, links, f"{shown.source_name} · {shown.code}"]
