# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a person decides: a fresh start for a dead letter, the truth of a held delivery, a paused channel's return."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from app.database import Connection, Pool
from app.domain.backoff import GIVE_UP

Decision = Literal["sent", "not_sent", "give_up"]
REDRIVE = """
update delivery
   set state = 'due', due_at = now(), failures = 0, crashes = 0, intent = null, settled_at = null,
       give_up_at = now() + case lane when 0 then $2::interval when 1 then $3::interval else $4::interval end,
       parked = exists (select from channel where id = delivery.channel_id and paused_at is not null)
 where id = any($1::bigint[]) and state = 'dead' and (expires_at is null or expires_at > now())
"""
DECIDE = """
update delivery d
   set state = case $2 when 'not_sent' then 'due' when 'give_up' then 'dead'
                       when 'sent' then case when d.wanted is null then 'withdrawn' else 'delivered' end end,
       due_at = now(), intent = null, token = token + 1, shown = case $2 when 'sent' then d.wanted else d.shown end,
       last_error = case $2 when 'sent' then 'a person saw it in the channel' when 'give_up' then 'a person gave it up'
                            else 'a person did not find it in the channel' end,
       settled_at = case $2 when 'not_sent' then null else now() end
 where id = $1 and state = 'held'
"""
RESUME = """
with back as (
  update channel set paused_at = null, paused_reason = null, free_at = now() where id = $1 returning id
)
update delivery set parked = false, due_at = least(due_at, now()) from back
 where channel_id = back.id and state in ('due', 'in_doubt') and parked
"""


async def redrive(there: Pool | Connection, ids: Sequence[int]) -> int:
    """Give dead letters a fresh start, unless their time is over; returns how many were."""
    ages = (GIVE_UP[0], GIVE_UP[1], GIVE_UP[2])
    return _count(await there.execute(REDRIVE, list(ids), *ages))


async def decide(there: Pool | Connection, delivery: int, decision: Decision) -> bool:
    """Settle a held delivery; False when it is not held (any more)."""
    return _count(await there.execute(DECIDE, delivery, decision)) == 1


async def resume(there: Pool | Connection, channel: UUID) -> None:
    """Let a paused channel be posted to again, with all it is still owed."""
    await there.execute(RESUME, channel)


def _count(tag: str) -> int:
    return int(tag.rsplit(maxsplit=1)[-1])
