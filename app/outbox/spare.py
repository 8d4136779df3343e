# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Pace and turn for calls that carry no delivery: the test post by which a channel proves that it can be asked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.database import Pool
from app.outbox.account import account_of, lock, spend

SOON = timedelta(seconds=3)
"""How far ahead a turn may begin: a person waits for what is to be done in it."""
LASTS = timedelta(seconds=60)
# last_reference: until the test post is known for certain nothing is asked behind it, also when we die meanwhile.
HOLD = """
with free as (
  select id, last_reference from channel
   where kind = $1 and address = $2 and retired_at is null and turn_until is null
     and free_at <= now() + $3::interval for no key update
)
update channel c set turn_until = greatest(now(), c.free_at) + $4::interval, last_reference = null
  from free where c.id = free.id
returning c.id, c.turn_until, c.address, free.last_reference as reference,
          extract(epoch from greatest(c.free_at - now(), interval '0'))::float8 as wait
"""
# A turn that lapsed is somebody else's by now, and what that one posted stands behind the test post.
LET_GO = """
update channel
   set turn_until = null, free_at = greatest(free_at, clock_timestamp() + $4::interval),
       sent = sent || clock_timestamp(), last_reference = case when address = $3 then $5 end
 where id = $1 and turn_until = $2
"""
STILL = """
select exists (
  select from channel where id = $1 and turn_until = $2 and turn_until > clock_timestamp() + $3::interval)
"""
KNOWN = "select exists (select from channel where kind = $1 and address = $2 and retired_at is null)"


@dataclass(frozen=True, slots=True)
class Held:
    """A channel's turn, held for a call without a delivery; `wait` seconds until its pace allows one.

    `reference`: the last post of ours that was known before.
    """

    channel: UUID
    until: datetime
    address: str
    reference: str | None
    wait: float


@dataclass(frozen=True, slots=True)
class Slot:
    """A moment at which the account may send, `wait` seconds from now."""

    moment: datetime
    wait: float


async def slot(pool: Pool, kind: str, per_second: float) -> Slot:
    """Spend one send of an account that has a limit."""
    async with pool.acquire() as connection, connection.transaction():
        while (row := await lock(connection, kind)) is None:
            pass  # it has just been made
        account = await account_of(connection, kind, row, {})
        moment = max(account.next_at(per_second), row["now"])
        await spend(connection, kind, per_second, account, [moment])
        return Slot(moment, (moment - row["now"]).total_seconds())


async def hold(pool: Pool, kind: str, address: str) -> Held | None:
    """Take a channel's turn, so that no delivery is sent meanwhile; None while somebody has it, or it begins late."""
    row = await pool.fetchrow(HOLD, kind, address, SOON, LASTS)
    return None if row is None else Held(row["id"], row["turn_until"], row["address"], row["reference"], row["wait"])


async def still_holds(pool: Pool, held: Held, left: timedelta) -> bool:
    """Tell whether a turn has not lapsed, and has so much left."""
    holds: bool = await pool.fetchval(STILL, held.channel, held.until, left)
    return holds


async def is_known(pool: Pool, kind: str, address: str) -> bool:
    known: bool = await pool.fetchval(KNOWN, kind, address)
    return known


async def let_go(pool: Pool, held: Held, rest: timedelta, reference: str | None) -> None:
    """Give the turn back; `reference` is the last post of ours, which probes start from, or None: nobody knows it."""
    await pool.execute(LET_GO, held.channel, held.until, held.address, rest, reference)
