# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Chats, what the bot may do in them, and the messages they hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from deploy.sandbox.text import Formatted


class Kind(StrEnum):
    PRIVATE = "private"
    GROUP = "group"
    SUPERGROUP = "supergroup"
    CHANNEL = "channel"


class Standing(StrEnum):
    """How the bot stands to a chat; the last six are of private chats and of groups that ended."""

    ADMINISTRATOR = "administrator"
    MEMBER = "member"
    LEFT = "left"
    KICKED = "kicked"
    OPEN = "open"
    BLOCKED = "blocked"
    DEACTIVATED = "deactivated"
    NOT_STARTED = "not_started"
    IS_A_BOT = "is_a_bot"
    GONE = "gone"


class Author(StrEnum):
    BOT = "bot"
    HUMAN = "human"


class Sequence:
    """Where message ids come from: a channel has its own, all private chats and basic groups share one."""

    def __init__(self) -> None:
        self.last = 0

    def next(self) -> int:
        self.last += 1
        return self.last


ADMINISTRATOR_RIGHTS = {
    "can_manage_chat": True,
    "can_post_messages": True,
    "can_edit_messages": False,
    "can_delete_messages": True,
    "can_pin_messages": False,
    "can_change_info": False,
    "can_invite_users": False,
    "can_promote_members": False,
    "can_restrict_members": False,
    "can_manage_video_chats": False,
    "can_post_stories": False,
    "can_edit_stories": False,
    "can_delete_stories": False,
    "can_manage_topics": False,
}
MEMBER_RIGHTS = {"can_send_messages": True, "can_send_photos": True, "can_send_documents": True}


@dataclass(slots=True)
class Message:
    """One message as Telegram keeps it; `media` is the kind and its own fields, `service` what an event said."""

    id: int
    date: int
    author: Author = Author.BOT
    text: Formatted = field(default_factory=Formatted)
    media: tuple[str, Any] | None = None
    service: Mapping[str, Any] | None = None
    markup: Any = None
    preview: Any = None
    above: bool = False
    silent: bool = False
    protected: bool = False
    edited: int | None = None
    origin: Mapping[str, Any] | None = None
    reply_to: int | None = None
    album: str | None = None
    deleted: bool = False

    def says(self) -> tuple[Any, ...]:
        """What an edit is compared with: content, entities, markup and preview."""
        return self.text, self.media, self.markup, self.preview, self.above


@dataclass(slots=True)
class Chat:
    """A chat with its messages, also the deleted ones, which only the journal's reader asks for.

    `closed`: the first topic of a forum, where a bot posts.
    """

    id: int
    kind: Kind
    title: str
    sequence: Sequence
    standing: Standing
    username: str | None = None
    rights: dict[str, bool] = field(default_factory=dict)
    protected: bool = False
    forum: bool = False
    closed: bool = False
    pins_leave_a_message: bool = True
    migrated_to: int | None = None
    messages: dict[int, Message] = field(default_factory=dict)
    pinned: list[int] = field(default_factory=list)
    gone: int = 0
    touched: float = 0.0

    @property
    def is_member(self) -> bool:
        return self.standing not in {Standing.LEFT, Standing.KICKED}

    def may(self, right: str) -> bool:
        return self.rights.get(right, False)

    def shown(self, message_id: int) -> Message | None:
        """Give a message unless it never was or is deleted."""
        message = self.messages.get(message_id)
        return None if message is None or message.deleted else message


def standard_rights(kind: Kind, standing: Standing) -> dict[str, bool]:
    """Say what the bot may do where nothing is said about it."""
    if kind is Kind.PRIVATE:
        return {}
    rights = dict(MEMBER_RIGHTS)
    if standing is Standing.ADMINISTRATOR:
        rights |= ADMINISTRATOR_RIGHTS
    return rights
