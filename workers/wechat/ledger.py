# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The pushes of the account: reserved against the quota before anything is sent, and remembered until their end."""

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from app.database import Connection, Pool
from app.domain.quota import Allowance, Quota, allowance
from app.outbox import Owed, leave

KIND = "wechat"
KEY_LENGTH = 24
"""25 characters are known to be accepted, 36 were refused."""
AGE = timedelta(hours=20)
"""The platform tells repetitions for 24 hours."""
WINDOW = timedelta(days=32)
ALL = "all"
LOCK = "select pg_advisory_xact_lock(7264151044)"
# note: what only a person did not find may have gone out, and is taken back with the rest.
COUNTED = """
select p.audience, p.at from push p left join delivery d on d.id = p.delivery_id
 where p.kind = 'wechat' and p.at > $1 and (p.state <> 'failed' or p.note is not null)
   and (p.state <> 'prepared' or d.settled_at is null)
"""
FORGET = """
with forgotten as (update push set state = 'failed' where delivery_id = $1 and state = 'prepared' returning id)
select s.delivery_id, s.step from share s join forgotten on forgotten.id = s.push_id
"""
# Its own pushes, and those that it shares with others and has not left.
LATEST = """
select id, key, state, draft, drafts, called_at, first_called_at, reference, result from push
 where id in (select id from push where delivery_id = $1 and step = $2
              union all select push_id from share where delivery_id = $1 and step = $2)
   and not exists (select from share where push_id = push.id and delivery_id = $1 and gone)
 order by id desc limit 1
"""
ALL_OF = """
select id, key, state, draft, drafts, called_at, first_called_at, reference, result from push
 where (state not in ('failed', 'deleted') or state = 'failed' and note is not null and reference is not null)
   and id in (select id from push where delivery_id = $1 union all select push_id from share where delivery_id = $1)
 order by id desc
"""
OPEN = """
insert into push (kind, channel_id, audience, delivery_id, step, key, state, at)
values ('wechat', $1, $2, $3, $4, $5, 'prepared', $6)
returning id, key, state, draft, drafts, called_at, first_called_at, reference, result
"""
CALLING = """
update push set state = 'called', called_at = $2, first_called_at = coalesce(first_called_at, $2),
                at = case when first_called_at is null then $2 else at end
 where id = $1 and state not in ('failed', 'deleted') returning true
"""
UNCALLED = "update push set state = 'failed' where id = $1 and first_called_at is null returning true"
OVER = "select state in ('failed', 'deleted') from push where id = $1"
CLOSED = "select until from kept where kind = 'wechat' and name = 'closed' and until > $1"
SHOW = """
insert into allowance (channel_id, today, month, opens_at) values ($1, $2, $3, $4)
on conflict (channel_id) do update set today = excluded.today, month = excluded.month, opens_at = excluded.opens_at
"""
CHANNELS = "select id, address from channel where kind = 'wechat' and retired_at is null order by id"


@dataclass(frozen=True, slots=True)
class Push:
    """One push as it stands; `key` is the clientmsgid, the same for every try."""

    id: int
    key: str
    state: str
    draft: str | None
    drafts: int
    called_at: datetime | None
    first_called_at: datetime | None
    reference: str | None
    result: str | None

    @property
    def is_over(self) -> bool:
        return self.state in ("failed", "deleted")

    @property
    def verdict(self) -> str | None:
        """Why the platform did not send it, where it has said so."""
        told: str | None = json.loads(self.result).get("why") if self.result else None
        return told

    def is_old(self, now: datetime) -> bool:
        """Tell whether the platform may have forgotten the key."""
        return self.first_called_at is not None and now - self.first_called_at > AGE

    def rest(self, now: datetime, seconds: float) -> float:
        """Give the seconds until it may be handed in once more."""
        return 0.0 if self.called_at is None else seconds - (now - self.called_at).total_seconds()


Also = Callable[[Connection, Push], Awaitable[None]]


