# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Hands a push in under its key, which is the same for every try, whoever of those that share it comes first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.decision import NOT_FOUND
from app.domain.delivery import Intent
from app.domain.outcome import Declined, Doubted, Outcome, Postponed, Refused, Submitted, Undecided
from app.outbox import Owed
from app.telemetry import log
from workers.wechat.articles import Articles
from workers.wechat.client import Client
from workers.wechat.errors import NO_DRAFT, NO_QUOTA, USED, read, until_tomorrow
from workers.wechat.ledger import AGE, ALL, Ledger, Push
from workers.wechat.sharing import Share, Sharing, is_outdated
from workers.wechat.wire import Broken, Reply, Watch

MOST_DRAFTS = 2
TOO_OLD = Undecided(
    f"handed in more than {AGE.total_seconds() / 3600:.0f} hours ago without an answer; look in the account"
)
DRAFT_GONE = Undecided("the draft is gone, so an earlier try has probably sent it; look in the account")
APART = "WeChat did not take these notices together, so each goes by itself"


@dataclass(frozen=True)
class HandingIn:
    """The way in for one account. `free`: publications; `rest`: seconds between two tries under one key."""

    client: Client
    articles: Articles
    ledger: Ledger
    sharing: Sharing
    poll: float
    free: bool
    rest: float
    now: Callable[[], datetime]

    async def push(self, owed: Owed, intent: Intent, push: Push, watch: Watch) -> Outcome:
        """Draft it and hand it in, unless it is too early or too late for that."""
        now, shares = self.now(), await self.sharing.of(push)
        if (hindered := await self._hindered(owed, push, shares, now)) is not None:
            return hindered
        payloads = [(share.notice_id, share.payload) for share in shares] or [(owed.notice_id, intent.payload)]
        draft = push.draft or await self.articles.draft(payloads, watch)
        if not isinstance(draft, str):
            return await self._let_go(push, shares, await self._undrafted(push, draft))
        if push.draft is None:
            await self.ledger.note(push, draft=draft, drafts=push.drafts + 1)
        if not await self.ledger.calling(push, now):
            return Postponed(1.0, "it was given up meanwhile")
        watch.pushed = True
        path, body, name = self._call(owed, push, draft)
        outcome = await self._answered(push, await self.client.call(path, body, watch), name)
        return await self._let_go(push, shares, outcome, called=True)

    async def _hindered(self, owed: Owed, push: Push, shares: Sequence[Share], now: datetime) -> Outcome | None:
        if push.is_old(now):
            return TOO_OLD
        rest = push.rest(now, self.rest)
        if rest > 0:
            why = "handed in without an answer; repeated under the same key after its rest"
            return Postponed(rest, NOT_FOUND if owed.not_found else why)  # that word still counts then
        if push.first_called_at is not None:
            return None
        if is_outdated(owed) or (shares and not await self.sharing.stands(push, shares, owed.id)):
            if not await self.ledger.give_up(push):
                return Postponed(1.0, "it was handed in meanwhile")
            await self.sharing.give_up(push, shares)
            return Postponed(0.1, "it has changed, or what shared its push", unsent=True)
        return None

    async def _let_go(self, push: Push, shares: Sequence[Share], outcome: Outcome, *, called: bool = False) -> Outcome:
        """Let the others go where certainly nothing was sent: each then goes on by itself, or together again."""
        if not shares or isinstance(outcome, Submitted | Doubted | Undecided):
            return outcome
        if called and not isinstance(outcome, Refused) and not await self.ledger.is_over(push):
            return outcome  # a platform that was busy may have taken it: the same key will tell
        await self.sharing.give_up(push, shares, alone=isinstance(outcome, Refused))
        if isinstance(outcome, Refused):  # in doubt, the one that handed it in could not be chosen again
            return Postponed(0.1, f"{APART}: {outcome.reason}", unsent=True)
        return outcome

    async def _answered(self, push: Push, reply: Reply | Broken, name: str) -> Outcome:
        """Take what was taken; an answer without a name for it tells nothing, and the key will."""
        if isinstance(reply, Reply) and reply.errcode in (0, USED):
            if reply.text(name):
                await self.ledger.note(push, state="submitted", reference=reply.text(name))
                return Submitted(reply.text(name), min(1.0, self.poll), "WeChat has it and will say what came of it")
            reply = Broken("an answer that does not name what was taken", left=True)
        return await self._refused(push, reply, self.now())

    def _call(self, owed: Owed, push: Push, draft: str) -> tuple[str, dict[str, Any], str]:
        """Give the path, the body, and the member of the answer that names what was taken."""
        if self.free:
            return "/cgi-bin/freepublish/submit", {"media_id": draft}, "publish_id"
        tag = owed.address.removeprefix("tag:")
        whom = {"is_to_all": True} if owed.address == ALL else {"is_to_all": False, "tag_id": int(tag)}
        body = {"filter": whom, "mpnews": {"media_id": draft}, "msgtype": "mpnews", "send_ignore_reprint": 0}
        return "/cgi-bin/message/mass/sendall", {**body, "clientmsgid": push.key}, "msg_id"

    async def _undrafted(self, push: Push, reply: Reply | Broken) -> Outcome:
        """Say why there is no draft; a cover that the platform has forgotten is uploaded anew."""
        outcome = read(reply, self.now(), pushing=False)
        if isinstance(reply, Reply) and reply.errcode == NO_DRAFT and push.drafts == 0:
            await self.articles.forget_cover()
            await self.ledger.note(push, drafts=1)
            return Declined(f"the cover is unknown: {reply.words}")
        if isinstance(outcome, Refused) and push.called_at is None:
            await self.ledger.note(push, state="failed")
        return outcome

    async def _refused(self, push: Push, reply: Reply | Broken, now: datetime) -> Outcome:
        """Read a push that was not taken; a draft that is gone after an earlier try was probably sent by it."""
        outcome = read(reply, now, pushing=True)
        if isinstance(reply, Broken) or isinstance(outcome, Doubted):
            return outcome
        if reply.errcode == NO_DRAFT and push.first_called_at is not None:
            return DRAFT_GONE
        if reply.errcode == NO_DRAFT and push.drafts < MOST_DRAFTS:
            await self.ledger.note(push, draft=None)
            return Declined(f"the draft is gone: {reply.words}")
        if reply.errcode == NO_QUOTA and push.first_called_at is None:
            return await self._no_quota(push, outcome, now)
        if isinstance(outcome, Refused):
            await self.ledger.note(push, state="failed")
        return outcome

    async def _no_quota(self, push: Push, outcome: Outcome, now: datetime) -> Outcome:
        """The platform has counted more than we have: nobody asks again before tomorrow."""
        await self.ledger.note(push, state="failed")
        wait = until_tomorrow(now)
        await self.ledger.close(datetime.fromtimestamp(now.timestamp() + wait, now.tzinfo))
        log.warning("quota.exhausted", kind="wechat", push=push.id, until="tomorrow")
        return outcome
