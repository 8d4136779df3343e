# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The control API under /sandbox: chats, people's deeds, faults, limits, journal, clock."""

import ipaddress
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web
from aiohttp.typedefs import Middleware

from deploy.sandbox.chats import Standing
from deploy.sandbox.limits import Limits
from deploy.sandbox.views import chat_view, message_view

if TYPE_CHECKING:
    from deploy.sandbox.sandbox import Sandbox

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MANY = 200


def answer(value: Any, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")


def is_loopback(host: str) -> bool:
    name = host.rsplit(":", 1)[0].strip("[]") if not host.endswith("]") else host.strip("[]")
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


@web.middleware
async def explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer wrong figures with a sentence instead of a stack trace."""
    try:
        return await handler(request)
    except KeyError as error:
        return answer({"error": f"not found, or missing: {error}"}, 404)
    except (TypeError, ValueError, msgspec.MsgspecError) as error:
        return answer({"error": str(error)}, 400)


def guard(*, forced: bool) -> Middleware:
    """Let only pages of this machine in, so that no web site can drive the sandbox by another name for it."""

    @web.middleware
    async def check_host(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not forced and not is_loopback(request.host):
            return answer({"error": "the sandbox answers on this machine only"}, 403)
        return await handler(request)

    return check_host


class Control:
    """The handlers, each a thin door to the same method of the Python API."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self.sandbox = sandbox

    def application(self, *, forced: bool) -> web.Application:
        app = web.Application(middlewares=[guard(forced=forced), explain])
        app.add_routes(
            [
                web.get("/events", self.sandbox.live.serve),
                web.get("/chats", self.chats),
                web.post("/chats", self.add_chat),
                web.get("/chats/{id}/messages", self.messages),
                web.post("/chats/{id}/{deed}", self.deed),
                web.get("/faults", self.faults),
                web.post("/faults", self.add_fault),
                web.delete("/faults", self.clear_faults),
                web.get("/limits", self.limits),
                web.put("/limits", self.set_limits),
                web.get("/journal", self.journal),
                web.delete("/journal", self.clear_journal),
                web.post("/clock", self.clock),
                web.post("/away", self.away),
            ]
        )
        return app

    async def chats(self, request: web.Request) -> web.Response:
        """List the chats, those with the latest events first; `search` looks in titles and ids."""
        wanted = request.query.get("search", "").lower()
        limit = int(request.query.get("limit", MANY))
        chats = sorted(self.sandbox.world.chats.values(), key=lambda chat: -chat.touched)
        found = [chat for chat in chats if wanted in f"{chat.title} {chat.username} {chat.id}".lower()]
        return answer({"total": len(chats), "chats": [chat_view(chat) for chat in found[:limit]]})

    async def add_chat(self, request: web.Request) -> web.Response:
        chat = self.sandbox.add_chat(**await request.json())
        return answer(chat_view(chat), 201)

    async def messages(self, request: web.Request) -> web.Response:
        """List a chat's latest messages, oldest first; with `deleted=1` also those that are gone."""
        chat = self.sandbox.world.chats[int(request.match_info["id"])]
        with_deleted = request.query.get("deleted") == "1"
        messages = self.sandbox.messages(chat.id, deleted=with_deleted)
        return answer([message_view(chat, message) for message in messages[-int(request.query.get("limit", MANY)) :]])

    async def deed(self, request: web.Request) -> web.Response:
        """Do what a person does in Telegram: post, edit, pin, kick, change rights, block, migrate."""
        chat_id = int(request.match_info["id"])
        figures = await request.json() if request.can_read_body else {}
        deeds: dict[str, Callable[..., Any]] = {
            "human-post": self.sandbox.post_as_human,
            "human-edit": self.sandbox.edit_as_human,
            "human-delete": self.sandbox.delete_as_human,
            "pin": self.sandbox.pin,
            "kick": self.sandbox.kick,
            "rights": lambda id_, **rights: self.sandbox.set_rights(id_, rights),
            "standing": lambda id_, standing: self.sandbox.stand(id_, Standing(standing)),
            "migrate": self.sandbox.migrate,
            "protect": self.sandbox.protect,
            "forum": self.sandbox.forum,
        }
        result = deeds[request.match_info["deed"]](chat_id, **figures)
        return answer({"result": result})

    async def faults(self, request: web.Request) -> web.Response:  # noqa: ARG002 (a handler)
        return answer(self.sandbox.faults.waiting)

    async def add_fault(self, request: web.Request) -> web.Response:
        """Add one fault or a list of them."""
        given = await request.json()
        faults = [self.sandbox.faults.add(**figures) for figures in (given if isinstance(given, list) else [given])]
        return answer(faults, 201)

    async def clear_faults(self, request: web.Request) -> web.Response:
        fault_id = request.query.get("id")
        self.sandbox.faults.clear(int(fault_id) if fault_id else None)
        return answer({})

    async def limits(self, request: web.Request) -> web.Response:  # noqa: ARG002
        return answer(self.sandbox.limits)

    async def set_limits(self, request: web.Request) -> web.Response:
        self.sandbox.limits = Limits(**await request.json())
        return answer(self.sandbox.limits)

    async def journal(self, request: web.Request) -> web.Response:
        """Give the entries after a number, as one JSON list."""
        after = int(request.query.get("after", 0))
        limit = int(request.query.get("limit", 100_000))
        entries = [entry for entry in self.sandbox.journal if entry.number > after]
        return answer(entries[:limit])

    async def clear_journal(self, request: web.Request) -> web.Response:  # noqa: ARG002
        self.sandbox.record.clear()
        return answer({})

    async def clock(self, request: web.Request) -> web.Response:
        figures = await request.json()
        self.sandbox.clock.offset = figures.get("offset", self.sandbox.clock.offset) + figures.get("advance", 0)
        return answer({"offset": self.sandbox.clock.offset, "now": self.sandbox.clock.now()})

    async def away(self, request: web.Request) -> web.Response:
        """Be unreachable for so many seconds, beginning after this answer."""
        self.sandbox.server.be_away((await request.json())["seconds"])
        return answer({})
