# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""One call to Telegram: no retry, no exception, no waiting."""

import json
from dataclasses import dataclass
from typing import Any

from aiogram import Bot
from aiogram.methods import DeleteMessage, EditMessageText, ForwardMessage, SendMessage, TelegramMethod
from aiogram.types import LinkPreviewOptions, MessageEntity, ReplyParameters

from app.domain.delivery import Action, Intent
from app.domain.lane import LANES
from app.domain.notice import Priority
from app.domain.outcome import Delivered, Foreign, Outcome
from app.outbox import Owed
from app.telemetry import log
from workers.desk import Report
from workers.telegram.errors import broke, read
from workers.telegram.session import Reply, Watch, WatchedSession

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


@dataclass(frozen=True)
class Sender:
    """Posts, edits and asks on behalf of one bot. Lanes below `silent_below` ring no bell on the phones."""

    bot: Bot
    session: WatchedSession
    silent_below: Priority
    operations_chat: str | None = None

    async def send(self, owed: Owed, intent: Intent) -> Report:
        """Carry out one intent and say what it came to."""
        watch = Watch()
        try:
            return Report(await self._act(owed, intent, watch), watch.wire)
        except Exception as error:  # noqa: BLE001 - whatever broke, the wire tells whether Telegram may have acted
            log.warning("attempt.crashed", delivery=owed.id, error=type(error).__name__, wire=watch.wire)
            return Report(broke(error, watch.wire), watch.wire)

    async def _act(self, owed: Owed, intent: Intent, watch: Watch) -> Outcome:
        match intent.action:
            case Action.POST:
                return read(await self._call(self._post(owed, intent), watch), Action.POST)
            case Action.EDIT:
                method = edit(owed.address, intent.reference or "", intent.payload)
                return read(await self._call(method, watch), Action.EDIT)
            case Action.PROBE:
                place = str(int(intent.after or "0") + 1 + intent.asked)
                return await self.ask(owed.address, place, intent.payload, watch)

    async def _call(self, method: TelegramMethod[Any], watch: Watch) -> Reply:
        return await self.session.exchange(self.bot, method, watch)

    def _post(self, owed: Owed, intent: Intent) -> SendMessage:
        return SendMessage(
            chat_id=owed.address,
            **content(intent.payload),
            parse_mode=None,
            link_preview_options=NO_PREVIEW,
            reply_parameters=_reply(owed, intent),
            disable_notification=LANES[owed.notice.priority] > LANES[self.silent_below],
        )

    async def ask(self, address: str, place: str, payload: str, watch: Watch | None = None) -> Outcome:
        """Ask whether a place holds exactly this content, without being able to change what is not ours."""
        watch = watch or Watch()
        if self.operations_chat is None:
            return read(await self._call(edit(address, place, payload), watch), Action.PROBE, place)
        forward = ForwardMessage(
            chat_id=self.operations_chat, from_chat_id=address, message_id=int(place), disable_notification=True
        )
        return await self._compare(await self._call(forward, watch), payload, place)

    async def _compare(self, reply: Reply, payload: str, place: str) -> Outcome:
        """Look at the forwarded copy, which carries the whole text, and take it away again."""
        outcome = read(reply, Action.PROBE, place)
        if not isinstance(outcome, Delivered):
            return outcome
        copy = json.loads(reply.body or b"{}").get("result") or {}
        if isinstance(copy.get("message_id"), int) and self.operations_chat is not None:
            await self._call(DeleteMessage(chat_id=self.operations_chat, message_id=copy["message_id"]), Watch())
        return outcome if copy.get("text") == json.loads(payload)["text"] else Foreign()


def edit(address: str, reference: str, payload: str) -> EditMessageText:
    return EditMessageText(
        chat_id=address,
        message_id=int(reference),
        **content(payload),
        parse_mode=None,
        link_preview_options=NO_PREVIEW,
    )


def content(payload: str) -> dict[str, Any]:
    """Turn a part's payload into text and entities, which Telegram never has to parse."""
    members = json.loads(payload)
    entities = [
        MessageEntity(type=row["kind"], offset=row["offset"], length=row["length"], url=row["url"])
        for row in members["entities"]
    ]
    return {"text": members["text"], "entities": entities}


def _reply(owed: Owed, intent: Intent) -> ReplyParameters | None:
    """Hang a notice that replaces an earlier one onto it; where that is gone, the new one stands alone."""
    if owed.replies_to is None or intent.number:
        return None
    return ReplyParameters(message_id=int(owed.replies_to), allow_sending_without_reply=True)
