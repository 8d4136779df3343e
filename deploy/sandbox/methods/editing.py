# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Changing what is there: only what the bot may change, and only if it changes something."""

from typing import Any

from deploy.sandbox.access import Need, check_may_edit
from deploy.sandbox.chats import Chat, Message
from deploy.sandbox.methods.call import Call, Done, target
from deploy.sandbox.methods.markup import markup_of
from deploy.sandbox.methods.media import input_media
from deploy.sandbox.methods.sending import preview_of
from deploy.sandbox.refusals import Why, bad_request
from deploy.sandbox.text import caption, drafted, message_text
from deploy.sandbox.world import World


def edit_text(world: World, call: Call) -> Done:
    check_one_text(call)
    draft = drafted(call.parameters)
    markup = inline(markup_of(call.parameters))
    chat, message = addressed(world, call)
    check_may_edit(chat, message)
    if message.media:
        raise bad_request(Why.EDIT_NO_TEXT)
    text = message_text(draft, Why.EDIT_TOO_LONG)
    return changed(world, chat, message, text=text, markup=markup, preview=preview_of(call))


def edit_caption(world: World, call: Call) -> Done:
    draft = drafted(call.parameters, "caption", "caption_entities")
    markup = inline(markup_of(call.parameters))
    chat, message = addressed(world, call)
    check_may_edit(chat, message)
    if not message.media:
        raise bad_request(Why.EDIT_NO_CAPTION)
    text = caption(draft, Why.CAPTION_EDIT_TOO_LONG)
    return changed(world, chat, message, text=text, markup=markup, above=call.flag("show_caption_above_media"))


def edit_media(world: World, call: Call) -> Done:
    item = call.parameters["media"]
    draft = drafted(item, "caption", "caption_entities")
    markup = inline(markup_of(call.parameters))
    chat, message = addressed(world, call)
    check_may_edit(chat, message, Why.EDIT_MEDIA_FORBIDDEN)
    media = input_media(world, call, item)
    if message.album and message.media and media[0] != message.media[0]:
        raise bad_request(Why.EDIT_ALBUM_TYPE)
    above = item.get("show_caption_above_media", False)
    text = caption(draft, Why.CAPTION_EDIT_TOO_LONG)
    return changed(world, chat, message, text=text, media=media, markup=markup, above=above, preview=None)


def edit_markup(world: World, call: Call) -> Done:
    markup = inline(markup_of(call.parameters))
    chat, message = addressed(world, call)
    check_may_edit(chat, message)
    return changed(world, chat, message, markup=markup)


def check_one_text(call: Call) -> None:
    text, rich = "text" in call.parameters, "rich_message" in call.parameters
    if text and rich:
        raise bad_request(Why.EDIT_ONE_OF)
    if rich:
        raise bad_request(Why.NO_RICH)
    if not text:
        raise bad_request(Why.TEXT_EMPTY)


def inline(markup: Any) -> Any:
    if markup and "inline_keyboard" not in markup:
        raise bad_request(Why.MARKUP_NOT_INLINE)
    return markup


def addressed(world: World, call: Call) -> tuple[Chat, Message]:
    """Find the message to edit; inline messages, which belong to no chat of ours, are never found."""
    parameters = call.parameters
    if "chat_id" not in parameters and "message_id" not in parameters:
        raise bad_request(Why.INLINE_MESSAGE if "inline_message_id" in parameters else Why.MESSAGE_ID_MISSING)
    chat = target(world, call, Need.EDIT)
    message = chat.shown(parameters.get("message_id", 0)) if chat.is_member else None
    if message is None:
        raise bad_request(Why.EDIT_NOT_FOUND)
    return chat, message


def changed(world: World, chat: Chat, message: Message, **content: Any) -> Done:
    """Put the new content in place of the old, unless they are the same."""
    before = message.says()
    kept = {name: getattr(message, name) for name in content}
    for name, value in content.items():
        setattr(message, name, value)
    if message.says() == before:
        for name, value in kept.items():
            setattr(message, name, value)
        raise bad_request(Why.NOT_MODIFIED)
    world.changed(chat, message)
    return Done(world.json(chat, message), "edited", [message.id], message.text.text)
