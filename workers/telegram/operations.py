# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The operations chat, to which a doubtful place is forwarded in order to read it, and which is no channel of ours."""

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
from workers.telegram.calls import read_payload
from workers.telegram.errors import read, standing
from workers.telegram.session import Reply, Watch, WatchedSession

TIDY = 0.2
"""Seconds kept for the way back when a copy is taken away."""
WORTH = 3.0
"""Seconds that this may keep an answer waiting."""
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
        """Have a place forwarded, look at the copy, which carries the whole text, and take it away again."""
        wait = await enter(self.pool, ROOM, self.limits)
        if wait:
            return self._shut(wait) or Postponed(self._moment(wait, _now()).total_seconds(), BUSY)
        reply = await self._forward(address, place, watch)
        outcome = read(reply, Action.PROBE, place)
        if isinstance(outcome, Moved):
            log.warning("operations.moved", address=outcome.address)
            self.address = outcome.address
            reply = await self._forward(address, place, watch)
            outcome = read(reply, Action.PROBE, place)
        if not isinstance(outcome, Delivered):
            return await self._refused(address, outcome)
        copy = json.loads(reply.body or b"{}").get("result") or {}
        await self._tidy(copy.get("message_id"), watch)
        text, medium = copy.get("text") or copy.get("caption"), bool(copy.get("photo") or copy.get("document"))
        wanted, _, media = read_payload(payload)
        return outcome if (text or "") == wanted and medium is bool(media) else Foreign()

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
        return await self._call(forward, watch)

    async def _tidy(self, number: object, watch: Watch) -> None:
        """Take copies away in what time and pace are left; one that stays is silent, and goes with a later one."""
        if not isinstance(number, int):
            return
        self._copies.append(number)
        now = asyncio.get_running_loop().time()
        until = min(now + WORTH, now + WORTH if watch.until is None else watch.until - TIDY)
        rest = interval(self.limits.channel_per_second).total_seconds()
        if now + rest > until or self._promised > _now():  # others wait to forward
            return
        with contextlib.suppress(TimeoutError, ClientError, OSError):
            async with asyncio.timeout_at(until):
                await asyncio.sleep(rest)
                await self._take_away()

    async def _take_away(self) -> None:
        """Delete all copies that are left, which is a write like any other; not where others write just then."""
        if not self._copies or await enter(self.pool, ROOM, self.limits):
            return
        if self.limits.per_second:
            await asyncio.sleep((await slot(self.pool, ACCOUNT, self.limits.per_second)).wait)
        going = self._copies[:AT_ONCE]
        reply = await self._call(DeleteMessages(chat_id=self.address, message_ids=going), Watch())
        if not isinstance(read(reply, Action.DELETE), Throttled):
            self._copies = [copy for copy in self._copies if copy not in going]

    async def _call(self, method: TelegramMethod[Any], watch: Watch) -> Reply:
        return await self.session.exchange(self.bot, method, watch)


def _now() -> datetime:
    """Give a moment that no change of the clock moves."""
    return datetime.fromtimestamp(time.monotonic(), UTC)
