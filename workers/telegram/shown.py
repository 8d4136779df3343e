# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a channel should show of a delivery, as the parts that the outbox compares with what is there."""

import json
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
from workers.telegram.layout import Medium, chosen, groups, media_posts, shown_media, text_posts
from workers.telegram.part import Part as Message
from workers.telegram.render import Facts, TooLong, render

State = Literal["current", "corrected", "withdrawn"]
Album = tuple[Medium, ...]


def shown(owed: Owed, *, municipality: str, zone: str) -> Sequence[Part] | Refused:
    """Give the posts that show the delivery as it should be; as many as stand there already, or more."""
    albums = _albums(owed)
    facts = _facts(owed, municipality, zone, frozenset(medium.href for album in albums for medium in album))
    messages = _messages(_Page(owed.notice_id, owed.revision, owed.language, facts, owed.notice))
    if isinstance(messages, Refused):
        return messages
    posts = owed.progress.posts
    parts = media_posts(messages, albums, posts) if albums else text_posts(messages)
    return [*_replacing(parts, posts), *_surplus(owed, len(parts))]


def _facts(owed: Owed, municipality: str, zone: str, attached: frozenset[str]) -> Facts:
    state: State = "current" if owed.revision == 1 else "corrected"
    if owed.progress.wanted is None:
        state = "withdrawn"
    return Facts(
        reference=visible_code(owed.notice_id),
        source_name=owed.source_name,
        municipality=municipality,
        service_name=owed.service_name,
        zone=zone,
        state=state,
        changed_at=None if state == "current" else (owed.withdrawn_at or owed.changed_at),
        attached=attached,
    )


def _albums(owed: Owed) -> list[Album]:
    """Choose the media to send; a correction keeps as many albums as were posted, none where there were none."""
    ready = groups(chosen(owed.media, [attachment.href for attachment in owed.notice.attachments]))
    if not owed.progress.posts:
        return ready
    count = shown_media(owed.progress.posts)
    nothing: list[Album] = [()] * count
    begun = owed.shown is None and count > 0
    return [*(ready if begun else ready[:count]), *nothing[len(ready) :]]


def _replacing(parts: Sequence[Part], posts: Sequence[Post]) -> list[Part]:
    """Mark the single pictures and documents that a correction exchanges."""
    there = [post.digest.partition(".")[2] for post in posts] + [""] * len(parts)
    return [_marked(part, old) for part, old in zip(parts, there, strict=False)]


def _marked(part: Part, old: str) -> Part:
    new, payload = part.digest.partition(".")[2], json.loads(part.payload)
    if not old or old == new or len(payload["media"]) != 1:
        return part
    return replace(part, payload=json.dumps({**payload, "replace": True}, ensure_ascii=False))


def _surplus(owed: Owed, needed: int) -> list[Part]:
    """Point up to the notice in every post left behind by an earlier, longer form: not every post can be deleted."""
    code = visible_code(owed.notice_id)
    left = range(needed, len(owed.progress.posts))
    return text_posts([Message(f"\N{UPWARDS ARROW} {code} · {number + 1}") for number in left])


@dataclass(frozen=True, slots=True)
class _Page:
    """What a rendering depends on; the notice itself is told by its id and revision."""

    notice_id: UUID
    revision: int
    language: str
    facts: Facts
    notice: Notice = field(compare=False)


@lru_cache(maxsize=256)
def _messages(page: _Page) -> tuple[Message, ...] | Refused:
    """Render once for a bulk to many channels."""
    try:
        return render(page.notice, page.language, page.facts)
    except TooLong as error:
        return Refused(str(error))
