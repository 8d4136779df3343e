# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The sandbox as an object: start it, act as people do, look at what landed, stop it."""

import asyncio
from pathlib import Path
from typing import Any, Self

from aiohttp import web

from deploy.sandbox.clock import Clock
from deploy.sandbox.faults import Fault, Faults
from deploy.sandbox.server import Server
from deploy.sandbox_wechat import mass, pages, publishing
from deploy.sandbox_wechat.account import Account, Article, Send
from deploy.sandbox_wechat.control import Control
from deploy.sandbox_wechat.exchange import Exchange
from deploy.sandbox_wechat.journal import Entry, Journal
from deploy.sandbox_wechat.post import Post
from deploy.sandbox_wechat.rules import APP_ID, SECRET, Rules
from deploy.sandbox_wechat.tokens import Tokens

LARGEST = 16 << 20
TICK = 0.05


class WeChat:
    """A local WeChat with one Official Account, its followers and its administrator."""

    def __init__(self, rules: Rules, journal: Path | None, seed: int, app_id: str, secret: str) -> None:
        self.clock = Clock()
        self.account = Account(rules, self.clock)
        self.tokens = Tokens(self.account, app_id, secret)
        self.record = Journal(self.clock, journal)
        self.faults = Faults(seed)
        self.exchange = Exchange(self.account, self.tokens, self.record, self.faults)
        self.post = Post(self.account, app_id, "")
        self.account.watchers.append(self.record.watch)
        self.server = Server(web.Application(), "")
        self.ticking: asyncio.Task[None] | None = None

    @classmethod
    async def start(  # noqa: PLR0913 (options by name, each with its usual value)
        cls,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        rules: Rules | None = None,
        journal: Path | None = None,
        forced: bool = False,
        seed: int = 0,
        app_id: str = APP_ID,
        secret: str = SECRET,
    ) -> Self:
        """Listen on a port, 0 for any free one, with the platform's figures unless others are given."""
        sandbox = cls(rules or Rules(), journal, seed, app_id, secret)
        sandbox.server = Server(sandbox.application(forced=forced), host)
        await sandbox.server.start(port)
        sandbox.exchange.where = sandbox.post.where = sandbox.url
        sandbox.ticking = asyncio.create_task(sandbox.tick())
        return sandbox

    def application(self, *, forced: bool) -> web.Application:
        app = web.Application(client_max_size=LARGEST)
        app.router.add_route("*", "/cgi-bin/{rest:.*}", self.exchange.serve)
        app.router.add_get("/mmbiz/{id}", self.picture)
        app.add_subapp("/sandbox/", Control(self).application(forced=forced))
        app.add_routes(pages.ROUTES)
        return app

    async def picture(self, request: web.Request) -> web.Response:
        upload = self.account.uploads.get(request.match_info["id"])
        if upload is None:
            return web.Response(status=404)
        return web.Response(body=upload.content, content_type=upload.content_type)

    async def tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            self.go_on()

    def go_on(self) -> None:
        """Let time have its effects: confirmations end, sends arrive, temporary media die."""
        mass.go_on(self.account)
        publishing.go_on(self.account)
        oldest = self.account.now() - self.account.rules.temporary_media
        stale = [each.id for each in self.account.uploads.values() if not each.permanent and each.at < oldest]
        for name in stale:
            del self.account.uploads[name]

    async def stop(self) -> None:
        if self.ticking:
            self.ticking.cancel()
        self.exchange.stopping.set()
        await self.post.stop()
        await self.server.stop()
        self.record.close()

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def journal(self) -> list[Entry]:
        return self.record.entries

    @property
    def sends(self) -> list[Send]:
        """All mass sends, oldest first."""
        return list(self.account.sends.values())

    @property
    def pushed(self) -> list[Send]:
        """Those that arrived with followers."""
        return [send for send in self.sends if send.state in ("done", "deleted")]

    def fault(self, kind: str = "server_error", *, errcode: int | None = None, **figures: Any) -> Fault:
        """Add a fault; with an errcode, that verdict comes instead of the call."""
        if errcode is not None:
            figures["status"] = errcode
        return self.faults.add(kind, **figures)

    def send_by_hand(self, title: str, tag: int | None = None) -> Send:
        """Send on the website, as a colleague does."""
        article = Article(title, "", "", "<p></p>", "", "", title.encode())
        key = f"by hand {self.account.new_name('h')}"
        mass.check_quota(self.account, tag)
        send = mass.new_send(self.account, key, tag, [article], by="website")
        self.account.keys[key] = (send.msg_id, self.account.now())
        return send

    def confirm(self, send: Send) -> None:
        mass.decide(self.account, send, confirmed=True)

    def refuse(self, send: Send) -> None:
        mass.decide(self.account, send, confirmed=False)
