# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Showing a message again elsewhere, with its origin or without."""

from collections.abc import Mapping
from typing import Any

from deploy.sandbox.access import Need, chat_for, check_may_post
from deploy.sandbox.answers import OWNER, bot_user, chat_json
from deploy.sandbox.chats import Author, Chat, Kind, Message
from deploy.sandbox.methods.call import Call, Done, target
from deploy.sandbox.methods.markup import markup_of
from deploy.sandbox.methods.sending import posted
from deploy.sandbox.refusals import Why, bad_request
from deploy.sandbox.text import caption, drafted
from deploy.sandbox.world import World


def forward_message(world: World, call: Call) -> Done:
    source, message = original(world, call, Why.FORWARD_NOT_FOUND, Why.FORWARD_FORBIDDEN)
    chat = target(world, call, Need.WRITE)
    check_may_post(chat, kind_of(message))
    origin = message.origin or origin_of(world, source, message)
    content = content_of(message) | {"markup": links_only(message.markup), "origin": origin}
    return posted(world, chat, call, **content)


def copy_message(world: World, call: Call) -> Done:
    draft = drafted(call.parameters, "caption", "caption_entities")
    markup = markup_of(call.parameters)
    _, message = original(world, call, Why.COPY_NOT_FOUND, Why.COPY_FORBIDDEN)
    chat = target(world, call, Need.WRITE)
    check_may_post(chat, kind_of(message))
    content = content_of(message) | {"markup": markup}
    if message.media and "caption" in call.parameters:
        content |= {"text": caption(draft), "above": call.flag("show_caption_above_media")}
    done = posted(world, chat, call, **content)
    return Done({"message_id": done.messages[0]}, done.did, done.messages, done.text)


def original(world: World, call: Call, absent: str, forbidden: str) -> tuple[Chat, Message]:
    """Find the message to show again; service messages and protected ones cannot be."""
    source = chat_for(world, call.parameters["from_chat_id"], Need.READ)
    message = source.shown(call.parameters["message_id"]) if source.is_member else None
    if message is None:
        raise bad_request(absent)
    if message.protected:
        raise bad_request(Why.FORWARD_PROTECTED)
    if message.service:
        raise bad_request(forbidden)
    return source, message


def kind_of(message: Message) -> str:
    return message.media[0] if message.media else "text"


def content_of(message: Message) -> dict[str, Any]:
    return {"text": message.text, "media": message.media, "preview": message.preview, "above": message.above}


def origin_of(world: World, chat: Chat, message: Message) -> Mapping[str, Any]:
    if chat.kind is Kind.CHANNEL:
        place = {"chat": chat_json(chat), "message_id": message.id}
        return {"type": "channel", **place, "date": message.date}
    user = bot_user(world.bot_id) if message.author is Author.BOT else OWNER
    return {"type": "user", "sender_user": user, "date": message.date}


def links_only(markup: Any) -> Any:
    """Buttons travel with a forward only if all of them are plain links."""
    rows = (markup or {}).get("inline_keyboard", [])
    return markup if rows and all("url" in button for row in rows for button in row) else None
