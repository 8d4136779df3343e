# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What becomes of posted pictures and documents when a correction wants others.

Telegram can exchange one item of an album for another of its sort and delete one; it cannot add one. So a new one takes
the place of one that goes, what is still too much is deleted, and what cannot be deleted (after 48 hours, or by a bot
that may not) is covered by a copy of one that stays. Where nothing stays to cover it with, the caption says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.delivery import Part, Post
from workers.telegram.layout import Medium, captions, exchanged, media_post, reduced, text_posts
from workers.telegram.part import Part as Message

Slots = tuple[Medium | None, ...]
"""What each item of a post should show; None: the item should go."""


@dataclass(frozen=True, slots=True)
class Album:
    """A post of media as it stands (nothing where it is still to be posted), and as it should be.

    `stale`: it shows what is no longer part of the notice, and nothing can be done about that.
    """

    media: tuple[Medium, ...]
    wanted: Slots
    stale: bool = False

    @property
    def shows(self) -> tuple[Medium, ...]:
        """What people see in the end."""
        return tuple(medium for medium in self.wanted if medium is not None)


def standing(post: Post) -> tuple[Medium, ...]:
    """Give the media that a post shows."""
    pairs = (what.partition(" ") for _, what in post.items)
    return tuple(Medium(href, kind) for kind, _, href in pairs)


def arranged(posts: Sequence[Post], listed: Sequence[str], ready: Sequence[Medium]) -> tuple[list[Album], list[Medium]]:
    """Say what each posted album should show of the attachments (`listed`: their addresses), and what is left."""
    shown = {medium.href for post in posts for medium in standing(post)}
    fresh = [medium for medium in ready if medium.href not in shown]
    return [_arranged(post, listed, fresh) for post in posts], fresh


def _arranged(post: Post, listed: Sequence[str], fresh: list[Medium]) -> Album:
    """Arrange one album; what it takes of the fresh ones is gone from them."""
    media = standing(post)
    once = [medium if medium not in media[:place] else None for place, medium in enumerate(media)]
    slots = [medium if medium is not None and medium.href in listed else None for medium in once]
    for place, medium in enumerate(media):
        if slots[place] is None and post.items[place][0]:
            slots[place] = _taken(fresh, medium.kind)
    if slots and slots[0] is None and any(slots):  # the first carries the caption: one that stays moves there
        last = max(place for place, medium in enumerate(slots) if medium is not None)
        slots[0], slots[last] = slots[last], None
    return _within_reach(post, media, slots)


def _taken(fresh: list[Medium], kind: str) -> Medium | None:
    found = next((medium for medium in fresh if medium.kind == kind), None)
    if found is not None:
        fresh.remove(found)
    return found


def spared(albums: Sequence[Album]) -> list[Album]:
    """Leave the first as it stands where all would go: their text would go with them, and may not be posted anew."""
    first = albums[0]
    if any(album.shows for album in albums):
        return list(albums)
    return [Album(first.media, first.media, stale=True), *albums[1:]]


def _within_reach(post: Post, media: Sequence[Medium], slots: Sequence[Medium | None]) -> Album:
    """Cover what cannot be deleted, and leave what nobody can reach."""
    if None not in slots or post.can_be_deleted:
        return Album(tuple(media), tuple(slots))
    covers = [slots[0] if reference else None for reference, _ in post.items]
    slots = [slot or cover for slot, cover in zip(slots, covers, strict=True)]
    left = tuple(slot or medium for slot, medium in zip(slots, media, strict=True))
    return Album(tuple(media), left, stale=None in slots)


def media_parts(
    caption: Message, texts: tuple[Message, ...], albums: Sequence[Album], posts: Sequence[Post], code: str
) -> list[Part]:
    """Give media first, the caption under the first of them, and whatever of the text stands in posts of its own."""
    there = [*posts, *(None for _ in albums)]
    parts = [_part(*one) for one in zip(captions(caption, len(albums), code), albums, there, strict=False)]
    return [*parts, *text_posts(texts)]


def _part(caption: Message, album: Album, post: Post | None) -> Part:
    """Give the next step of one album: exchange an item, take items out, or the caption."""
    if post is None or not post.items:
        return media_post(caption, album.shows)
    for place, (now, then) in enumerate(zip(album.media, album.wanted, strict=True)):
        if then is not None and then != now:
            return exchanged(caption, [*album.media[:place], then, *album.media[place + 1 :]], place, post)
    gone = [item[0] for item, then in zip(post.items, album.wanted, strict=True) if then is None]
    return reduced(album.shows, post, gone) if gone else media_post(caption, album.media)
