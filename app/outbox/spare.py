# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Pace and turn for calls that carry no delivery: the test post by which a channel proves that it can be asked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.database import Pool
from app.outbox.account import account_of, lock, spend

HOLD = """
update channel set turn_until = now() + interval '60 seconds'
 where kind = $1 and address = $2 and retired_at is null and turn_until is null
returning id, extract(epoch from greatest(free_at - now(), interval '0'))::float8 as wait
"""
LET_GO = """
update channel
   set turn_until = null, free_at = greatest(free_at, clock_timestamp() + $2::interval),
       sent = sent || clock_timestamp(), last_reference = coalesce($3, last_reference)
 where id = $1
"""
KNOWN = "select exists (select from channel where kind = $1 and address = $2 and retired_at is null)"


@dataclass(frozen=True, slots=True)
class Held:
    """A channel's turn, held for a call without a delivery; `wait` seconds until its pace allows one."""

    channel: UUID
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
    """Take a channel's turn, so that no delivery is sent meanwhile; None while somebody else has it."""
    row = await pool.fetchrow(HOLD, kind, address)
    return None if row is None else Held(row["id"], row["wait"])


async def is_known(pool: Pool, kind: str, address: str) -> bool:
    known: bool = await pool.fetchval(KNOWN, kind, address)
    return known


async def let_go(pool: Pool, held: Held, rest: timedelta, reference: str | None) -> None:
    """Give the turn back; `reference` is the last post of ours, which probes start from."""
    await pool.execute(LET_GO, held.channel, rest, reference)
