# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Chats and messages as the page and the control API show them."""

from typing import Any

from deploy.sandbox.chats import Chat, Message

Json = dict[str, Any]


def chat_view(chat: Chat) -> Json:
    """A chat as in a list: who it is, what the bot may do, how many messages it shows."""
    last = next((message for message in reversed(chat.messages.values()) if not message.deleted), None)
    return {
        "id": chat.id,
        "type": chat.kind.value,
        "title": chat.title,
        "username": chat.username,
        "standing": chat.standing.value,
        "rights": chat.rights,
        "protected": chat.protected,
        "pinned": chat.pinned,
        "migrated_to": chat.migrated_to,
        "messages": len(chat.messages) - chat.gone,
        "last_id": chat.sequence.last,
        "last": message_view(chat, last) if last else None,
    }


def message_view(chat: Chat, message: Message) -> Json:
    """A message with what the Bot API does not tell: silent, deleted, by whom."""
    return {
        "id": message.id,
        "chat": chat.id,
        "date": message.date,
        "by": "service" if message.service else message.author.value,
        "text": message.text.text,
        "entities": message.text.entities,
        "media": media_view(message.media),
        "service": message.service,
        "markup": message.markup,
        "silent": message.silent,
        "protected": message.protected,
        "edited": message.edited,
        "deleted": message.deleted,
        "album": message.album,
        "reply_to": message.reply_to,
        "origin": message.origin,
    }


def media_view(media: tuple[str, Any] | None) -> Json | None:
    if media is None:
        return None
    kind, file = media
    first = file[-1] if isinstance(file, list) else file
    return {"kind": kind} | {
        name: first[name] for name in ("file_name", "file_size", "width", "height") if name in first
    }
