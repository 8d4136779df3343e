# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A notice as Telegram posts: a pure function of the notice, the language, and what is known about it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from app.domain.links import linked
from app.domain.markup import parse
from app.domain.notice import Attachment, Contact, Kind, Link, Notice, Priority, Text
from app.domain.spelling import units
from app.domain.spoken import spoken
from app.domain.when import stamped, when
from app.domain.words import Words, name_of, words_for
from workers.telegram.body import BULLET, body
from workers.telegram.canonical import settled
from workers.telegram.part import Part
from workers.telegram.rich import Rich, joined
from workers.telegram.split import MAX_PARTS, TooLong, split

__all__ = ["Facts", "TooLong", "captioned", "fits", "render"]

MAX_TEXT = 4096
MAX_CAPTION = 1024
HEAD_ROOM = 160
"""Kept free above every post and caption, so that a correction or withdrawal never moves a cut, or a text."""

_SIGNS = {
    Kind.ALERT: "⚠️ ",
    Kind.CLOSURE: "⛔ ",
    Kind.DISRUPTION: "⚠️ ",
    Kind.DEADLINE: "📅 ",
    Kind.ALL_CLEAR: "✅ ",
    Kind.CORRECTION: "✏️ ",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a post says beside the notice itself."""

    reference: str
    source_name: str
    municipality: str
    service_name: str
    zone: str = "Europe/Rome"
    state: Literal["current", "corrected", "withdrawn"] = "current"
    changed_at: datetime | None = None
    preview: bool = False
    attached: frozenset[str] = frozenset()
    """Attachments that are sent as media and need no link."""
    stale: bool = False
    """Media stand there that are no longer part of the notice."""


def render(notice: Notice, language: str, facts: Facts) -> tuple[Part, ...]:
    """The posts of a notice in a channel's language, one to five, or `TooLong`."""
    words = words_for(language)
    return _posts(_pieces(notice, language, words, facts), words, facts)


def captioned(notice: Notice, language: str, facts: Facts, *, alone: bool = False) -> tuple[Part, tuple[Part, ...]]:
    """The caption of a notice's first media, and the posts that follow where the caption does not hold the whole text.

    Which of the two it is changes only with the text, never with what has happened to the notice since. `alone`: none
    can follow, so the text may fill the caption.
    """
    words = words_for(language)
    pieces = _pieces(notice, language, words, facts)
    whole = _posts(pieces, words, facts)
    needed = units(whole[0].text) if alone else units(pieces[0].text + _foot(1, 1, facts)) + HEAD_ROOM
    if len(pieces) == 1 and needed <= MAX_CAPTION:
        return whole[0], ()
    title = _title(notice, _text(notice, language)[1])
    if facts.state == "withdrawn":
        title = Rich(title.text).marked("strikethrough")
    brief = settled(joined((_head(1, words, facts), title, Rich(_foot(1, 1, facts)))))
    return brief, _posts(pieces, words, replace(facts, stale=False))  # what shows the media says that


def fits(notice: Notice, language: str, facts: Facts) -> bool:
    """Whether the notice can be posted at all."""
    try:
        render(notice, language, facts)
    except TooLong:
        return False
    return True


def _pieces(notice: Notice, language: str, words: Words, facts: Facts) -> tuple[Rich, ...]:
    content = joined(_content(notice, language, words, facts), "\n\n")
    if facts.state == "withdrawn":
        content = Rich(content.text).marked("strikethrough")
    signed = joined((content, Rich(_signature(facts))), "\n\n")
    return split(signed, MAX_TEXT - HEAD_ROOM - units(_foot(MAX_PARTS, MAX_PARTS, facts)))


def _posts(pieces: tuple[Rich, ...], words: Words, facts: Facts) -> tuple[Part, ...]:
    total = len(pieces)
    return tuple(
        settled(joined((_head(number, words, facts), piece, Rich(_foot(number, total, facts)))))
        for number, piece in enumerate(pieces, 1)
    )


def _head(number: int, words: Words, facts: Facts) -> Rich:
    """What has happened to the notice since; a withdrawal stands above every part."""
    lines = [Rich(words.preview).marked("bold")] if facts.preview else []
    if facts.state == "withdrawn":
        line = stamped(words.withdrawn, words.withdrawn_at, facts.changed_at, facts.zone, words)
        lines.append(Rich(line).marked("bold"))
    elif facts.state == "corrected" and number == 1:
        line = stamped(words.corrected, words.corrected_at, facts.changed_at, facts.zone, words)
        lines.append(Rich(line).marked("italic"))
    if facts.stale and number == 1:
        lines.append(Rich(words.taken_out).marked("italic"))
    return joined(joined((line, Rich("\n\n"))) for line in lines)


def _foot(number: int, total: int, facts: Facts) -> str:
    """The reference, so that content identifies the notice, after the part's number where there are several."""
    gap = "\n" if number == total else "\n\n"
    mark = f"{number}/{total}" if total > 1 else ""
    line = " · ".join(filter(None, (mark, facts.reference)))
    return gap + line if line else ""


def _signature(facts: Facts) -> str:
    names = (facts.municipality, facts.source_name, facts.service_name)
    return " · ".join(dict.fromkeys(filter(None, names)))


def _content(notice: Notice, language: str, words: Words, facts: Facts) -> Iterator[Rich]:
    spoken, text = _text(notice, language)
    if spoken.partition("-")[0] != language.partition("-")[0]:
        wanted, given = name_of(language, words), name_of(spoken, words)
        yield Rich(words.original.format(language=given, wanted=wanted)).marked("italic")
    yield _title(notice, text)
    yield body(parse(text.body)) if text.body else Rich(text.summary or "")
    if text.what_to_do:
        steps = (Rich(BULLET + step) for step in text.what_to_do)
        yield joined((Rich(words.what_to_do).marked("bold"), *steps), "\n")
    period = when(notice.valid_from, notice.valid_until, facts.zone, words)
    if period:
        yield joined((Rich(words.when).marked("bold"), Rich(words.colon + period)))
    loose = (attachment for attachment in notice.attachments if attachment.href not in facts.attached)
    links: list[Link | Attachment] = [*notice.links, *loose]
    yield joined((_link(link.title, link.href) for link in links), "\n")
    yield joined((_contact(contact, words) for contact in notice.contacts), "\n")


def _title(notice: Notice, text: Text) -> Rich:
    return Rich(_sign(notice) + text.title).marked("bold")


def _text(notice: Notice, language: str) -> tuple[str, Text]:
    tag = spoken(notice, language)
    return tag, notice.texts[tag]


def _sign(notice: Notice) -> str:
    """One sign at most, never the only carrier of a meaning."""
    return _SIGNS.get(notice.kind, "❗ " if notice.priority is Priority.URGENT else "")


def _link(title: str, href: str) -> Rich:
    """A link with its title, or what is shown of an address that Telegram would refuse."""
    shown, address = linked(title, href)
    return Rich(shown) if address is None else Rich(shown).marked("text_link", address)


def _contact(contact: Contact, words: Words) -> Rich:
    ways = filter(None, (contact.phone, contact.email, contact.hours))
    return Rich(words.colon.join(filter(None, (contact.label, " · ".join(ways)))))
