# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The operations chat, to which a place is forwarded that must not be asked by an edit; it is no channel of ours."""

import asyncio
import contextlib
import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiogram import Bot
from aiogram.methods import DeleteMessages, ForwardMessage, GetChatMember, TelegramMethod
from aiohttp import ClientError

from app.database import Pool
from app.domain.delivery import Action
from app.domain.outcome import Delivered, Foreign, Gone, Moved, Outcome, Postponed, Refused, Throttled, Unclear
from app.domain.pace import MINUTE, Limits, interval
from app.outbox import enter, shut, slot
from app.telemetry import log
from workers.desk import CALL
from workers.telegram.calls import read_payload
from workers.telegram.errors import read, standing
from workers.telegram.session import Reply, Watch, WatchedSession

BUSY = "the operations chat takes no more forwards for the moment"
SHUT = "the operations chat takes no forwards for longer than a doubt can wait"
ACCOUNT = "telegram"
ROOM = "telegram operations"
"""The rows of the pace of the bot, and of that chat."""
QUEUE = timedelta(minutes=5)
"""Nobody is told to come back later. Whoever is sent away by a queue that long comes again, the urgent ones first."""
AT_ONCE = 100
"""Copies that Telegram takes away with one call."""
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass
class OperationsChat:
    """Reads places for one process, at a pace that all processes keep together.

    What this chat refuses says nothing of the channel that is asked about.
    """

    bot: Bot
    session: WatchedSession
    address: str
    limits: Limits
    pool: Pool
    _promised: datetime = LONG_AGO
    _copies: list[int] = field(default_factory=list)

    async def ask(self, address: str, place: str, payload: str, watch: Watch) -> Outcome:
        """Have a place forwarded, and look at the copy, which carries the whole text, and is to be taken away."""
        wait = await enter(self.pool, ROOM, self.limits)
        if wait:
            return self._shut(wait) or Postponed(self._moment(wait, _now()).total_seconds(), BUSY)
        reply = await self._forward(address, place, watch)
        outcome = read(reply, Action.PROBE, place)
        if isinstance(outcome, Moved):
            log.warning("operations.moved", address=outcome.address)
            self.address, self._copies = outcome.address, []  # there the numbers of the copies are those of others
            reply = await self._forward(address, place, watch)
            outcome = read(reply, Action.PROBE, place)
        if not isinstance(outcome, Delivered):
            return await self._refused(address, outcome)
        copy = json.loads(reply.body or b"{}").get("result") or {}
        if isinstance(number := copy.get("message_id"), int):
            self._copies.append(number)
        text, medium = copy.get("text") or copy.get("caption"), bool(copy.get("photo") or copy.get("document"))
        wanted, _, media = read_payload(payload)
        same = (text or "") == wanted and medium is bool(media)
        return outcome if same else Foreign(wordless=medium and not text)

    def _moment(self, wait: timedelta, now: datetime) -> timedelta:
        """Say when to come back: whoever of this process has to wait gets a moment of his own."""
        moment = min(max(now + wait, self._promised), now + max(wait, QUEUE))
        a_minute, a_second = self.limits.group_per_minute, self.limits.channel_per_second
        self._promised = moment + (MINUTE / a_minute if a_minute else interval(a_second))
        return moment - now

    def _shut(self, wait: timedelta) -> Unclear | None:
        """Wait no longer than our own pace can want it: what is urgent waits behind the doubt."""
        return Unclear(SHUT) if wait > max(MINUTE, interval(self.limits.channel_per_second)) else None

    async def _refused(self, address: str, outcome: Outcome) -> Outcome:
        """Keep what the operations chat has against a forward away from the channel and from the account."""
        match outcome:
            case Throttled(seconds):
                wait = timedelta(seconds=seconds)
                await shut(self.pool, ROOM, wait)
                return self._shut(wait) or Postponed(seconds, BUSY)
            case Moved(elsewhere):
                return Unclear(f"the operations chat has moved twice, to {elsewhere} at last")
            case Gone(why):
                return await self._look(address) or Unclear(f"the operations chat cannot be forwarded to: {why}")
            case Refused(why):
                return Unclear(f"the operations chat did not get the forward: {why}")
        return outcome

    async def _look(self, address: str) -> Gone | None:
        """Tell whether it is the channel itself that is gone: a refused forward does not say which of the two."""
        reply = await self._call(GetChatMember(chat_id=address, user_id=self.bot.id), Watch())
        outcome = None if standing(reply) else read(reply, Action.PROBE)
        return outcome if isinstance(outcome, Gone) else None

    async def _forward(self, address: str, place: str, watch: Watch) -> Reply:
        forward = ForwardMessage(
            chat_id=self.address, from_chat_id=address, message_id=int(place), disable_notification=True
        )
        reply = await self._call(forward, watch)
        await self._count_from_now()
        return reply

    async def tidy(self) -> None:
        """Delete the copies that are left, all with one call, which is a write like any other and no doubt waits for.

        Copies are silent, so that those of a process that has ended harm nobody.
        """
        if not self._copies or not await self._has_room():
            return
        if self.limits.per_second:
            await asyncio.sleep((await slot(self.pool, ACCOUNT, self.limits.per_second)).wait)
        going = self._copies[:AT_ONCE]
        with contextlib.suppress(TimeoutError, ClientError, OSError):
            async with asyncio.timeout(CALL):
                reply = await self._call(DeleteMessages(chat_id=self.address, message_ids=going), Watch())
            await self._count_from_now()
            outcome = read(reply, Action.DELETE)
            if isinstance(outcome, Throttled):
                await shut(self.pool, ROOM, timedelta(seconds=outcome.seconds))
            else:
                self._copies = [copy for copy in self._copies if copy not in going]

    async def _count_from_now(self) -> None:
        """Keep the distance from when a call can have arrived, which may be long after it was begun."""
        await shut(self.pool, ROOM, interval(self.limits.channel_per_second))

    async def _has_room(self) -> bool:
        """Wait once for the pace of the chat, if that is not long."""
        wait = await enter(self.pool, ROOM, self.limits)
        if not wait or wait > MINUTE:
            return not wait
        await asyncio.sleep(wait.total_seconds())
        return not await enter(self.pool, ROOM, self.limits)

    async def _call(self, method: TelegramMethod[Any], watch: Watch) -> Reply:
        return await self.session.exchange(self.bot, method, watch)


def _now() -> datetime:
    """Give a moment that no change of the clock moves."""
    return datetime.fromtimestamp(time.monotonic(), UTC)