@dataclass(frozen=True)
class Ledger:
    """The account's pushes in Postgres, counted over all its audiences."""

    pool: Pool
    quota: Quota

    async def latest(self, delivery: int, step: str) -> Push | None:
        return _push(await self.pool.fetchrow(LATEST, delivery, step))

    async def all_of(self, delivery: int) -> list[Push]:
        """Give the pushes of a delivery that may stand in the account, the newest first."""
        return [Push(**dict(row)) for row in await self.pool.fetch(ALL_OF, delivery)]

    async def standing(self, audience: str, now: datetime) -> Allowance:
        async with self.pool.acquire() as connection:
            return await self._standing(connection, audience, now)

    async def reserve(self, owed: Owed, step: str, now: datetime, also: Also) -> Push | Allowance:
        """Count a push before it is made, or say when one may be made; two workers never count the same one.

        `also` lets others share it, in the same transaction.
        """
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute(LOCK)
            lost = await connection.fetch(FORGET, owed.id)  # for a revision that is not wanted any more
            await leave(connection, sorted(row["delivery_id"] for row in lost), [row["step"] for row in lost])
            left = await self._standing(connection, owed.address, now)
            if not left.is_open(now):
                return left
            group = await connection.fetchval("select count(*) from push where delivery_id = $1", owed.id)
            whose = (owed.channel_id, owed.address, owed.id, step)
            made = _push(await connection.fetchrow(OPEN, *whose, key(step, group), now))
            assert made is not None  # noqa: S101 - an insert that returns
            await also(connection, made)
        return made

    async def calling(self, push: Push, now: datetime) -> bool:
        """Write down that the platform is about to be told; False when the push was given up meanwhile."""
        return bool(await self.pool.fetchval(CALLING, push.id, now))

    async def give_up(self, push: Push) -> bool:
        """Give up a push of which the platform was never told; False when it was told meanwhile."""
        return bool(await self.pool.fetchval(UNCALLED, push.id))

    async def note(self, push: Push, **columns: Any) -> None:
        """Write down what is known of a push now."""
        names = ", ".join(f"{name} = ${number}" for number, name in enumerate(columns, 2))
        await self.pool.execute(f"update push set {names} where id = $1", push.id, *columns.values())  # noqa: S608 - ours

    async def is_over(self, push: Push) -> bool:
        return bool(await self.pool.fetchval(OVER, push.id))

    async def close(self, until: datetime) -> None:
        """Take the platform's word that there is no quota, whatever we have counted."""
        statement = """
        insert into kept (kind, name, value, until) values ('wechat', 'closed', '', $1)
        on conflict (kind, name) do update set until = excluded.until
        """
        await self.pool.execute(statement, until)

    async def show(self, channel: UUID, left: Allowance) -> None:
        """Let the API and the metrics show what is left."""
        await self.pool.execute(SHOW, channel, left.today, left.month, left.opens_at)

    async def count(self, now: datetime) -> None:
        """Count anew for every channel: what is left changes with the calendar, too."""
        for row in await self.pool.fetch(CHANNELS):
            await self.show(row["id"], await self.standing(row["address"], now))

    async def _standing(self, connection: Connection | asyncpg.Connection, audience: str, now: datetime) -> Allowance:
        """Count what a follower may have had: pushes to all, and those to the tag that had most."""
        rows = await connection.fetch(COUNTED, now - WINDOW)
        to_all = [row["at"] for row in rows if row["audience"] == ALL]
        tags = {row["audience"] for row in rows if row["audience"] != ALL}
        if audience != ALL:
            tags &= {audience}
        quota = self.quota if audience == ALL else Quota(0, self.quota.per_month, self.quota.zone)
        lists = [to_all + [row["at"] for row in rows if row["audience"] == tag] for tag in tags]
        month_only = Quota(0, quota.per_month, quota.zone)
        found = [allowance(quota, to_all, now), *(allowance(month_only, each, now) for each in lists)]
        closed = await connection.fetchval(CLOSED, now)
        opens = max([each.opens_at for each in found] + ([closed] if closed else []))
        months = [each.month for each in found if each.month is not None]
        return Allowance(found[0].today, min(months, default=None), opens)


def key(step: str, group: int) -> str:
    """Give the clientmsgid: of the step alone, and of how many pushes of the delivery have come to their end."""
    return hashlib.sha256(f"{step}/{group}".encode()).hexdigest()[:KEY_LENGTH]


def _push(row: asyncpg.Record | None) -> Push | None:
    return None if row is None else Push(**dict(row))
