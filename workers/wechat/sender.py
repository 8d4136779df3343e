# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""One step towards what a channel should show: choice, quota, push, result, deletion; no retry, no exception."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from app import pushes
from app.database import Connection
from app.domain.delivery import Action, Intent, State
from app.domain.outcome import Delivered, Doubted, Failed, Outcome, Postponed, Refused, Unchanged
from app.domain.quota import Allowance
from app.outbox import Owed
from app.telemetry import log
from workers.desk import Report
from workers.wechat.handing_in import DRAFT_GONE, TOO_OLD, HandingIn
from workers.wechat.ledger import Ledger, Push
from workers.wechat.results import STILL_SENDING, Results
from workers.wechat.sharing import Sharing, articles_in, is_outdated
from workers.wechat.taking_back import TakingBack
from workers.wechat.wire import Watch

RE_LOOK = 6 * 3600.0
"""Seconds until what waits for a person or for a quota is looked at again by itself."""
FIXED = (
    "WeChat lets nobody change a sent article: followers go on seeing the earlier revision. A person may choose to "
    "push it anew, which costs a push"
)


@dataclass(frozen=True)
class Options:
    """How an account is used: publications instead of pushes, and whether a person chooses each push."""

    free: bool
    person_chooses: bool
    deadline: float


@dataclass(frozen=True)
class Sender:
    """Acts on behalf of one account. `now` is the moment by which quotas and rests are counted."""

    ledger: Ledger
    sharing: Sharing
    handing_in: HandingIn
    results: Results
    taking_back: TakingBack
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
            return await self.taking_back.take_back(owed, watch)
        push = await self.ledger.latest(owed.id, intent.key or "")
        if push is None or push.is_over:
            begun = await self._begin(owed, intent, push)
            if not isinstance(begun, Push):
                return begun
            push = begun
        tells = self._result if push.reference is not None else self.handing_in.push
        outcome = await tells(owed, intent, push, watch)
        return await self._left(owed, push, outcome) if owed.not_found else outcome

    async def _begin(self, owed: Owed, intent: Intent, before: Push | None) -> Push | Outcome:
        """Begin a push, unless the one `before` was refused while this was in doubt, or a person must choose it."""
        if before is not None and before.verdict and owed.progress.state is State.IN_DOUBT:
            return Refused(before.verdict)
        if before is not None and is_outdated(owed):  # what was given up was not sent, and would be sent as it was
            return Postponed(0.1, "it has changed before it was sent", unsent=True)
        if intent.action is Action.EDIT and await pushes.chosen(self.ledger.pool, owed.id) != owed.revision:
            await self._ask(owed, intent, "a correction of what was pushed", anew=True)
            return Unchanged(FIXED)
        return await self._admit(owed, intent)

    async def _result(self, owed: Owed, intent: Intent, push: Push, watch: Watch) -> Outcome:
        """Say what became of a push; the articles of a correction take the place of the earlier ones."""
        outcome = await self.results.of(push, self.now(), watch, free=self.options.free)
        if not isinstance(outcome, Delivered):
            return outcome
        await pushes.close(self.ledger.pool, owed.id, intent.revision)
        mine = next((each for each in await self.sharing.of(push) if each.delivery_id == owed.id), None)
        if mine is not None:  # as the platform's own figures name an article of a message
            outcome = replace(outcome, references=(f"{outcome.references[0]}_{mine.first}",))
        if intent.action is Action.EDIT:
            outcome = replace(outcome, note=await self.taking_back.replaced(owed, push, watch))
        return outcome

    async def _left(self, owed: Owed, push: Push, outcome: Outcome) -> Outcome:
        """Let a person's word count where WeChat was asked once more and cannot tell; not where nobody could ask."""
        if outcome not in (STILL_SENDING, DRAFT_GONE, TOO_OLD):
            return outcome
        await self.sharing.leave(push, owed.id)
        return Postponed(0.1, "a person did not find it, and WeChat cannot tell, so it is pushed anew", unsent=True)

    async def _ask(self, owed: Owed, intent: Intent, why: str, *, anew: bool = False) -> None:
        question = pushes.Question(owed.id, owed.revision, why, articles_in(intent.payload))
        await pushes.ask(self.ledger.pool, question, anew=anew)

    async def _admit(self, owed: Owed, intent: Intent) -> Push | Postponed:
        """Let a notice have a push: a person's choice first, where one is wanted, then the quota.

        No try has sent what comes here: it has no push, or one that is over, or of which a person says that it did not
        arrive. So while it waits it is in no doubt; in doubt nobody could choose it.
        """
        now = self.now()
        left = await self.ledger.standing(owed.address, now)
        await self.ledger.show(owed.channel_id, left)
        if self.options.person_chooses and await pushes.chosen(self.ledger.pool, owed.id) is None:
            await self._ask(owed, intent, f"{_left(left)}")
            why = f"waits for a person to choose what is worth a push; {_left(left)}"
            return Postponed(RE_LOOK, why, unsent=True)

        async def also(connection: Connection, push: Push) -> None:
            if not self.options.free:
                await self.sharing.invite(connection, push, owed, intent, now)

        reserved = await self.ledger.reserve(owed, intent.key or "", now, also)
        if isinstance(reserved, Push):
            await self.ledger.show(owed.channel_id, await self.ledger.standing(owed.address, now))
            return reserved
        wait = (reserved.opens_at - now).total_seconds() + 1
        log.warning("quota.exhausted", kind="wechat", channel=owed.slug, until=reserved.opens_at.isoformat())
        why = f"{_left(reserved)}; the next may go out at {reserved.opens_at:%Y-%m-%d %H:%M} in China"
        return Postponed(wait, why, unsent=True)


def _left(left: Allowance) -> str:
    """Say what is left of the quota, in words."""
    month = "" if left.month is None else f"{left.month} of this month's pushes are left"
    today = "" if left.today is None else f"{left.today} today"
    return ", ".join(filter(None, (month, today))) or "pushes are not rationed"
