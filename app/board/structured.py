# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A notice as schema.org's SpecialAnnouncement, for search engines; it does not take the place of a CAP alert."""

import json
from typing import Any

from app.board.entry import Entry
from app.board.telling import Telling
from app.domain.notice import Kind

CONTEXT = "https://schema.org"
CATEGORY = "https://www.wikidata.org/wiki/Q219416"
"""Public service announcement."""


def announcement(telling: Telling, entry: Entry) -> dict[str, Any]:
    shown = entry.shown
    link = telling.link(entry)
    told: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "SpecialAnnouncement",
        "@id": f"{link}#avviso",
        "name": telling.title(entry),
        "text": telling.text(entry),
        "datePosted": entry.posted_at.isoformat(),
        "dateModified": entry.updated.isoformat(),
        "category": CATEGORY,
        "inLanguage": shown.language,
        "url": link,
        "announcementLocation": {"@type": "AdministrativeArea", "name": telling.municipality},
        "publisher": {"@type": "GovernmentOrganization", "name": telling.municipality},
    }
    ends = entry.updated if not entry.holds else shown.over_at
    if ends is not None:
        told["expires"] = ends.isoformat()
    if shown.kind is Kind.CLOSURE and entry.holds:
        told["schoolClosuresInfo"] = shown.links[0].href if shown.links else link
    return told


def as_script(told: dict[str, Any]) -> str:
    """Write it so that no text can end the element that holds it."""
    text = json.dumps(told, ensure_ascii=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
