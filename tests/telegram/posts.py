# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Notices and facts to render, ordinary but for what a test says."""

from datetime import datetime
from typing import Any

from app.domain.notice import Contact, Link, Notice, Text
from workers.telegram.part import Part
from workers.telegram.render import Facts, render

FACTS = Facts("AV-7F3KQ", "Ufficio Mensa", "Comune di Prato", "Mensa scolastica")


def notice(**members: Any) -> Notice:
    """Give a notice in Italian with this title, body and so on; what a text has not goes to the notice."""
    text = {name: members.pop(name) for name in ("title", "summary", "body", "what_to_do") if name in members}
    texts = members.pop("texts", None) or {"it": Text(**{"title": "Mensa chiusa", **text})}
    return Notice(event_id="mensa/1", service="mensa", texts=texts, **members)


def post(given: Notice, language: str = "it", facts: Facts = FACTS) -> Part:
    """Give the only part."""
    (part,) = render(given, language, facts)
    return part


def looks(part: Part, kind: str) -> list[str]:
    """The stretches of text that look like this."""
    wide = part.text.encode("utf-16-le")
    spans = (entity for entity in part.entities if entity.kind == kind)
    return [wide[2 * span.offset : 2 * (span.offset + span.length)].decode("utf-16-le") for span in spans]


def at(moment: str) -> datetime:
    return datetime.fromisoformat(moment)


LINK = Link(title="Scheda completa", href="https://www.comune.example.it/avvisi/mensa-27-novembre")
CONTACT = Contact(label="Ufficio Mensa", phone="+39 0574 000110", email="mensa@comune.example.it", hours="lun-ven 9-13")
