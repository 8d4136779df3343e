# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A chat that all workers send to and that is no channel of ours: its pace stands in a row of its own."""

from datetime import timedelta

from app.database import Pool
from app.domain.pace import MINUTE, Limits, channel_free_at

# Whether it is there already or not, the row is held, and the time is that after whoever held it before.
LOCK = """
insert into pace (kind, slowdown) values ($1, 1) on conflict (kind) do update set kind = excluded.kind
returning free_at, sent, clock_timestamp() as now
"""
SENT = "update pace set sent = $2 where kind = $1"
SHUT = "update pace set free_at = greatest(free_at, clock_timestamp() + $2::interval) where kind = $1"


async def enter(pool: Pool, room: str, limits: Limits) -> timedelta:
    """Spend one send of a group; where it may not be sent to yet, say how long that takes, and spend none."""
    async with pool.acquire() as connection, connection.transaction():
        (row,) = await connection.fetch(LOCK, room)
        now = row["now"]
        sent = [at for at in row["sent"] if at > now - MINUTE]
        free = max(row["free_at"], channel_free_at(sent, limits, is_group=True) or now)
        if free > now:
            wait: timedelta = free - now
            return wait
        await connection.execute(SENT, room, [*sent, now][-max(1, limits.group_per_minute) :])
    return timedelta(0)


async def shut(pool: Pool, room: str, rest: timedelta) -> None:
    """Let nobody in for so long, since the platform said so."""
    await pool.execute(SHUT, room, rest)
