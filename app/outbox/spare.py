# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Pace and turn for calls that carry no delivery: the test post by which a channel proves that it can be asked."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.database import Pool
from app.domain.pace import slots
from app.outbox.account import account_of, lock, spend

AHEAD = timedelta(minutes=2)
"""After what keeps the account from sending: its own next moment is never further off."""
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


async def slot(pool: Pool, kind: str, per_second: float) -> float:
    """Spend one send of the account; returns the seconds to wait for it."""
    async with pool.acquire() as connection, connection.transaction():
        row = await lock(connection, kind)
        if row is None or not per_second:
            return 0.0
        account = await account_of(connection, kind, row, {})
        (moment,) = slots(account, row["now"], max(account.free_at - row["now"], timedelta(0)) + AHEAD, per_second, 1)
        await spend(connection, kind, per_second, account, [moment])
        wait: float = (moment - row["now"]).total_seconds()
        return wait


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
