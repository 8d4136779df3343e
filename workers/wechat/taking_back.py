# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Takes back what was pushed: deleted for everyone, waited for, or told by its draft whether it was sent at all."""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from datetime import datetime

from app.domain.delivery import Intent
from app.domain.outcome import Delivered, Lost, Outcome, Postponed, Refused, Submitted, Undecided
from app.outbox import Owed
from workers.wechat.client import Client
from workers.wechat.errors import BAD_ID, NO_DRAFT, read
from workers.wechat.ledger import Ledger, Push
from workers.wechat.results import Results
from workers.wechat.wire import Reply, Watch

NOT_YET = "only what was sent can be taken back"


@dataclass(frozen=True)
class TakingBack:
    """The way back for one account. `free`: publications, which are no mass sends."""

    client: Client
    ledger: Ledger
    results: Results
    now: Callable[[], datetime]
    _: KW_ONLY
    free: bool

    async def take_back(self, owed: Owed, intent: Intent, watch: Watch) -> Outcome:
        """Delete for everyone what was pushed; what is not through yet is waited for."""
        push = await self.ledger.found(owed.id, intent.reference or "")
        if push is None or push.is_over:
            return Lost("it was never sent, or is deleted already")
        if push.reference is None:
            return await self._take_back_unknown(push, watch)
        if push.state != "done":
            outcome = await self.results.of(push, self.now(), watch, free=self.free)
            if isinstance(outcome, Refused):
                return Lost(outcome.reason)
            if not isinstance(outcome, Delivered):
                return Postponed(self.results.poll, NOT_YET) if isinstance(outcome, Submitted) else outcome
            push = await self.ledger.found(owed.id, outcome.references[0]) or push
        return await self._delete(push, watch)

    async def _take_back_unknown(self, push: Push, watch: Watch) -> Outcome:
        """A draft that is still in its box was not sent; with one that is gone only a person can tell."""
        if push.draft is None or push.first_called_at is None:
            await self.ledger.note(push, state="failed")
            return Lost("it was never sent")
        reply = await self.client.call("/cgi-bin/draft/get", {"media_id": push.draft}, watch)
        if isinstance(reply, Reply) and reply.errcode == 0:
            await self.client.call("/cgi-bin/draft/delete", {"media_id": push.draft}, watch)
            await self.ledger.note(push, state="failed")
            return Lost("it was never sent")
        if isinstance(reply, Reply) and reply.errcode == NO_DRAFT:
            return Undecided("it was probably sent, without an answer that names it: delete it in the account")
        return read(reply, self.now(), pushing=False)

    async def _delete(self, push: Push, watch: Watch) -> Outcome:
        if self.free:
            reply = await self.client.call("/cgi-bin/freepublish/delete", {"article_id": push.reference}, watch)
        else:
            reply = await self.client.call("/cgi-bin/message/mass/delete", {"msg_id": push.reference}, watch)
        if isinstance(reply, Reply) and reply.errcode in (0, BAD_ID):
            await self.ledger.note(push, state="deleted")
            return Delivered()
        return read(reply, self.now(), pushing=False)
