# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Slows down whatever a platform found too fast: the channel, or the account where more than that channel was told."""

from datetime import timedelta
from uuid import UUID

from app.database import Connection

# A pace comes back with time: of what it is slower than full speed, half is gone after each minute (after an hour all,
# which is why no more minutes are counted). `slowdown` is as of `slowed_at`.
_EASED = """
(1 + ({0}.slowdown - 1) * 0.5 ^ (least(3600, greatest(0, extract(epoch from clock_timestamp() - {0}.slowed_at)))
                                 / 60)::float)
"""
EASED_PACE, EASED_CHANNEL, EASED_C = (_EASED.format(row) for row in ("pace", "channel", "c"))
# Two channels asked to wait within ten seconds: it is the account that is too fast, so the whole account rests, and as
# long as both were told. What only one was told concerns that one: an account would have told both the same.
EVERYWHERE = "($4 or throttled_at > now() - interval '10 seconds' and throttled_by <> $2)"
# What was on its way when the first was refused is refused with it: that is one warning, and slows down once.
WARNED = f"({EVERYWHERE} and slowed_at < now() - $3::interval - interval '1 second')"
SLOWER_ACCOUNT = f"""
update pace
   set throttled_at = now(), throttled_by = $2,
       slowdown = case when {WARNED} then least(4, {EASED_PACE} * 1.25) else slowdown end,
       slowed_at = case when {WARNED} then now() else slowed_at end,
       free_at = case when {EVERYWHERE} then greatest(free_at, least(now() + $3::interval, case when not $4 then
                        (select free_at from channel where id = throttled_by) end)) else free_at end
 where kind = $1
"""  # noqa: S608 - ours
SLOWER = f"""
update channel set slowdown = least(4, {EASED_CHANNEL} * 1.25), slowed_at = now() where id = $1
"""  # noqa: S608 - ours


async def slow_down(
    connection: Connection, kind: str, channel: UUID, wait: timedelta, *, everywhere: bool, alone: bool
) -> None:
    """Let the channel go slower, and the account rest and go slower where it was the account that was too fast.

    `everywhere`: the platform says so. `alone`: the channel is an account of its own.
    """
    if not everywhere:
        await connection.execute(SLOWER, channel)
    if not alone:
        await connection.execute(SLOWER_ACCOUNT, kind, channel, wait, everywhere)
