# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The sandbox as an object: start it, make chats, act as people do, look at what landed, stop it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from aiohttp import web

from deploy.sandbox import pages
from deploy.sandbox.body import LARGEST
from deploy.sandbox.chats import Author, Chat, Kind, Message, Standing
from deploy.sandbox.clock import Clock
from deploy.sandbox.control import Control
from deploy.sandbox.exchange import Exchange
from deploy.sandbox.faults import Faults
from deploy.sandbox.journal import Entry, Journal
from deploy.sandbox.limits import Limits
from deploy.sandbox.live import Live
from deploy.sandbox.refusals import RefusedError
from deploy.sandbox.replies import refused
from deploy.sandbox.server import Server
from deploy.sandbox.text import Draft, formatted
from deploy.sandbox.world import World, update_kind

TOKEN = "123456789:SANDBOX-not-a-real-token-0000000000"  # noqa: S105 (the stand-in's own, worth nothing elsewhere)


class Sandbox:
    """A local Telegram for one bot, and the people who use it; what they do is in the journal too."""

    def __init__(self, token: str, limits: Limits, journal: Path | None, seed: int) -> None:
        self.token = token
        self.clock = Clock()
        self.world = World(int(token.partition(":")[0]), self.clock, limits)
        self.record = Journal(self.clock, journal)
        self.faults = Faults(seed)
        self.live = Live()
        self.world.watchers.append(self.live.watch)
        self.exchange = Exchange(self.world, self.record, self.faults, token)
        self.server = Server(web.Application(), "")

    @classmethod
    async def start(  # noqa: PLR0913 (options by name, each with its usual value)
        cls,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        limits: Limits | None = None,
        journal: Path | None = None,
        forced: bool = False,
        token: str = TOKEN,
        open_chats: bool = False,
        ignores_unknown: bool = False,
        seed: int = 0,
    ) -> Self:
        """Listen on a port, 0 for any free one, with Telegram's limits unless others are given."""
        sandbox = cls(token, limits or Limits(), journal, seed)
        sandbox.world.open_chats = open_chats
        sandbox.exchange.ignores_unknown = ignores_unknown
        sandbox.server = Server(sandbox.application(forced=forced), host)
        await sandbox.server.start(port)
        return sandbox

    def application(self, *, forced: bool) -> web.Application:
        app = web.Application(client_max_size=LARGEST)
        app.router.add_route("*", "/bot{token:[^/]*}/{method}", self.exchange.serve)
        app.add_subapp("/sandbox/", Control(self).application(forced=forced))
        app.add_routes(pages.ROUTES)
        app.router.add_route("*", "/{rest:.*}", nowhere)
        return app

    async def stop(self) -> None:
        self.live.stop()
        self.exchange.stopping.set()
        await self.server.stop()
        self.record.close()

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def limits(self) -> Limits:
        return self.world.gate.limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self.world.gate.set(limits)

    @property
    def journal(self) -> list[Entry]:
        return self.record.entries

    def messages(self, chat_id: int, *, deleted: bool = False) -> list[Message]:
        """Give what a chat shows, oldest first; with `deleted` also what it no longer shows."""
        messages = self.world.chats[chat_id].messages.values()
        return [message for message in messages if deleted or not message.deleted]

    def add_chat(  # noqa: PLR0913 (options by name)
        self,
        id: int,  # noqa: A002 (Telegram's word)
        type: str = "channel",  # noqa: A002
        title: str | None = None,
        *,
        username: str | None = None,
        rights: Mapping[str, bool] | None = None,
        member: bool = True,
        standing: str | None = None,
    ) -> Chat:
        """Make a chat in which the bot is what it usually is there; `member=False` leaves it outside."""
        if id in self.world.chats:
            raise ValueError(f"there is already a chat {id}")
        stands = Standing(standing) if standing else (None if member else Standing.LEFT)
        options: dict[str, Any] = {"username": username, "standing": stands, "rights": rights}
        return self.world.add_chat(id, Kind(type), title or f"Chat {abs(id)}", **options)

    def post_as_human(self, chat_id: int, text: str) -> int:
        """Post as an administrator, or in a private chat as the person; give the message's id."""
        chat = self.world.chats[chat_id]
        message = self.world.post(chat, author=Author.HUMAN, text=formatted(Draft(text)))
        self.record.human("human-post", chat_id, "accepted", [message.id], text)
        return message.id

    def edit_as_human(self, chat_id: int, message_id: int, text: str) -> None:
        chat = self.world.chats[chat_id]
        message = chat.messages[message_id]
        message.text = formatted(Draft(text))
        self.world.changed(chat, message)
        self.world.updates.add(update_kind(chat, "edited"), self.world.json(chat, message))
        self.record.human("human-edit", chat_id, "edited", [message_id], text)

    def delete_as_human(self, chat_id: int, message_id: int) -> None:
        chat = self.world.chats[chat_id]
        self.world.delete(chat, [chat.messages[message_id]])
        self.record.human("human-delete", chat_id, "deleted", [message_id])

    def pin(self, chat_id: int, message_id: int, *, service_message: bool = True) -> int | None:
        """Pin as an administrator; give the id of the service message, if one is left."""
        chat = self.world.chats[chat_id]
        trace = self.world.pin(chat, chat.messages[message_id], Author.HUMAN, leaves_a_message=service_message)
        self.record.human("pin", chat_id, "pinned", [message_id, *([trace.id] if trace else [])])
        return trace.id if trace else None

    def kick(self, chat_id: int) -> None:
        self.stand(chat_id, Standing.KICKED)

    def stand(self, chat_id: int, standing: Standing | str) -> None:
        """Change how the bot stands to a chat: kicked, left, blocked, administrator again, ..."""
        chat = self.world.chats[chat_id]
        chat.standing = Standing(standing)
        self.world.tell("chat", chat)
        self.record.human("standing", chat_id, chat.standing.value, [])

    def set_rights(self, chat_id: int, rights: Mapping[str, bool]) -> None:
        """Grant or take rights; those not named stay as they are."""
        chat = self.world.chats[chat_id]
        chat.rights |= rights
        self.world.tell("chat", chat)
        self.record.human("rights", chat_id, "changed", [])

    def protect(self, chat_id: int, *, protected: bool = True) -> None:
        """Forbid the forwarding of what is posted from now on."""
        self.world.chats[chat_id].protected = protected

    def forum(self, chat_id: int, *, forum: bool = True, closed: bool = False) -> None:
        """Give a supergroup topics, or take them away; the first, where a bot posts, is open or closed."""
        chat = self.world.chats[chat_id]
        chat.forum, chat.closed = forum, closed
        self.record.human("forum", chat_id, "changed", [])

    def migrate(self, chat_id: int, new_id: int | None = None) -> int:
        """Turn a basic group into a supergroup with another id; give that id."""
        heir = self.world.migrate(self.world.chats[chat_id], new_id)
        self.record.human("migrate", chat_id, "migrated", [])
        return heir.id


async def nowhere(request: web.Request) -> web.Response:  # noqa: ARG001 (aiohttp hands it over)
    return refused(RefusedError(404, "")).response()
