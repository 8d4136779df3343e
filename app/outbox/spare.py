# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Pace and turn for calls that carry no delivery: the test post by which a channel proves that it can be asked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.database import Pool
from app.domain.pace import LEFT_TO_URGENT, MINUTE, Limits, placed, rests_until
from app.outbox.account import account_of, lock, spend

SOON = timedelta(seconds=3)
"""How far ahead a turn may begin: a person waits for what is to be done in it."""
LASTS = timedelta(seconds=60)
CALLS = 4
"""What is sent to the channel in such a turn at the most: a test post, two questions about it, and its deletion."""
UNLIMITED = Limits(0, 0, 0)
ANY = 2**31 - 1
# last_reference: until the test post is known for certain nothing is asked behind it, also when we die meanwhile.
# Not while a doubt can be asked about: a test post takes the place where it is looked for.
HOLD = """
with free as (
  select id, last_reference from channel
   where kind = $1 and address = $2 and retired_at is null and turn_until is null
     and free_at <= now() + $3::interval
     and (select count(*) from unnest(sent) as at where at > now() - $6::interval) <= $5::int
     and not (can_ask and exists (select from delivery where channel_id = channel.id and state = 'in_doubt'))
     for no key update
)
update channel c set turn_until = greatest(now(), c.free_at) + $4::interval, last_reference = null
  from free where c.id = free.id
returning c.id, c.turn_until, c.address, free.last_reference as reference,
          extract(epoch from greatest(c.free_at - now(), interval '0'))::float8 as wait
"""
# A turn that lapsed is somebody else's by now, and what that one posted stands behind the test post.
LET_GO = """
update channel
   set turn_until = null, free_at = greatest(free_at, $4), others_free_at = greatest(others_free_at, $5),
       sent = $6, last_reference = case when address = $2 then $3 end
 where id = $1
"""
MINE = """
select sent, clock_timestamp() as now from channel where id = $1 and turn_until = $2 for no key update
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


async def slot(pool: Pool, kind: str, per_second: float, messages: int = 1) -> Slot:
    """Spend a send of so many messages of an account that has a limit."""
    async with pool.acquire() as connection, connection.transaction():
        while (row := await lock(connection, kind)) is None:
            pass  # it has just been made
        account = await account_of(connection, kind, row, {})
        first = max(account.next_at(per_second), row["now"])
        (moment,) = placed(account, [first], [messages], per_second)
        await spend(connection, kind, per_second, account, [moment] * messages)
        return Slot(moment, (moment - row["now"]).total_seconds())


async def hold(pool: Pool, kind: str, address: str, limits: Limits = UNLIMITED) -> Held | None:
    """Take a channel's turn, so that no delivery is sent meanwhile; None while somebody has it, or it begins late.

    Nor where a doubt is to be asked about, nor where the minute of a group (`limits`) has no room for all that is sent
    then beside what is left to urgent ones.
    """
    minute = limits.group_per_minute
    room = max(0, minute - minute // LEFT_TO_URGENT - CALLS) if minute else ANY
    row = await pool.fetchrow(HOLD, kind, address, SOON, LASTS, room, MINUTE)
    return None if row is None else Held(row["id"], row["turn_until"], row["address"], row["reference"], row["wait"])


async def still_holds(pool: Pool, held: Held, left: timedelta) -> bool:
    """Tell whether a turn has not lapsed, and has so much left."""
    holds: bool = await pool.fetchval(STILL, held.channel, held.until, left)
    return holds


async def is_known(pool: Pool, kind: str, address: str) -> bool:
    known: bool = await pool.fetchval(KNOWN, kind, address)
    return known


async def let_go(pool: Pool, held: Held, rest: timedelta, reference: str | None, limits: Limits = UNLIMITED) -> None:
    """Give the turn back, with all that was sent; `reference`: the last post of ours, which probes start from.

    None: nobody knows it. `limits`: of a group.
    """
    async with pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(MINE, held.channel, held.until)
        if row is None:
            return
        now = row["now"]
        sent = [*(at for at in row["sent"] if at > now - MINUTE), *[now] * CALLS]
        free, others = rests_until(sent, limits, now, is_group=True)
        await connection.execute(LET_GO, held.channel, held.address, reference, max(free, now + rest), others, sent)
