# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What became of a push: told by the event at our door, or asked for."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.callbacks import told
from app.domain.outcome import Declined, Delivered, Doubted, Failed, Outcome, Refused, Submitted, Undecided
from app.telemetry import log
from workers.wechat.client import Client
from workers.wechat.errors import read
from workers.wechat.ledger import KIND, Ledger, Push
from workers.wechat.wire import Reply, Watch

CONFIRMATION = timedelta(minutes=30)
ESCALATION = timedelta(minutes=20)
PATIENCE = timedelta(hours=24)
SENT = "send success"
WHY = {
    "10001": "advertising",
    "20001": "politics",
    "20002": "pornography",
    "20004": "social reasons",
    "20006": "crime",
    "20008": "fraud",
    "20013": "copyright",
    "21000": "other reasons",
    "22000": "cross-promotion",
}
NOT_SENT = "WeChat did not send it: an administrator refused it or was silent for 30 minutes, or WeChat failed"
PUBLISHED, PUBLISHING = 0, 1
STILL_SENDING = Undecided("WeChat has not said for a day what became of it; look in the account")
UNTOLD = Undecided("for a day nobody could learn from WeChat what became of it; look in the account")


@dataclass(frozen=True)
class Results:
    """Looks after the pushes that the platform has taken. `poll`: seconds between two questions."""

    client: Client
    ledger: Ledger
    poll: float

    async def of(self, push: Push, now: datetime, watch: Watch, *, free: bool) -> Outcome:
        """Say what became of it, or that it is still to be told. `free`: a publication, which is no mass send."""
        assert push.reference is not None  # noqa: S101 - only what the platform has taken comes here
        event = await told(self.ledger.pool, KIND, push.reference)
        if event is not None:
            return await self._told(push, event, now, free=free)
        ask = self._published if free else self._sent
        return await ask(push, push.reference, now, watch)

    async def _told(self, push: Push, event: dict[str, Any], now: datetime, *, free: bool) -> Outcome:
        status = str(event.get("Status", ""))
        if status == (str(PUBLISHED) if free else SENT):
            reference = str(event.get("article_id") or push.reference) if free else str(push.reference)
            return await self._done(push, event, reference)
        if free and status == str(PUBLISHING):
            return self._waits(push, now)
        return await self._failed(push, event, reason(status))

    async def _sent(self, push: Push, reference: str, now: datetime, watch: Watch) -> Outcome:
        reply = await self.client.call("/cgi-bin/message/mass/get", {"msg_id": reference}, watch)
        match reply.text("msg_status") if isinstance(reply, Reply) else "":
            case "SEND_SUCCESS" | "DELETE":
                return await self._done(push, {"Status": SENT}, reference)
            case "SEND_FAIL":
                return await self._failed(push, {"Status": "send fail"}, NOT_SENT)
            case "SENDING":
                return self._waits(push, now)
        return self._untold(push, read(reply, now, pushing=False), now)

    async def _published(self, push: Push, reference: str, now: datetime, watch: Watch) -> Outcome:
        reply = await self.client.call("/cgi-bin/freepublish/get", {"publish_id": reference}, watch)
        status = reply.text("publish_status") if isinstance(reply, Reply) else ""
        if status == str(PUBLISHING):
            return self._waits(push, now)
        if status and isinstance(reply, Reply):
            return await self._told(push, {**reply.members, "Status": status}, now, free=True)
        return self._untold(push, read(reply, now, pushing=False), now)

    async def _done(self, push: Push, result: dict[str, Any], reference: str) -> Outcome:
        await self.ledger.note(push, state="done", result=_json(result), reference=reference)
        return Delivered((reference,))

    async def _failed(self, push: Push, result: dict[str, Any], why: str) -> Outcome:
        await self.ledger.note(push, state="failed", result=_json({**result, "why": why}))
        return Refused(why)

    def _waits(self, push: Push, now: datetime) -> Outcome:
        """Go on waiting, with what a person must do while there is time for it."""
        age = now - (push.called_at or now)
        if age > PATIENCE:
            return STILL_SENDING
        return Submitted(str(push.reference), self.poll, self._words(push, now, age))

    def _words(self, push: Push, now: datetime, age: timedelta) -> str:
        if age > CONFIRMATION:
            return "WeChat is still sending"
        until = (push.called_at or now) + CONFIRMATION
        if ESCALATION < age <= ESCALATION + timedelta(seconds=2 * self.poll):  # once or twice, not at every question
            log.warning("push.unconfirmed", kind=KIND, push=push.id, until=until.isoformat(timespec="minutes"))
        return f"WeChat has it; if it asks for it, an administrator must confirm until {until:%H:%M} UTC"

    def _untold(self, push: Push, outcome: Outcome, now: datetime) -> Outcome:
        """A question that fails changes nothing: the push is where it was."""
        if isinstance(outcome, Failed | Declined | Doubted | Refused | Undecided):
            waits = self._waits(push, now)
            return waits if isinstance(waits, Submitted) else UNTOLD
        return outcome


def reason(status: str) -> str:
    """Put a status in words; values that no document names occur."""
    number = status.removeprefix("err(").removesuffix(")")
    if not status.startswith("err("):
        return NOT_SENT if status == "send fail" else f"WeChat did not publish it: status {status}"
    return f"WeChat refused it after submission, {status}: {WHY.get(number, 'a reason that no document names')}"


def _json(result: dict[str, Any]) -> str:
    return json.dumps(result, ensure_ascii=False)
