# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""One call of the Bot API from its arrival to its answer, with whatever fault is waiting for it."""

import asyncio
from contextlib import suppress
from itertools import count
from typing import Any

from aiohttp import web

from deploy.sandbox import body
from deploy.sandbox.chats import Chat
from deploy.sandbox.faults import ANSWERED, BROKEN, Fault, FaultKind, Faults
from deploy.sandbox.journal import Entry, Journal
from deploy.sandbox.limits import GUARD_RETRY_AFTER
from deploy.sandbox.methods import DO, Call, Done
from deploy.sandbox.refusals import RefusedError, Why, too_many_requests
from deploy.sandbox.replies import INSTEAD, Reply, page, refused, spoiled, succeeded
from deploy.sandbox.specification import METHODS, Method
from deploy.sandbox.wire import break_off, cut
from deploy.sandbox.world import World

LONGEST_TOKEN = 80
MANY_CONNECTIONS = 4096


class Exchange:
    """The route of the Bot API."""

    def __init__(self, world: World, journal: Journal, faults: Faults, token: str) -> None:
        self.world = world
        self.journal = journal
        self.faults = faults
        self.token = token
        self.ignores_unknown = False
        self.stopping = asyncio.Event()
        self.numbers = count(1)
        self.connections: dict[Any, int] = {}
        self.late: set[asyncio.Task[None]] = set()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one request to /bot<token>/<method>."""
        entry = self.journal.arrive(request.match_info["method"], self.connection(request))
        try:
            self.check_token(request.match_info["token"])
            method = method_named(entry.method)
            entry.method = method.name
            fault = self.faults.take_unread(method.name) if self.faults.waiting else None
            if fault:
                return await self.broken(fault, entry, request)
            raw, files = await body.read(request)
            parameters = method.read(method.known(raw) if self.ignores_unknown else raw)
        except RefusedError as error:
            return self.failed(entry, error).response()
        entry.note(parameters)
        return await self.meet_faults(request, entry, method, Call(parameters, files))

    async def meet_faults(self, request: web.Request, entry: Entry, method: Method, call: Call) -> web.StreamResponse:
        """Go on with a call that could be read, straight to its answer unless a fault is waiting."""
        chat = self.world.find(call.parameters["chat_id"]) if "chat_id" in call.parameters else None
        if chat is not None:
            entry.chat = chat.id
        fault = self.faults.take(method.name, entry.chat) if self.faults.waiting else None
        chat_id = chat.id if chat else 0
        with self.world.gate.under_way(chat_id, len(call.files)):
            if fault is None:
                return (await self.done(entry, method, call)).response()
            return await self.faulty(fault, request, entry, method, call)

    async def faulty(
        self, fault: Fault, request: web.Request, entry: Entry, method: Method, call: Call
    ) -> web.StreamResponse:
        """Let a fault happen before, instead of, or after the call."""
        entry.fault = fault.kind.value
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.lands is not None:
            landing = asyncio.create_task(self.land(fault.lands, entry, method, call))
            self.late.add(landing)
            landing.add_done_callback(self.late.discard)
        if fault.kind in BROKEN:
            return await self.broken(fault, entry, request)
        if fault.kind in ANSWERED and not fault.accepted:
            return self.instead(fault, entry).response()
        call.lost = fault.lost
        reply = await self.done(entry, method, call)
        if fault.kind in ANSWERED:
            return INSTEAD[fault.kind](fault, self.chat_of(entry)).response()
        return await self.after(fault, request, reply)

    async def after(self, fault: Fault, request: web.Request, reply: Reply) -> web.StreamResponse:
        """Spoil, delay or lose the answer to a call that is done."""
        match fault.kind:
            case FaultKind.ANSWER_RESET | FaultKind.ANSWER_CLOSED | FaultKind.ANSWER_HUNG:
                return await break_off(fault.kind, request, self.stopping)
            case FaultKind.CUT_BODY:
                return await cut(request, reply)
            case FaultKind.LATE_ANSWER:
                await asyncio.sleep(fault.seconds)
        return spoiled(fault, reply).response()

    async def land(self, seconds: float, entry: Entry, method: Method, call: Call) -> None:
        """Do a call some time after whoever made it was told that it had failed."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), seconds)
            return
        await self.done(entry, method, call)

    async def done(self, entry: Entry, method: Method, call: Call) -> Reply:
        """Do what the call asks, and write down what came of it before the answer leaves."""
        try:
            if method.name == "getUpdates":
                done = Done(await self.world.updates.get(call.parameters))
            else:
                await self.check_not_crowded(entry, method)
                done = DO[method.name.lower()](self.world, call)
        except RefusedError as error:
            return self.failed(entry, error)
        entry.did, entry.messages, entry.code = done.did, done.messages, entry.code or 200
        if done.text is not None:
            entry.text = done.text
        self.journal.settle(entry)
        return succeeded(done.result)

    async def check_not_crowded(self, entry: Entry, method: Method) -> None:
        """Refuse, after a pause, when far too many calls wait for their answers."""
        gate = self.world.gate
        if method.name.startswith("send") and gate.is_crowded(entry.chat if isinstance(entry.chat, int) else 0):
            await asyncio.sleep(gate.limits.guard_pause)
            raise too_many_requests(GUARD_RETRY_AFTER)

    async def broken(self, fault: Fault, entry: Entry, request: web.Request) -> web.StreamResponse:
        entry.fault = fault.kind.value
        self.certain(entry, fault)
        return await break_off(fault.kind, request, self.stopping)

    def instead(self, fault: Fault, entry: Entry) -> Reply:
        reply = INSTEAD[fault.kind](fault, self.chat_of(entry))
        entry.code = reply.status
        self.certain(entry, fault)
        return reply

    def certain(self, entry: Entry, fault: Fault) -> None:
        """Write down that a call came to nothing, unless it is still to land."""
        if fault.lands is None:
            self.journal.settle(entry)

    def failed(self, entry: Entry, error: RefusedError) -> Reply:
        entry.refuse(error)
        self.journal.settle(entry)
        return page("413 Request Entity Too Large", 413) if error.code == 413 else refused(error)  # noqa: PLR2004

    def chat_of(self, entry: Entry) -> Chat | None:
        return self.world.chats.get(entry.chat) if isinstance(entry.chat, int) else None

    def check_token(self, token: str) -> None:
        """Tell apart, as the server does, tokens that cannot be and tokens that it does not know."""
        if token == self.token:
            return
        if token.startswith("0") or len(token) > LONGEST_TOKEN or ":" not in token:
            raise RefusedError(401, Why.TOKEN_MALFORMED)
        if not token.partition(":")[0].isdecimal():
            raise RefusedError(421, Why.TOKEN_UNALLOWED)
        raise RefusedError(401, Why.TOKEN_UNKNOWN)

    def connection(self, request: web.Request) -> int:
        """Number the connections, so that the journal can tell which calls shared one."""
        protocol = request.protocol
        if protocol not in self.connections:
            if len(self.connections) >= MANY_CONNECTIONS:
                self.connections = {known: number for known, number in self.connections.items() if known.transport}
            self.connections[protocol] = next(self.numbers)
        return self.connections[protocol]


def method_named(name: str) -> Method:
    method = METHODS.get(name.lower())
    if method is None:
        raise RefusedError(404, Why.METHOD_NOT_FOUND)
    return method
