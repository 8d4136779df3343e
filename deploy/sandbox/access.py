# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Whether the bot may reach a chat, write there, and do a certain thing there."""

from enum import IntEnum

from deploy.sandbox.chats import Author, Chat, Kind, Message, Standing
from deploy.sandbox.refusals import RefusedError, Why, bad_request, forbidden
from deploy.sandbox.world import World

TWO_DAYS = 2 * 24 * 3600
SUFFIXES = {"photo": "photos", "document": "documents", "text": "text messages"}
PRIVATE_REFUSALS = {
    Standing.BLOCKED: Why.BLOCKED,
    Standing.NOT_STARTED: Why.CANNOT_INITIATE,
    Standing.IS_A_BOT: Why.IS_A_BOT,
}


class Need(IntEnum):
    """What a method needs of a chat; each includes the one before."""

    READ = 1
    EDIT = 2
    WRITE = 3


def chat_for(world: World, address: str, need: Need) -> Chat:
    """Find the chat that a request names, or refuse as Telegram does."""
    chat = world.find(address)
    if chat is None:
        raise bad_request(Why.CHAT_NOT_FOUND)
    match chat.kind:
        case Kind.PRIVATE:
            check_private(chat, need)
        case Kind.GROUP:
            check_group(chat, need)
        case _:
            check_supergroup(chat, need)
    return chat


def check_private(chat: Chat, need: Need) -> None:
    if chat.standing is Standing.GONE:
        raise bad_request(Why.PRIVATE_NOT_FOUND)
    if chat.standing is Standing.DEACTIVATED and need >= Need.EDIT:
        raise forbidden(Why.DEACTIVATED)
    if need is Need.WRITE and chat.standing in PRIVATE_REFUSALS:
        raise forbidden(PRIVATE_REFUSALS[chat.standing])


def check_group(chat: Chat, need: Need) -> None:
    if chat.migrated_to is not None:
        if need is Need.WRITE:
            raise RefusedError(400, Why.UPGRADED, migrate_to_chat_id=chat.migrated_to)
        if need is Need.EDIT:
            raise bad_request(Why.NO_WRITE_ACCESS)
    elif chat.standing is Standing.GONE:
        raise forbidden(Why.GROUP_DELETED)
    elif need >= Need.EDIT:
        check_member(chat)


def check_supergroup(chat: Chat, need: Need) -> None:
    """A public chat can be read from outside, a private one cannot; neither by one who was thrown out."""
    if chat.standing is Standing.KICKED or not chat.username or need >= Need.EDIT:
        check_member(chat)


def check_member(chat: Chat) -> None:
    if chat.standing is Standing.KICKED:
        raise forbidden(Why.KICKED, kind=chat.kind)
    if chat.standing is Standing.LEFT:
        raise forbidden(Why.NOT_A_MEMBER, kind=chat.kind)


def check_may_post(chat: Chat, kind: str) -> None:
    """Refuse a post of a kind that the bot has no right to."""
    if chat.kind is Kind.CHANNEL:
        if not chat.may("can_post_messages"):
            raise bad_request(Why.NEED_RIGHTS)
    elif chat.kind is not Kind.PRIVATE:
        what = SUFFIXES.get(kind, "documents")
        if not chat.may("can_send_messages") or not chat.may(f"can_send_{what.split()[-1]}"):
            raise bad_request(Why.NOT_ENOUGH_RIGHTS, what=what)
        if chat.forum and chat.closed and not chat.may("can_manage_topics"):
            raise bad_request(Why.TOPIC_CLOSED)


def check_may_pin(chat: Chat) -> None:
    right = "can_edit_messages" if chat.kind is Kind.CHANNEL else "can_pin_messages"
    if chat.kind is not Kind.PRIVATE and not chat.may(right):
        raise bad_request(Why.NO_PIN_RIGHTS)


def check_may_edit(chat: Chat, message: Message, refusal: str = Why.EDIT_FORBIDDEN) -> None:
    """Its own posts a bot edits for ever; those of others only in a channel, and only with the right to."""
    if message.service or message.origin or (message.markup and "inline_keyboard" not in message.markup):
        raise bad_request(refusal)
    if message.author is Author.BOT:
        allowed = chat.kind is not Kind.CHANNEL or chat.may("can_post_messages") or chat.may("can_edit_messages")
    else:
        allowed = chat.kind is Kind.CHANNEL and chat.may("can_edit_messages")
    if not allowed:
        raise bad_request(refusal)


def check_may_delete(chat: Chat, message: Message, now: float) -> None:
    """Nothing older than 48 hours, never the creation of a chat, others' messages only with the right to."""
    old = now - message.date >= TWO_DAYS
    if chat.kind is Kind.PRIVATE:
        if old:
            raise bad_request(Why.DELETE_FOR_EVERYONE)
        return
    if chat.kind is Kind.GROUP:
        if old or not (message.author is Author.BOT or chat.may("can_delete_messages")):
            raise bad_request(Why.DELETE_FOR_EVERYONE)
        return
    if old or message.id == 1 or not may_delete(chat, message):
        raise bad_request(Why.DELETE_FORBIDDEN)


def may_delete(chat: Chat, message: Message) -> bool:
    if chat.may("can_delete_messages"):
        return True
    if message.author is not Author.BOT:
        return False
    return chat.may("can_post_messages") if chat.kind is Kind.CHANNEL or message.service else True
