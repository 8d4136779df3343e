# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Quotas that all API processes share: Postgres counts, and a busy process takes several requests at a time.

What a process has taken and not spent within a second is lost to the caller and never used later, so that all
processes together never let in more than the quota. Nothing fails open: without Postgres nobody is counted or let in.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence

from app.access import Caller
from app.database import Pool
from app.domain.rate import ROUNDING, Policy, Standing
from app.settings import Settings
from app.share import Share, standing

LARGEST_SHARE = 20
"""A process takes at most a twentieth of the smallest quota at a time."""
MOST_CALLERS = 10_000
MINUTE, DAY = 60, 86_400
RESERVE = 10
"""Urgent notices may go beyond by a tenth of what a minute allows."""
# The clock is the database's, and `now()` the same in every place. A count that is lost in a crash of the server is
# worth less than the wait for the disk: the commit does not wait for it.
# What does not fit as a whole takes nothing ($7: the least that is of use), and leaves what there is to others.
TAKE = """
with quick as materialized (select set_config('synchronous_commit', 'off', true))
insert into quota as q (subject, burst, daily, taken)
select $1, now() + $2::int * $3::float * interval '1 second', now() + $2::int * $5::float * interval '1 second', $2::int
  from quick
on conflict (subject) do update
   set (burst, daily, taken) = (
select greatest(q.burst, now()) + many * $3::float * interval '1 second',
       greatest(q.daily, now()) + many * $5::float * interval '1 second', many
  from (select case when there >= $7::int then there::int else 0 end as many
          from (select least($2::int,
  floor(($4::float - extract(epoch from greatest(q.burst, now()) - now())) / nullif($3::float, 0) + 0.000001),
  floor(($6::float - extract(epoch from greatest(q.daily, now()) - now())) / nullif($5::float, 0) + 0.000001)
) as there) as left_over) as given)
returning taken, extract(epoch from burst - now())::float as burst, extract(epoch from daily - now())::float as daily
"""
SEEN = """
select extract(epoch from burst - now())::float as burst, extract(epoch from daily - now())::float as daily
  from quota where subject = $1
"""


class Quotas:
    """The quotas of one process's callers."""

    def __init__(self, pool: Pool, settings: Settings) -> None:
        """Take what holds where a source has no quota of its own."""
        self._pool = pool
        self._minute, self._day = settings.requests_per_minute, settings.requests_per_day
        self._shares: OrderedDict[str, Share] = OrderedDict()

    def policies(self, caller: Caller) -> list[Policy]:
        """Give what holds for a caller: nothing, where all is without limit."""
        minute = self._minute if caller.per_minute is None else caller.per_minute
        day = self._day if caller.per_day is None else caller.per_day
        wanted = (Policy("burst", minute, MINUTE), Policy("daily", day, DAY))
        return [policy for policy in wanted if policy.quota]

    async def spend(self, caller: Caller, number: int = 1) -> Standing:
        """Count requests of a caller, or say how long to wait; what is refused is not counted."""
        return await self._spend(_subject(caller), self.policies(caller), number)

    async def spend_reserve(self, caller: Caller, number: int) -> Standing:
        """Count urgent notices of a caller whose quota is used up: a flood of them is a flood, too."""
        return await self._spend(f"{_subject(caller)}/urgent", [self._reserve(caller)], number)

    async def wait(self, caller: Caller, *, urgent: bool) -> float:
        """Give the seconds until a notice of a caller would be let in, 0 for at once; nothing is counted."""
        seconds = await self._seen(_subject(caller), self.policies(caller))
        if seconds and urgent:
            return min(seconds, await self._seen(f"{_subject(caller)}/urgent", [self._reserve(caller)]))
        return seconds

    async def _seen(self, subject: str, policies: Sequence[Policy]) -> float:
        """Look at what all processes have taken; what this one still holds counts as not asked."""
        row = await self._pool.fetchrow(SEEN, subject)
        if row is None or not policies:
            return 0.0
        held = self._shares[subject].held(time.monotonic()) if subject in self._shares else 0
        aheads = [(each, row["daily" if each.name == "daily" else "burst"]) for each in policies]
        waits = [policy.wait(ahead - held * policy.interval) for policy, ahead in aheads]
        return max((each for each in waits if each > ROUNDING), default=0.0)

    def _reserve(self, caller: Caller) -> Policy:
        minute = self._minute if caller.per_minute is None else caller.per_minute
        return Policy("urgent", max(1, (minute or self._minute or MINUTE) // RESERVE), MINUTE)

    def give_back(self, caller: Caller, number: int) -> None:
        """Take back a count, for a request that was turned away afterwards."""
        share = self._shares.get(_subject(caller))
        if share is not None:
            share.lend(number)

    async def _spend(self, subject: str, policies: Sequence[Policy], number: int) -> Standing:
        if not policies:
            return Standing(())
        share = self._share(subject)
        while not share.paid(number):
            if share.taking is not None:
                # Of a crowd one takes for all, and all go on at once: a lock would let through one in each round of the
                # event loop.
                await self._waited(share, share.taking)
                continue
            never = number > min(policy.quota for policy in policies)
            if never or share.is_closed(number) or not await self._taken(subject, share, policies, number):
                return standing(share, policies, number)
            break
        return standing(share, policies)

    async def _taken(self, subject: str, share: Share, policies: Sequence[Policy], number: int) -> bool:
        """Take more and pay; who is refused asks Postgres once in the time of one request."""
        share.taking = asyncio.create_task(self._take(subject, share, policies, number))
        if await self._waited(share, share.taking):
            return True
        share.close(number, policies)
        return False

    @staticmethod
    async def _waited(share: Share, taking: asyncio.Task[bool]) -> bool:
        """Wait for a taking, which goes on for the others if this caller goes away."""
        share.waiting += 1
        try:
            return await asyncio.shield(taking)
        finally:
            share.waiting -= 1

    def _share(self, subject: str) -> Share:
        share = self._shares.setdefault(subject, Share())
        self._shares.move_to_end(subject)
        while len(self._shares) > MOST_CALLERS:
            self._shares.popitem(last=False)
        return share

    async def _take(self, subject: str, share: Share, policies: Sequence[Policy], number: int) -> bool:
        """Take what is missing, and as much more as was spent since the last time, within bounds; then pay."""
        most = max(1, min(policy.quota for policy in policies) // LARGEST_SHARE)
        since = max(time.monotonic() - share.taken_at, 0.001)
        held = share.lay_aside()
        missing = max(1, number - held)
        wanted = max(missing, min(most, max(share.waiting, int(share.spent / since / 4))))
        burst, daily = _column(policies, "burst", "urgent"), _column(policies, "daily")
        try:
            row = await self._pool.fetchrow(TAKE, subject, wanted, *burst, *daily, missing)
        finally:
            share.taking = None  # before it has ended: waiting for what has ended never lets the event loop go on
            share.tokens += held
        if row is None:
            return False
        share.told(tuple(max(0.0, row["daily" if policy.name == "daily" else "burst"]) for policy in policies))
        if row["taken"]:
            share.took(row["taken"])
        return share.paid(number)


def _subject(caller: Caller) -> str:
    return f"source:{caller.source}" if caller.source else f"key:{caller.key}"


def _column(policies: Sequence[Policy], *names: str) -> tuple[float, float]:
    """Give interval and window of a policy, or zeros for one that does not hold."""
    return next(((policy.interval, float(policy.window)) for policy in policies if policy.name in names), (0.0, 0.0))
