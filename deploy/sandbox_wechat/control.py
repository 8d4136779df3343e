# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The control API under /sandbox: the account, people's deeds, faults, events, journal, clock."""

from typing import TYPE_CHECKING, Any

from aiohttp import web

from deploy.sandbox.control import answer, explain, guard
from deploy.sandbox_wechat import mass
from deploy.sandbox_wechat.account import Article, Publication, Send
from deploy.sandbox_wechat.rules import PROFILES

if TYPE_CHECKING:
    from deploy.sandbox_wechat.sandbox import WeChat


class Control:
    """The handlers, each a thin door to the Python API."""

    def __init__(self, sandbox: "WeChat") -> None:
        self.sandbox = sandbox

    def application(self, *, forced: bool) -> web.Application:
        app = web.Application(middlewares=[guard(forced=forced), explain])
        app.add_routes(
            [
                web.get("/account", self.account),
                web.patch("/account", self.change),
                web.get("/sends", self.sends),
                web.post("/sends", self.send_by_hand),
                web.post("/sends/{id}/{deed}", self.deed),
                web.post("/tokens/kill", self.kill),
                web.get("/faults", self.faults),
                web.post("/faults", self.add_fault),
                web.delete("/faults", self.clear_faults),
                web.get("/journal", self.journal),
                web.delete("/journal", self.clear_journal),
                web.post("/clock", self.clock),
                web.post("/away", self.away),
            ]
        )
        return app

    async def account(self, request: web.Request) -> web.Response:  # noqa: ARG002 (a handler)
        account = self.sandbox.account
        return answer(
            {
                "name": account.name,
                "profile": account.profile_name,
                "followers": len(account.followers),
                "needs_confirmation": account.needs_confirmation,
                "allowed_addresses": sorted(account.allowed_addresses),
                "drafts": len(account.drafts),
                "callback": self.sandbox.post.callback.url,
                "letters": [each.answers for each in self.sandbox.post.letters],
                "now": account.now(),
            }
        )

    async def change(self, request: web.Request) -> web.Response:
        """Change name, profile, confirmation, addresses, next_status, rules, tags, or what happens to events."""
        wanted: dict[str, Any] = await request.json()
        account = self.sandbox.account
        if wanted.get("profile", account.profile_name) not in PROFILES:
            raise ValueError(f"there are the profiles {', '.join(PROFILES)}")
        account.profile_name = wanted.get("profile", account.profile_name)
        account.needs_confirmation = wanted.get("needs_confirmation", account.needs_confirmation)
        account.allowed_addresses = set(wanted.get("allowed_addresses", account.allowed_addresses))
        account.next_status = wanted.get("next_status", account.next_status)
        account.name = wanted.get("name", account.name)
        for target, name in ((account.rules, "rules"), (self.sandbox.post.callback, "callback")):
            for member, value in wanted.get(name, {}).items():
                getattr(target, member)
                setattr(target, member, value)
        for tag, many in wanted.get("tags", {}).items():
            for follower in account.followers[:many]:
                follower.tags.add(int(tag))
        return await self.account(request)

    async def sends(self, request: web.Request) -> web.Response:  # noqa: ARG002
        """List what followers see, newest first, drafts not included."""
        account = self.sandbox.account
        things: list[Send | Publication] = [*account.sends.values(), *account.publications.values()]
        return answer([shown(each) for each in reversed(things)])

    async def send_by_hand(self, request: web.Request) -> web.Response:
        """Send an article on the website, past the interface; it counts as any other."""
        wanted = await request.json()
        return answer(shown(self.sandbox.send_by_hand(wanted.get("title", "Avviso"), wanted.get("tag"))), 201)

    async def deed(self, request: web.Request) -> web.Response:
        """Confirm or refuse on the administrator's phone."""
        send = self.sandbox.account.sends[int(request.match_info["id"])]
        confirmed = {"confirm": True, "refuse": False}[request.match_info["deed"]]
        mass.decide(self.sandbox.account, send, confirmed=confirmed)
        return answer(shown(send))

    async def kill(self, request: web.Request) -> web.Response:  # noqa: ARG002
        self.sandbox.tokens.kill()
        return answer({})

    async def faults(self, request: web.Request) -> web.Response:  # noqa: ARG002
        return answer(self.sandbox.faults.waiting)

    async def add_fault(self, request: web.Request) -> web.Response:
        """Add one fault or a list; `method` is the path below /cgi-bin, `errcode` a verdict instead of the call."""
        given = await request.json()
        rows = given if isinstance(given, list) else [given]
        return answer([self.sandbox.fault(**figures) for figures in rows], 201)

    async def clear_faults(self, request: web.Request) -> web.Response:  # noqa: ARG002
        self.sandbox.faults.clear()
        return answer({})

    async def journal(self, request: web.Request) -> web.Response:
        after = int(request.query.get("after", 0))
        return answer([entry for entry in self.sandbox.journal if entry.number > after])

    async def clear_journal(self, request: web.Request) -> web.Response:  # noqa: ARG002
        self.sandbox.record.entries.clear()
        return answer({})

    async def clock(self, request: web.Request) -> web.Response:
        """Move the account's time; tokens, media, quotas and confirmations follow at once."""
        figures = await request.json()
        self.sandbox.clock.offset = figures.get("offset", self.sandbox.clock.offset) + figures.get("advance", 0)
        self.sandbox.go_on()
        return answer({"offset": self.sandbox.clock.offset, "now": self.sandbox.clock.now()})

    async def away(self, request: web.Request) -> web.Response:
        self.sandbox.server.be_away((await request.json())["seconds"])
        return answer({})


def shown(thing: Send | Publication) -> dict[str, Any]:
    """Show a send or a publication as the page and tests need it."""
    articles = [seen(article) for article in thing.articles]
    if isinstance(thing, Send):
        figures = {"total": thing.total, "filtered": thing.filtered, "sent": thing.sent, "key": thing.key}
        whom = {"tag": thing.tag, "by": thing.by, "at": thing.at, "until": thing.until}
        return (
            {"id": str(thing.msg_id), "sort": "mass", "state": thing.state, "status": thing.status}
            | figures
            | whom
            | {"articles": articles}
        )
    return {"id": thing.id, "sort": "publication", "state": thing.state, "status": thing.state, "articles": articles}


def seen(article: Article) -> dict[str, Any]:
    return {
        "title": article.title,
        "raw_title": article.raw_title.decode("utf-8", "replace"),
        "author": article.author,
        "digest": article.digest,
        "content": article.content,
        "content_source_url": article.content_source_url,
        "thumb": article.thumb,
        "deleted": article.deleted,
    }
