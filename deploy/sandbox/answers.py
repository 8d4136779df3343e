# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Chats, members and messages in the Bot API's words."""

from typing import Any

from deploy.sandbox.chats import ADMINISTRATOR_RIGHTS, MEMBER_RIGHTS, Author, Chat, Kind, Message, Standing

Json = dict[str, Any]
OWNER: Json = {"id": 900_000_001, "is_bot": False, "first_name": "Segreteria"}
NO_GIFTS = dict.fromkeys(
    ["unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"], False
)
NOT_IN_GROUPS = {"can_post_messages", "can_edit_messages"}
NOT_IN_CHANNELS = {"can_pin_messages", "can_manage_topics"}


def bot_user(bot_id: int) -> Json:
    return {"id": bot_id, "is_bot": True, "first_name": "Campanella", "username": "campanella_sandbox_bot"}


def me(bot_id: int) -> Json:
    abilities = [
        "can_join_groups",
        "can_read_all_group_messages",
        "supports_inline_queries",
        "can_connect_to_business",
        "has_main_web_app",
        "has_topics_enabled",
        "allows_users_to_create_topics",
        "can_manage_bots",
    ]
    return bot_user(bot_id) | dict.fromkeys(abilities, False)


def chat_json(chat: Chat) -> Json:
    name = "first_name" if chat.kind is Kind.PRIVATE else "title"
    answer: Json = {"id": chat.id, name: chat.title, "type": chat.kind.value}
    if chat.username:
        answer["username"] = chat.username
    return answer


def chat_full(chat: Chat, bot_id: int) -> Json:
    """Everything getChat must say, and the pinned message if there is one."""
    answer = chat_json(chat) | {
        "accent_color_id": abs(chat.id) % 7,
        "max_reaction_count": 11,
        "accepted_gift_types": NO_GIFTS,
    }
    if chat.username:
        answer["active_usernames"] = [chat.username]
    if chat.protected:
        answer["has_protected_content"] = True
    answer |= kind_full(chat)
    pinned = next((message for id_ in reversed(chat.pinned) if (message := chat.shown(id_))), None)
    if pinned:
        answer["pinned_message"] = message_json(chat, pinned, bot_id, with_reply=False)
    return answer


def kind_full(chat: Chat) -> Json:
    match chat.kind:
        case Kind.PRIVATE:
            return {}
        case Kind.CHANNEL:
            return {"can_send_paid_media": False}
    topics = {"is_forum": True} if chat.forum else {}
    return {"permissions": {name: chat.may(name) for name in MEMBER_RIGHTS}} | topics


def owner_json() -> Json:
    return {"user": OWNER, "status": "creator", "is_anonymous": False}


def bot_member(chat: Chat, bot_id: int) -> Json:
    """How the bot stands to a chat, as getChatMember says it."""
    user = bot_user(bot_id)
    match chat.standing:
        case Standing.ADMINISTRATOR:
            foreign = NOT_IN_CHANNELS if chat.kind is Kind.CHANNEL else NOT_IN_GROUPS
            rights = {name: chat.may(name) for name in ADMINISTRATOR_RIGHTS if name not in foreign}
            extra = {"can_be_edited": False, "is_anonymous": False, "can_send_welcome_messages": False}
            return {"user": user, "status": "administrator"} | extra | rights
        case Standing.KICKED:
            return {"user": user, "status": "kicked", "until_date": 0}
        case Standing.LEFT:
            return {"user": user, "status": "left"}
        case _:
            return {"user": user, "status": "member"}


def sender(chat: Chat, author: Author, bot_id: int) -> Json:
    if chat.kind is Kind.CHANNEL:
        return {"sender_chat": chat_json(chat)}
    if author is Author.BOT:
        return {"from": bot_user(bot_id)}
    human = {**OWNER, "id": chat.id, "first_name": chat.title} if chat.kind is Kind.PRIVATE else OWNER
    return {"from": human}


def message_json(chat: Chat, message: Message, bot_id: int, *, with_reply: bool = True) -> Json:
    answer: Json = {"message_id": message.id, **sender(chat, message.author, bot_id)}
    answer |= {"chat": chat_json(chat), "date": message.date}
    if message.service:
        return answer | service_json(chat, message.service, bot_id)
    reply = chat.shown(message.reply_to) if message.reply_to and with_reply else None
    optional = {
        "edit_date": message.edited,
        "forward_origin": message.origin,
        "has_protected_content": message.protected,
        "media_group_id": message.album,
        "reply_markup": message.markup,
        "reply_to_message": message_json(chat, reply, bot_id, with_reply=False) if reply else None,
    }
    answer |= {name: value for name, value in optional.items() if value}
    return answer | content_json(message)


def content_json(message: Message) -> Json:
    """The text, or the media with its caption."""
    text, entities = ("caption", "caption_entities") if message.media else ("text", "entities")
    answer: Json = {message.media[0]: message.media[1]} if message.media else {}
    if message.text.text:
        answer[text] = message.text.text
    if message.text.entities:
        answer[entities] = message.text.entities
    if message.preview:
        answer["link_preview_options"] = message.preview
    if message.above and message.media:
        answer["show_caption_above_media"] = True
    return answer


def service_json(chat: Chat, service: Any, bot_id: int) -> Json:
    pinned_id = service.get("pinned_message")
    if pinned_id is None:
        return dict(service)
    pinned = chat.shown(pinned_id)
    if pinned is None:
        return {"pinned_message": {"chat": chat_json(chat), "message_id": pinned_id, "date": 0}}
    return {"pinned_message": message_json(chat, pinned, bot_id, with_reply=False)}
