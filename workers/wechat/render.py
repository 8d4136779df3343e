# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A notice as articles, one per language: a pure function; what does not fit is refused by name, never cut."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from app.domain.markup import parse
from app.domain.notice import Attachment, Contact, Link, Notice, Text
from app.domain.quota import MOST_ARTICLES
from app.domain.spoken import all_spoken
from app.domain.when import stamped, when
from app.domain.words import Words, name_of, words_for
from workers.wechat import html

MAX_TITLE, MAX_DIGEST = 32, 120
MAX_CONTENT, MAX_CONTENT_BYTES, MAX_SOURCE_URL = 20_000, 1 << 20, 1024
ROOM_FOR_A_PICTURE = 600
PICTURE = "\N{OBJECT REPLACEMENT CHARACTER}{number}\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands for a picture until it is uploaded; no notice can hold this character next to a number of its own."""


class Unfit(ValueError):  # noqa: N818 - the name of what happened
    """The notice cannot be an article as it stands; the text says what to change."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What an article says beside the notice itself; `pictures` are sent inside it."""

    reference: str
    source_name: str
    municipality: str
    service_name: str
    author: str
    zone: str
    corrected_at: datetime | None
    pictures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Article:
    """One article; `content` still holds signs where pictures go."""

    title: str
    author: str
    digest: str
    content: str
    content_source_url: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)


def render(notice: Notice, languages: Sequence[str], facts: Facts) -> tuple[Article, ...]:
    """Give one article for each language that the notice has, in this order, or raise Unfit."""
    spoken = all_spoken(notice, languages)
    articles = [_article(notice, wanted, tag, facts, alone=len(spoken) == 1) for wanted, tag in spoken]
    return tuple(articles[:MOST_ARTICLES])


def _article(notice: Notice, wanted: str, tag: str, facts: Facts, *, alone: bool) -> Article:
    text, words = notice.texts[tag], words_for(wanted)
    content = html.cleaned("".join(_content(notice, text, (wanted, tag), words, facts)))
    _fits(content, tag, len(facts.pictures))
    summary = text.summary or ""
    digest = summary.replace("\n", " ") if alone and len(summary) <= MAX_DIGEST else ""
    return Article(_title(text, tag), facts.author, digest, content, _source_url(notice))


def _title(text: Text, tag: str) -> str:
    title = text.short_title or text.title
    if len(title) > MAX_TITLE:
        raise Unfit(
            f"the title in {tag} has {len(title)} characters and WeChat takes {MAX_TITLE}: give it a short_title"
        )
    return title


def _fits(content: str, tag: str, pictures: int) -> None:
    length = len(content) + pictures * ROOM_FOR_A_PICTURE
    if length >= MAX_CONTENT or len(content.encode()) >= MAX_CONTENT_BYTES:
        raise Unfit(f"the article in {tag} has {length} characters and WeChat takes fewer than {MAX_CONTENT}")


def _source_url(notice: Notice) -> str:
    """The link behind "read more": the notice's first that is short enough."""
    return next((link.href for link in notice.links if len(link.href.encode()) <= MAX_SOURCE_URL), "")


def _content(notice: Notice, text: Text, languages: tuple[str, str], words: Words, facts: Facts) -> Iterator[str]:
    wanted, tag = languages
    if facts.corrected_at is not None:
        line = stamped(words.corrected, words.corrected_at, facts.corrected_at, facts.zone, words)
        yield html.paragraph(line, html.NOTE)
    if wanted.partition("-")[0] != tag.partition("-")[0]:
        line = words.original.format(language=name_of(tag, words), wanted=name_of(wanted, words))
        yield html.paragraph(line, html.NOTE)
    if text.short_title is not None:
        yield html.heading(text.title)
    yield from (html.paragraph(PICTURE.format(number=number)) for number in range(len(facts.pictures)))
    yield html.body(parse(text.body)) if text.body else html.paragraph(text.summary or "")
    yield from _what_follows(notice, text, words, facts)


def _what_follows(notice: Notice, text: Text, words: Words, facts: Facts) -> Iterator[str]:
    if text.what_to_do:
        yield html.heading(words.what_to_do) + html.listed(text.what_to_do)
    period = when(notice.valid_from, notice.valid_until, facts.zone, words)
    if period:
        yield html.heading(words.when) + html.paragraph(period)
    loose = [one for one in notice.attachments if one.href not in facts.pictures]
    links: list[Link | Attachment] = [*notice.links, *loose]
    yield html.listed([f"{one.title}{words.colon}{one.href}" for one in links])
    yield html.listed([_contact(contact, words) for contact in notice.contacts])
    names = (facts.municipality, facts.source_name, facts.service_name)
    signature = " \N{MIDDLE DOT} ".join(dict.fromkeys(filter(None, names)))
    yield html.paragraph(f"{signature}\n{facts.reference}", html.SMALL)


def _contact(contact: Contact, words: Words) -> str:
    ways = filter(None, (contact.phone, contact.email, contact.hours))
    return words.colon.join(filter(None, (contact.label, " \N{MIDDLE DOT} ".join(ways))))
