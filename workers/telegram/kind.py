# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Telegram as a kind of channel: its pace, its rendering, its sender, its checks."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache, partial
from typing import Literal
from uuid import UUID

from aiogram import Bot

from app.domain.code import visible_code
from app.domain.delivery import Part
from app.domain.notice import Notice, Priority
from app.domain.outcome import Refused
from app.domain.pace import Limits
from app.outbox import ChannelKind, Owed
from app.settings import Settings
from workers.desk import Desk
from workers.telegram import check
from workers.telegram.part import Part as Post
from workers.telegram.render import Facts, TooLong, render
from workers.telegram.sender import Sender
from workers.telegram.session import WatchedSession

State = Literal["current", "corrected", "withdrawn"]


def telegram(settings: Settings) -> Desk:
    """Set Telegram up; the token must be there."""
    if settings.telegram_token is None:
        raise ValueError("CAMPANELLA_TELEGRAM_TOKEN is not set")
    session = WatchedSession(str(settings.telegram_api_url), settings.telegram_timeout)
    bot = Bot(settings.telegram_token.get_secret_value(), session=session)
    sender = Sender(bot, session, Priority(settings.telegram_silent_below), settings.telegram_operations_chat)
    limits = Limits(settings.telegram_per_second, settings.telegram_chat_per_second, settings.telegram_group_per_minute)
    show = partial(shown, municipality=settings.municipality, zone=settings.timezone)
    kind = ChannelKind("telegram", limits, show, is_group)
    inspect = partial(check.inspect, sender)
    return Desk(kind, sender.send, inspect, session.close, settings.telegram_timeout)


def is_group(address: str) -> bool:
    """Groups and channels have negative numbers or names; a positive number is a family's own chat."""
    return not address.isdigit()


def shown(owed: Owed, *, municipality: str, zone: str) -> Sequence[Part] | Refused:
    """Give the posts that show the delivery as it should be; as many as stand there already, or more."""
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
    )
    parts = _parts(_Page(owed.notice_id, owed.revision, owed.language, facts, owed.notice))
    return parts if isinstance(parts, Refused) else [*parts, *_surplus(owed, len(parts))]


def _surplus(owed: Owed, needed: int) -> Sequence[Part]:
    """Point up to the notice in every post left behind by an earlier, longer form: not every post can be deleted."""
    code = visible_code(owed.notice_id)
    left = range(needed, len(owed.progress.posts))
    return [_part(Post(f"\N{UPWARDS ARROW} {code} · {number + 1}")) for number in left]


@dataclass(frozen=True, slots=True)
class _Page:
    """What a rendering depends on; the notice itself is told by its id and revision."""

    notice_id: UUID
    revision: int
    language: str
    facts: Facts
    notice: Notice = field(compare=False)


@lru_cache(maxsize=256)
def _parts(page: _Page) -> tuple[Part, ...] | Refused:
    """Render once for a bulk to many channels."""
    try:
        return tuple(map(_part, render(page.notice, page.language, page.facts)))
    except TooLong as error:
        return Refused(str(error))


def _part(post: Post) -> Part:
    payload = json.dumps(asdict(post), ensure_ascii=False)
    return Part(hashlib.sha256(payload.encode()).hexdigest()[:16], payload)
