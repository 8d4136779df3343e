# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""All that the stand-in for Telegram remembers: chats, ids, messages, files, updates."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from deploy.sandbox.answers import message_json
from deploy.sandbox.chats import Author, Chat, Kind, Message, Sequence, Standing, standard_rights
from deploy.sandbox.clock import Clock
from deploy.sandbox.files import Files
from deploy.sandbox.limits import Gate, Limits
from deploy.sandbox.updates import Updates

Watcher = Callable[[str, Chat, Message | None], None]
FIRST_SUPERGROUP = -1_000_000_000_000
CREATED = {Kind.CHANNEL: "channel_chat_created", Kind.SUPERGROUP: "supergroup_chat_created"}


class World:
    """One bot's Telegram."""

    def __init__(self, bot_id: int, clock: Clock, limits: Limits) -> None:
        self.bot_id = bot_id
        self.clock = clock
        self.gate = Gate(limits)
        self.open_chats = False
        self.chats: dict[int, Chat] = {}
        self.by_username: dict[str, int] = {}
        self.shared_sequence = Sequence()
        self.albums = Sequence()
        self.files = Files()
        self.updates = Updates(clock)
        self.watchers: list[Watcher] = []

    def add_chat(
        self,
        chat_id: int,
        kind: Kind,
        title: str,
        *,
        username: str | None = None,
        standing: Standing | None = None,
        rights: Mapping[str, bool] | None = None,
    ) -> Chat:
        """Make a chat; a channel or supergroup begins with the message of its own creation, id 1."""
        own = kind in CREATED
        standing = standing or usual_standing(kind)
        chat = Chat(chat_id, kind, title, Sequence() if own else self.shared_sequence, standing, username)
        chat.rights = standard_rights(kind, standing) | dict(rights or {})
        self.chats[chat_id] = chat
        if username:
            self.by_username[username.lower()] = chat_id
        if own:
            self.post(chat, author=Author.HUMAN, service={CREATED[kind]: True})
        self.tell("chat", chat)
        return chat

    def find(self, address: str) -> Chat | None:
        """Find a chat by id or @username; where that is allowed, an unknown id makes a chat."""
        if address.startswith("@"):
            return self.chats.get(self.by_username.get(address[1:].lower(), 0))
        try:
            chat_id = int(address)
        except ValueError:
            return None
        chat = self.chats.get(chat_id)
        if chat is None and self.open_chats and chat_id:
            kind = kind_of(chat_id)
            chat = self.add_chat(chat_id, kind, f"{kind.value.capitalize()} {abs(chat_id)}")
        return chat

    def post(self, chat: Chat, **content: Any) -> Message:
        """Put a message at the end of a chat; a pin, or what a human posts, is an update for the bot."""
        message = Message(chat.sequence.next(), self.clock.date(), **content)
        chat.messages[message.id] = message
        if "pinned_message" in (message.service or {}) or (message.author is Author.HUMAN and not message.service):
            self.updates.add(update_kind(chat, "message"), self.json(chat, message))
        self.tell("message", chat, message)
        return message

    def changed(self, chat: Chat, message: Message) -> None:
        """Note an edit."""
        message.edited = self.clock.date()
        self.tell("message", chat, message)

    def delete(self, chat: Chat, messages: Iterable[Message]) -> None:
        """Take messages away; Telegram sends no update about that."""
        for message in messages:
            message.deleted = True
            chat.gone += 1
            self.tell("deleted", chat, message)

    def pin(
        self, chat: Chat, message: Message, author: Author, *, leaves_a_message: bool | None = None
    ) -> Message | None:
        """Pin, and leave the service message that a pin usually leaves."""
        chat.pinned.append(message.id)
        self.tell("chat", chat)
        if not (chat.pins_leave_a_message if leaves_a_message is None else leaves_a_message):
            return None
        return self.post(chat, author=author, service={"pinned_message": message.id})

    def migrate(self, chat: Chat, new_id: int | None) -> Chat:
        """Let a basic group go on as a supergroup, which begins with a message that says so."""
        if chat.kind is not Kind.GROUP:
            raise ValueError("only basic groups migrate")
        chat.migrated_to = new_id or FIRST_SUPERGROUP - abs(chat.id)
        heir = self.add_chat(chat.migrated_to, Kind.SUPERGROUP, chat.title, standing=chat.standing, rights=chat.rights)
        heir.messages[1].service = {"migrate_from_chat_id": chat.id}
        return heir

    def json(self, chat: Chat, message: Message) -> dict[str, Any]:
        return message_json(chat, message, self.bot_id)

    def tell(self, event: str, chat: Chat, message: Message | None = None) -> None:
        chat.touched = self.clock.monotonic()
        for watcher in self.watchers:
            watcher(event, chat, message)


def kind_of(chat_id: int) -> Kind:
    """Tell the kind of an unknown chat by its id, as far as an id tells it."""
    if chat_id > 0:
        return Kind.PRIVATE
    return Kind.CHANNEL if chat_id < FIRST_SUPERGROUP else Kind.GROUP


def usual_standing(kind: Kind) -> Standing:
    match kind:
        case Kind.PRIVATE:
            return Standing.OPEN
        case Kind.CHANNEL:
            return Standing.ADMINISTRATOR
        case _:
            return Standing.MEMBER


def update_kind(chat: Chat, event: str) -> str:
    kind = "channel_post" if chat.kind is Kind.CHANNEL else "message"
    return f"edited_{kind}" if event == "edited" else kind
