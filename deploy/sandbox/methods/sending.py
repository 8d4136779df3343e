# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Posting: text, a photo, a document, an album."""

from typing import Any

from deploy.sandbox.access import Need, chat_for, check_may_post
from deploy.sandbox.chats import Chat, Kind
from deploy.sandbox.methods.call import Call, Done, check_within_reach, target
from deploy.sandbox.methods.markup import check_fits, markup_of
from deploy.sandbox.methods.media import check_album, input_media, media_of
from deploy.sandbox.refusals import Why, bad_request
from deploy.sandbox.text import caption, drafted, message_text
from deploy.sandbox.world import World

ACTIONS = {"typing", "choose_sticker", "find_location", "upload_photo", "upload_document"} | {
    f"{verb}_{what}" for verb in ("record", "upload") for what in ("video", "voice", "video_note")
}


def send_message(world: World, call: Call) -> Done:
    draft = drafted(call.parameters)
    markup = markup_of(call.parameters)
    chat = target(world, call, Need.WRITE)
    check_may_post(chat, "text")
    text = message_text(draft)
    return posted(world, chat, call, text=text, markup=markup, preview=preview_of(call))


def send_photo(world: World, call: Call) -> Done:
    return send_file(world, call, "photo", Why.NO_PHOTO)


def send_document(world: World, call: Call) -> Done:
    return send_file(world, call, "document", Why.NO_DOCUMENT)


def send_file(world: World, call: Call, kind: str, absent: str) -> Done:
    draft = drafted(call.parameters, "caption", "caption_entities")
    markup = markup_of(call.parameters)
    chat = target(world, call, Need.WRITE)
    check_may_post(chat, kind)
    media = media_of(world, call, kind, call.parameters[kind])
    if media is None:
        raise bad_request(absent)
    above = call.flag("show_caption_above_media")
    return posted(world, chat, call, text=caption(draft), media=media, markup=markup, above=above)


def send_media_group(world: World, call: Call) -> Done:
    """Post an album, all of it or nothing, but for items whose upload breaks off; every item has an id of its own."""
    items = call.parameters["media"]
    drafts = [drafted(item, "caption", "caption_entities") for item in items]
    chat = target(world, call, Need.WRITE)
    check_album(items)
    for item in items:
        check_may_post(chat, item["type"])
    parts = [
        {
            "text": caption(draft),
            "media": input_media(world, call, item),
            "above": item.get("show_caption_above_media", False),
        }
        for place, (item, draft) in enumerate(zip(items, drafts, strict=True))
        if place not in call.lost
    ]
    options = options_of(chat, call)
    album = str(world.albums.next())
    messages = [world.post(chat, album=album, **options, **part) for part in parts]
    answers = [world.json(chat, message) for message in messages]
    captions = "\n".join(message.text.text for message in messages if message.text.text)
    return Done(answers, "accepted", [message.id for message in messages], captions)


def send_chat_action(world: World, call: Call) -> Done:
    """Say that something is coming, which leaves nothing behind; whether it counts as a write nobody has said."""
    check_within_reach(call.parameters)
    if call.parameters["action"] not in ACTIONS:
        raise bad_request(Why.WRONG_ACTION)
    chat_for(world, call.parameters["chat_id"], Need.WRITE)
    return Done(result=True)


def posted(world: World, chat: Chat, call: Call, **content: Any) -> Done:
    """Put one message into a chat."""
    check_fits(content.get("markup"), chat)
    message = world.post(chat, **content, **options_of(chat, call))
    return Done(world.json(chat, message), "accepted", [message.id], message.text.text)


def options_of(chat: Chat, call: Call) -> dict[str, Any]:
    if chat.kind is Kind.PRIVATE and "message_thread_id" in call.parameters:
        raise bad_request(Why.THREAD_NOT_FOUND)
    return {
        "silent": call.flag("disable_notification"),
        "protected": call.flag("protect_content") or chat.protected,
        "reply_to": reply_of(chat, call),
    }


def reply_of(chat: Chat, call: Call) -> int | None:
    """Find the message that is replied to; only replies within a chat are stood in for."""
    reply = call.parameters.get("reply_parameters")
    if not reply:
        return None
    if str(reply.get("chat_id", chat.id)) not in {str(chat.id), f"@{chat.username}"}:
        raise bad_request(Why.NOT_IN_SANDBOX, name="reply_parameters.chat_id")
    message_id: int = reply["message_id"]
    if chat.shown(message_id):
        return message_id
    if reply.get("allow_sending_without_reply"):
        return None
    raise bad_request(Why.REPLY_NOT_FOUND)


def preview_of(call: Call) -> dict[str, Any] | None:
    """What is asked for the preview, without what is the rule anyway."""
    options = call.parameters.get("link_preview_options") or {}
    return {name: value for name, value in options.items() if value} or None
