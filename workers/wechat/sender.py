# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""One step towards what a channel should show: choice, quota, draft, push, result, deletion; no retry, no exception."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app import pushes
from app.domain.delivery import Action, Intent, State
from app.domain.outcome import (
    Doubted,
    Failed,
    Outcome,
    Postponed,
    Refused,
    Submitted,
    Unchanged,
    Undecided,
)
from app.domain.quota import Allowance
from app.outbox import Owed
from app.telemetry import log
from workers.desk import Report
from workers.wechat.articles import Articles
from workers.wechat.client import Client
from workers.wechat.errors import NO_DRAFT, NO_QUOTA, USED, read, until_tomorrow
from workers.wechat.ledger import AGE, ALL, Ledger, Push
from workers.wechat.results import Results
from workers.wechat.taking_back import TakingBack
from workers.wechat.wire import Broken, Reply, Watch

RE_LOOK = 6 * 3600.0
"""Seconds until what waits for a person or for a quota is looked at again by itself."""
MOST_DRAFTS = 2
FIXED = (
    "WeChat lets nobody change a sent article: followers go on seeing the earlier revision. A person may choose to "
    "push it anew, which costs a push"
)


@dataclass(frozen=True)
class Options:
    """How an account is used: publications instead of pushes, and whether a person chooses each push."""

    free: bool
    person_chooses: bool
    repeat_after: float
    deadline: float


