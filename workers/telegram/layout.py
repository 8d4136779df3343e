# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Which posts a notice makes: text alone, a picture with a caption, or media first and the text after them.

A digest begins with t (text) or m (media): a post stays what it was, since Telegram edits a caption or a text, never
one into the other.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from app.domain.delivery import Part, Post
from workers.telegram.part import Part as Message

ALBUM = 10


@dataclass(frozen=True, slots=True)
class Medium:
    """A picture or document that can be sent: where it came from, and photo or document."""

    href: str
    kind: str


@lru_cache(maxsize=256)
def text_posts(messages: tuple[Message, ...]) -> tuple[Part, ...]:
    """Write the messages down, once for a bulk to many channels."""
    return tuple(_part("t", message, ()) for message in messages)


def groups(media: Sequence[Medium]) -> list[tuple[Medium, ...]]:
    """Put pictures together and documents together, ten at most: Telegram mixes no album."""
    kinds = dict.fromkeys(medium.kind for medium in media)
    sorted_out = [[medium for medium in media if medium.kind == kind] for kind in kinds]
    return [tuple(one[start : start + ALBUM]) for one in sorted_out for start in range(0, len(one), ALBUM)]


def captions(first: Message, albums: int, code: str) -> list[Message]:
    """Give a caption for each album, none of them empty or like another."""
    return [first, *(Message(f"{code} · {number}") for number in range(2, albums + 1))]


def media_post(message: Message, album: Sequence[Medium]) -> Part:
    """Make a post of media with its caption, or of one whose media stay as they are."""
    return _part("m", message, album)


def exchanged(message: Message, media: Sequence[Medium], place: int, post: Post) -> Part:
    """Exchange one item of a post; `media` is what it shows then. Only the first item carries the caption."""
    caption = message if place == 0 else Message("")
    members = {**caption.as_json(), "media": [[media[place].kind, media[place].href]], "album": True, "replace": True}
    digest = f"{_caption_digest(message) if place == 0 else _before(post)}.{_media_digest(media)}"
    payload = json.dumps(members, ensure_ascii=False)
    return Part(digest, payload, items=_labels(media), at=post.items[place][0])


def reduced(left: Sequence[Medium], post: Post, gone: Sequence[str]) -> Part:
    """Take items out of a post; nothing of what is left changes by that."""
    return Part(f"{_before(post)}.{_media_digest(left)}", "", remove=tuple(gone))


def shown_media(posts: Sequence[Post], albums: int) -> int:
    """Count the posts at the front that hold media; where nobody knows, as many as there are albums to show."""
    digests = [post.digest or "mt"[number >= albums] for number, post in enumerate(posts)]
    return next((number for number, digest in enumerate(digests) if not digest.startswith("m")), len(posts))


def label(medium: Medium) -> str:
    return f"{medium.kind} {medium.href}"


def _part(sort: str, message: Message, album: Sequence[Medium]) -> Part:
    members = {**message.as_json(), "media": [[medium.kind, medium.href] for medium in album], "album": sort == "m"}
    payload = json.dumps(members, ensure_ascii=False)
    if sort == "t":
        return Part(f"t{_short(payload)}", payload)
    # The caption and the media have each a half of the digest: a correction changes the one or the other.
    return Part(f"{_caption_digest(message)}.{_media_digest(album)}", payload, items=_labels(album))


def _labels(album: Sequence[Medium]) -> tuple[str, ...]:
    return tuple(label(medium) for medium in album)


def _caption_digest(message: Message) -> str:
    return f"m{_short(json.dumps(message.as_json()))}"


def _media_digest(album: Sequence[Medium]) -> str:
    return _short(json.dumps([[medium.kind, medium.href] for medium in album]))


def _before(post: Post) -> str:
    return post.digest.partition(".")[0] or "m"


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def chosen(facts: Mapping[str, str | None], hrefs: Sequence[str]) -> list[Medium]:
    """Give those of the attachments that are ready, in the notice's order."""
    return [Medium(href, kind) for href in hrefs if (kind := facts.get(href)) is not None]
