# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""One call from its arrival to its answer, which has status 200 whatever it says, and any fault that waits for it."""

import asyncio
import json
import secrets
from typing import Any

from aiohttp import BodyPartReader, web

from deploy.sandbox.faults import ANSWERED, BROKEN, Fault, FaultKind, Faults
from deploy.sandbox.replies import Reply, page
from deploy.sandbox.wire import break_off, cut
from deploy.sandbox_wechat import mass, publishing
from deploy.sandbox_wechat.account import Account
from deploy.sandbox_wechat.call import Call
from deploy.sandbox_wechat.interface import CLOSED, GETS, OPEN, UNCOUNTED
from deploy.sandbox_wechat.journal import Entry, Journal
from deploy.sandbox_wechat.rules import WORDS, RefusedError
from deploy.sandbox_wechat.tokens import Tokens

LOSSES = (FaultKind.ANSWER_RESET, FaultKind.ANSWER_CLOSED, FaultKind.ANSWER_HUNG)
OK = {"errcode": 0, "errmsg": "ok"}


class Exchange:
    """The routes below /cgi-bin."""

    def __init__(self, account: Account, tokens: Tokens, journal: Journal, faults: Faults) -> None:
        self.account, self.tokens, self.journal, self.faults = account, tokens, journal, faults
        self.stopping = asyncio.Event()
        self.where = ""

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one call; a fault comes before, instead of, or after what it does."""
        entry = self.journal.arrive(request.path, request.remote)
        raw, file = await read(request)
        fault = self.faults.take(request.path.removeprefix("/cgi-bin/"), None)
        if fault is None:
            return self.done(request, entry, raw, file).response()
        entry.fault = fault.kind.value
        await asyncio.sleep(fault.delay)
        if fault.kind in BROKEN or (fault.kind in ANSWERED and not fault.accepted):
            self.journal.settle(entry)
            return await self.instead(fault, request)
        return await self.after(fault, request, self.done(request, entry, raw, file))

    async def instead(self, fault: Fault, request: web.Request) -> web.StreamResponse:
        if fault.kind in BROKEN:
            return await break_off(fault.kind, request, self.stopping)
        return other(fault).response()

    async def after(self, fault: Fault, request: web.Request, reply: Reply) -> web.StreamResponse:
        """Lose, cut, delay or replace the answer to what was done."""
        if fault.kind in LOSSES:
            return await break_off(fault.kind, request, self.stopping)
        if fault.kind is FaultKind.CUT_BODY:
            return await cut(request, reply)
        if fault.kind is FaultKind.LATE_ANSWER:
            await asyncio.sleep(fault.seconds)
        spoiled = {FaultKind.OVERSIZED: Reply(b" " * fault.size), FaultKind.WRONG_SHAPE: Reply(b'["?"]')}
        if fault.kind is FaultKind.EMPTY_RESULT:
            return Reply(b"{}").response()
        return (other(fault) if fault.kind in ANSWERED else spoiled.get(fault.kind, reply)).response()

    def done(self, request: web.Request, entry: Entry, raw: bytes, file: bytes) -> Reply:
        """Do what is asked and write it down before the answer leaves."""
        mass.go_on(self.account)
        publishing.go_on(self.account)
        call = Call(self.account, self.tokens, request.query, raw, file, self.where, entry)
        try:
            self.let_in(request)
            entry.did = "answered"
            answer = {**OPEN, **CLOSED}[request.path](call)
        except KeyError:
            answer = self.refused(entry, RefusedError(48001))
        except RefusedError as error:
            answer = self.refused(entry, error)
        self.journal.settle(entry)
        return Reply(json.dumps(answer, ensure_ascii=False).encode())

    def let_in(self, request: web.Request) -> None:
        """Refuse unknown addresses, the wrong method, bad tokens, and what was called too often today."""
        allowed = self.account.allowed_addresses
        if allowed and request.remote not in allowed:
            raise RefusedError(40164)
        if request.method != ("GET" if request.path in GETS else "POST"):
            raise RefusedError(43002)
        if request.path not in OPEN:
            self.tokens.check(request.query.get("access_token", ""))
        if request.path not in UNCOUNTED:
            self.account.count_call(request.path)

    def refused(self, entry: Entry, error: RefusedError) -> dict[str, Any]:
        entry.did, entry.errcode = "refused", error.errcode
        if "msg_id" in error.members:
            entry.msg_id = str(error.members["msg_id"])
        return verdict(error.errcode, **error.members)


def verdict(errcode: int, **members: Any) -> dict[str, Any]:
    """Say no, with the mark by which Tencent's support finds the call."""
    rid = f"{secrets.token_hex(4)}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
    return {"errcode": errcode, "errmsg": f"{WORDS.get(errcode, 'refused')} rid: {rid}", **members}


def other(fault: Fault) -> Reply:
    """What is answered instead: an errcode (in `status`) by default, a page, or anything."""
    if fault.kind is FaultKind.LITERAL:
        return Reply((fault.body or "").encode(), fault.status or 200)
    if fault.kind is FaultKind.BAD_GATEWAY:
        return page("502 Bad Gateway", fault.status or 502)
    errcode = fault.status if fault.status is not None else -1
    return Reply(json.dumps(verdict(errcode)).encode())


async def read(request: web.Request) -> tuple[bytes, bytes]:
    """Give the raw body, or the file of a form."""
    if not request.content_type.startswith("multipart/"):
        return await request.read(), b""
    async for part in await request.multipart():
        if isinstance(part, BodyPartReader) and part.name == "media":
            return b"", bytes(await part.read())
    return b"", b""
