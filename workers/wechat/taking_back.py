# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Takes back what was pushed: deleted for everyone, waited for, or told by its draft whether it was sent at all."""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from datetime import datetime

from app.domain.outcome import Delivered, Lost, Outcome, Postponed, Refused, Submitted, Undecided, reason
from app.outbox import Owed
from workers.wechat.client import Client
from workers.wechat.errors import BAD_ID, NO_DRAFT, read
from workers.wechat.ledger import Ledger, Push
from workers.wechat.results import Results
from workers.wechat.sharing import Share, Sharing
from workers.wechat.wire import Reply, Watch

NOT_YET = "only what was sent can be taken back"
NOTHING = "it was never sent, or is deleted already"
STILL_THERE = "the earlier article still stands in WeChat: {why}. Delete it in the account"


@dataclass(frozen=True)
class TakingBack:
    """The way back for one account. `free`: publications, which are no mass sends."""

    client: Client
    ledger: Ledger
    sharing: Sharing
    results: Results
    now: Callable[[], datetime]
    _: KW_ONLY
    free: bool

    async def take_back(self, owed: Owed, watch: Watch) -> Outcome:
        """Delete for everyone whatever was pushed of a delivery; what is not through yet is waited for."""
        found: Outcome = Lost(NOTHING)
        for push in await self.ledger.all_of(owed.id):
            outcome = await self._one(owed, push, watch)
            if not isinstance(outcome, Delivered | Lost):
                return outcome
            found = found if isinstance(found, Delivered) else outcome
        return found

    async def replaced(self, owed: Owed, by: Push, watch: Watch) -> str | None:
        """Delete the articles of earlier revisions; give a sentence where one still stands."""
        left: str | None = None
        for push in await self.ledger.all_of(owed.id):
            if push.id == by.id:
                continue
            outcome = await self._one(owed, push, watch)
            if not isinstance(outcome, Delivered | Lost):
                left = STILL_THERE.format(why=reason(outcome))
        return left

    async def _one(self, owed: Owed, push: Push, watch: Watch) -> Outcome:
        shares = await self.sharing.of(push)
        mine = next((share for share in shares if share.delivery_id == owed.id), None)
        if mine is not None and mine.gone:
            return Lost(NOTHING)
        if push.reference is None:
            return await self._unknown(owed, push, shares, watch)
        reference = push.reference
        if push.state != "done":
            outcome = await self.results.of(push, self.now(), watch, free=self.free)
            if isinstance(outcome, Refused):
                return Lost(outcome.reason)
            if not isinstance(outcome, Delivered):
                return Postponed(self.results.poll, NOT_YET) if isinstance(outcome, Submitted) else outcome
            reference = outcome.references[0]
        return await self._delete(push, reference, mine, watch)

    async def _unknown(self, owed: Owed, push: Push, shares: list[Share], watch: Watch) -> Outcome:
        """A draft that is still in its box was not sent; with one that is gone only a person can tell."""
        if push.draft is None or push.first_called_at is None:
            await self.sharing.give_up(push, shares)
            return Lost("it was never sent")
        if await self.sharing.is_handed_in_by_others(push, owed.id):
            return Postponed(self.results.poll, NOT_YET)
        reply = await self.client.call("/cgi-bin/draft/get", {"media_id": push.draft}, watch)
        if isinstance(reply, Reply) and reply.errcode == 0:
            await self.client.call("/cgi-bin/draft/delete", {"media_id": push.draft}, watch)
            await self.ledger.note(push, state="failed")
            return Lost("it was never sent")
        if isinstance(reply, Reply) and reply.errcode == NO_DRAFT:
            return Undecided("it was probably sent, without an answer that names it: delete it in the account")
        return read(reply, self.now(), pushing=False)

    async def _delete(self, push: Push, reference: str, mine: Share | None, watch: Watch) -> Outcome:
        """Delete all of a push, or the articles of it that are this delivery's."""
        for number in [0] if mine is None else mine.numbers:
            reply = await self.client.call(*self._call(reference, number), watch)
            if not isinstance(reply, Reply) or reply.errcode not in (0, BAD_ID):
                return read(reply, self.now(), pushing=False)
        if mine is None:
            await self.ledger.note(push, state="deleted")
        else:
            await self.sharing.gone(push, mine.delivery_id)
        return Delivered()

    def _call(self, reference: str, number: int) -> tuple[str, dict[str, object]]:
        """Give the path and the body; number 0 is the whole of it."""
        if self.free:
            return "/cgi-bin/freepublish/delete", {"article_id": reference}
        whole: dict[str, object] = {"msg_id": reference}
        return "/cgi-bin/message/mass/delete", {**whole, "article_idx": number} if number else whole