@dataclass(frozen=True)
class Sender:
    """Acts on behalf of one account. `now` is the moment by which quotas and rests are counted."""

    client: Client
    articles: Articles
    ledger: Ledger
    results: Results
    options: Options
    now: Callable[[], datetime]

    async def send(self, owed: Owed, intent: Intent) -> Report:
        """Carry out one intent and say what it came to."""
        watch = Watch()
        try:
            async with asyncio.timeout(self.options.deadline):
                return Report(await self._act(owed, intent, watch), watch.wire)
        except Exception as error:  # noqa: BLE001 - whatever broke, it is known whether a push was asked for
            name = type(error).__name__
            log.warning("attempt.crashed", delivery=owed.id, error=name, wire=watch.wire)
            doubt = watch.pushed and watch.wire.left
            return Report(Doubted(name) if doubt else Failed(name), watch.wire)

    async def _act(self, owed: Owed, intent: Intent, watch: Watch) -> Outcome:
        if owed.progress.wanted is None:
            taking = TakingBack(self.client, self.ledger, self.results, self.now, free=self.options.free)
            return await taking.take_back(owed, intent, watch)
        push = await self.ledger.latest(owed.id, intent.key or "")
        if push is None or push.is_over or self._was_decided(owed, push):
            if intent.action is Action.EDIT and await pushes.chosen(self.ledger.pool, owed.id) != owed.revision:
                await pushes.ask(self.ledger.pool, owed.id, owed.revision, "a correction of what was pushed", anew=True)
                return Unchanged(FIXED)
            admitted = await self._admit(owed, intent)
            if not isinstance(admitted, Push):
                return admitted
            push = admitted
        if push.reference is not None:
            return await self.results.of(push, self.now(), watch, free=self.options.free)
        return await self._push(owed, intent, push, watch)

    def _was_decided(self, owed: Owed, push: Push) -> bool:
        """A person said that an old push, of which nobody knew, did not arrive."""
        return owed.progress.state is State.DUE and push.reference is None and push.is_old(self.now())

    async def _admit(self, owed: Owed, intent: Intent) -> Push | Postponed:
        """Let a notice have a push: a person's choice first, where one is wanted, then the quota."""
        now = self.now()
        left = await self.ledger.standing(owed.address, now)
        await self.ledger.show(owed.channel_id, left)
        if self.options.person_chooses and await pushes.chosen(self.ledger.pool, owed.id) is None:
            await pushes.ask(self.ledger.pool, owed.id, owed.revision, f"{_left(left)}")
            return Postponed(RE_LOOK, f"waits for a person to choose what is worth a push; {_left(left)}")
        reserved = await self.ledger.reserve(owed.channel_id, owed.address, owed.id, intent.key or "", now)
        if isinstance(reserved, Push):
            await self.ledger.show(owed.channel_id, await self.ledger.standing(owed.address, now))
            return reserved
        wait = (reserved.opens_at - now).total_seconds() + 1
        log.warning("quota.exhausted", kind="wechat", channel=owed.slug, until=reserved.opens_at.isoformat())
        return Postponed(wait, f"{_left(reserved)}; the next may go out at {reserved.opens_at:%Y-%m-%d %H:%M} in China")

    async def _push(self, owed: Owed, intent: Intent, push: Push, watch: Watch) -> Outcome:
        """Hand it in under its key, which is the same for every try."""
        now = self.now()
        if push.is_old(now):
            hours = AGE.total_seconds() / 3600
            return Undecided(f"handed in more than {hours:.0f} hours ago without an answer; look in the account")
        rest = push.rest(now, self.options.repeat_after)
        if rest > 0:
            return Postponed(rest, "handed in without an answer; repeated under the same key after its rest")
        draft = push.draft or await self.articles.draft(owed, intent.payload, watch)
        if not isinstance(draft, str):
            return await self._undrafted(push, draft)
        if push.draft is None:
            await self.ledger.note(push, draft=draft, drafts=push.drafts + 1)
        await self.ledger.calling(push, now)
        watch.pushed = True
        path, body, name = self._call(owed, push, draft)
        return await self._answered(push, await self.client.call(path, body, watch), name)

    async def _answered(self, push: Push, reply: Reply | Broken, name: str) -> Outcome:
        """Take what was taken; an answer without a name for it tells nothing, and the key will."""
        if isinstance(reply, Reply) and reply.errcode in (0, USED):
            if reply.text(name):
                return await self._taken(push, reply.text(name))
            reply = Broken("an answer that does not name what was taken", left=True)
        return await self._refused(push, reply, self.now())

    def _call(self, owed: Owed, push: Push, draft: str) -> tuple[str, dict[str, Any], str]:
        """Give the path, the body, and the member of the answer that names what was taken."""
        if self.options.free:
            return "/cgi-bin/freepublish/submit", {"media_id": draft}, "publish_id"
        tag = owed.address.removeprefix("tag:")
        whom = {"is_to_all": True} if owed.address == ALL else {"is_to_all": False, "tag_id": int(tag)}
        body = {"filter": whom, "mpnews": {"media_id": draft}, "msgtype": "mpnews", "send_ignore_reprint": 0}
        return "/cgi-bin/message/mass/sendall", {**body, "clientmsgid": push.key}, "msg_id"

    async def _taken(self, push: Push, reference: str) -> Outcome:
        await self.ledger.note(push, state="submitted", reference=reference)
        return Submitted(reference, min(1.0, self.results.poll), "WeChat has it and will say what came of it")

    async def _undrafted(self, push: Push, reply: Reply | Broken) -> Outcome:
        """Say why there is no draft; a cover that the platform has forgotten is uploaded anew."""
        outcome = read(reply, self.now(), pushing=False)
        if isinstance(reply, Reply) and reply.errcode == NO_DRAFT and push.drafts == 0:
            await self.articles.forget_cover()
            await self.ledger.note(push, drafts=1)
            return Failed(f"the cover is unknown: {reply.words}")
        if isinstance(outcome, Refused) and push.called_at is None:
            await self.ledger.note(push, state="failed")
        return outcome

    async def _refused(self, push: Push, reply: Reply | Broken, now: datetime) -> Outcome:
        """Read a push that was not taken; a draft that is gone after an earlier try was probably sent by it."""
        outcome = read(reply, now, pushing=True)
        if isinstance(reply, Broken) or isinstance(outcome, Doubted):
            return outcome
        if reply.errcode == NO_DRAFT and push.first_called_at is not None:
            return Undecided("the draft is gone, so an earlier try has probably sent it; look in the account")
        if reply.errcode == NO_DRAFT and push.drafts < MOST_DRAFTS:
            await self.ledger.note(push, draft=None)
            return Failed(f"the draft is gone: {reply.words}")
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


def _left(left: Allowance) -> str:
    """Say what is left of the quota, in words."""
    month = "" if left.month is None else f"{left.month} of this month's pushes are left"
    today = "" if left.today is None else f"{left.today} today"
    return ", ".join(filter(None, (month, today))) or "pushes are not rationed"
