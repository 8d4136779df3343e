# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a channel should show of a delivery, as the parts that the outbox compares with what is there."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal
from uuid import UUID

from app.domain.code import visible_code
from app.domain.delivery import Part, Post
from app.domain.notice import Notice
from app.domain.outcome import Refused
from app.outbox import Owed
from workers.telegram.albums import Album, arranged, media_parts, spared
from workers.telegram.layout import Medium, chosen, groups, label, shown_media, text_posts
from workers.telegram.part import Part as Message
from workers.telegram.render import Facts, TooLong, captioned, render

State = Literal["current", "corrected", "withdrawn"]


def shown(owed: Owed, *, municipality: str, zone: str) -> Sequence[Part] | Refused:
    """Give the posts that show the delivery as it should be; as many as stand there already, or more."""
    albums = _albums(owed)
    # Of what was shown with its whole text in the caption none of it moves to a post that may not be made.
    alone = owed.closed and owed.shown is not None and len(albums) == len(owed.progress.posts)
    texts = _texts(_page(owed, albums, municipality, zone), media=bool(albums), alone=alone)
    if isinstance(texts, Refused):
        return texts
    parts = media_parts(*texts, albums, owed.progress.posts, visible_code(owed.notice_id))
    return [*parts, *_surplus(owed, len(parts))]


def _page(owed: Owed, albums: Sequence[Album], municipality: str, zone: str) -> "_Page":
    state: State = "current" if owed.revision == 1 else "corrected"
    if owed.progress.wanted is None:
        state = "withdrawn"
    facts = Facts(
        reference=visible_code(owed.notice_id),
        source_name=owed.source_name,
        municipality=municipality,
        service_name=owed.service_name,
        zone=zone,
        state=state,
        changed_at=None if state == "current" else (owed.withdrawn_at or owed.changed_at),
        attached=frozenset(medium.href for album in albums for medium in album.shows),
        stale=any(album.stale for album in albums),
    )
    return _Page(owed.notice_id, owed.revision, owed.language, facts, owed.edition, owed.notice)


def _albums(owed: Owed) -> list[Album]:
    """Choose the media to send; what is posted keeps its albums, and gets more only while it is still being posted."""
    listed = [attachment.href for attachment in owed.notice.attachments]
    ready, posts = chosen(owed.media, listed), owed.progress.posts
    if not posts:
        return [Album((), album) for album in groups(ready)]
    guessed = groups(ready)
    count = shown_media(posts, len(guessed))
    media = [post if post.items else _guessed(post, guessed[number : number + 1]) for number, post in enumerate(posts)]
    albums, left = arranged(media[:count], listed, ready)
    if owed.closed and 0 < count == len(posts):
        albums = spared(albums)
    begun = owed.shown is None and 0 < count == len(posts)
    return [*albums, *(Album((), album) for album in groups(left) if begun)]


def _guessed(post: Post, albums: Sequence[Sequence[Medium]]) -> Post:
    """Suppose that a post of which only a person knows shows what it was meant to; where its items are nobody knows."""
    return replace(post, items=tuple(("", label(medium)) for album in albums for medium in album))


def _surplus(owed: Owed, needed: int) -> Sequence[Part]:
    """Point up to the notice in every post left behind by an earlier, longer form: not every post can be deleted."""
    code = visible_code(owed.notice_id)
    left = range(needed, len(owed.progress.posts))
    return text_posts(tuple(Message(f"\N{UPWARDS ARROW} {code} · {number + 1}") for number in left))


@dataclass(frozen=True, slots=True)
class _Page:
    """What a rendering depends on; the notice itself is told by its id and revision."""

    notice_id: UUID
    revision: int
    language: str
    facts: Facts
    edition: str
    notice: Notice = field(compare=False)


@lru_cache(maxsize=256)
def _texts(page: _Page, *, media: bool, alone: bool) -> tuple[Message, tuple[Message, ...]] | Refused:
    """Render the caption that media have, and the texts; once for a bulk to many channels."""
    content = (page.notice, page.language, page.facts)
    try:
        return captioned(*content, alone=alone) if media else (Message(""), render(*content))
    except TooLong as error:
        return Refused(str(error))
