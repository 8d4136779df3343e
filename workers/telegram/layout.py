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

from app.domain.delivery import Part, Post
from app.domain.spelling import units
from workers.telegram.part import Entity
from workers.telegram.part import Part as Message

CAPTION = 1024
ROOM = 160
"""Kept free below a caption's limit, for the line that a correction or withdrawal puts on top."""
ALBUM = 10


@dataclass(frozen=True, slots=True)
class Medium:
    """A picture or document that can be sent: where it came from, and photo or document."""

    href: str
    kind: str


def text_posts(messages: Sequence[Message]) -> list[Part]:
    return [_part("t", message, ()) for message in messages]


def groups(media: Sequence[Medium]) -> list[tuple[Medium, ...]]:
    """Put pictures together and documents together, ten at most: Telegram mixes no album."""
    kinds = dict.fromkeys(medium.kind for medium in media)
    sorted_out = [[medium for medium in media if medium.kind == kind] for kind in kinds]
    return [tuple(one[start : start + ALBUM]) for one in sorted_out for start in range(0, len(one), ALBUM)]


def media_posts(messages: Sequence[Message], albums: Sequence[tuple[Medium, ...]], shown: Sequence[Post]) -> list[Part]:
    """Give media first: the whole text as caption where it fits, else a short one and the text after all media."""
    fits = len(messages) == 1 and units(messages[0].text) <= CAPTION - (0 if shown else ROOM)
    caption = messages[0] if fits else shortened(messages[0])
    captions = [caption, *(Message("") for _ in albums[1:])]
    parts = [_part("m", text, album) for text, album in zip(captions, albums, strict=True)]
    return parts + ([] if fits else text_posts(messages))


def shown_media(posts: Sequence[Post]) -> int:
    """Count the posts at the front that hold media."""
    return next((number for number, post in enumerate(posts) if not post.digest.startswith("m")), len(posts))


def shortened(message: Message) -> Message:
    """Keep the first line, which is the title, and the last, which is the reference."""
    lines = message.text.split("\n")
    title, code = lines[0][: CAPTION - ROOM], lines[-1]
    return Message(f"{title}\n{code}", (Entity("bold", 0, units(title)),))


def _part(sort: str, message: Message, album: Sequence[Medium]) -> Part:
    members = {**message.as_json(), "media": [[medium.kind, medium.href] for medium in album], "album": sort == "m"}
    payload = json.dumps(members, ensure_ascii=False)
    if sort == "t":
        return Part(f"t{_short(payload)}", payload)
    # What is attached is not part of the digest's first half: a correction changes captions and replaces one medium.
    return Part(f"m{_short(json.dumps(message.as_json()))}.{_short(json.dumps(members['media']))}", payload)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def chosen(facts: Mapping[str, str | None], hrefs: Sequence[str]) -> list[Medium]:
    """Give those of the attachments that are ready, in the notice's order."""
    return [Medium(href, kind) for href in hrefs if (kind := facts.get(href)) is not None]
