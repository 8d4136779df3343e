# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Writes down the end of a delivery that needed no call."""

from dataclasses import replace
from datetime import datetime

from app.database import Connection
from app.domain.delivery import Settlement, State
from app.outbox.owed import Owed
from app.outbox.record import OPEN, TWICE, Written
from app.outbox.stored import intent_text, posts_text

END = f"""
with ended as (
  update delivery
     set state = case when $3 = 'withdrawn' and wanted is null and doubted and not $11 then 'held' else $3 end,
         last_error = case when $3 = 'withdrawn' and wanted is null and doubted and not $11 then '{OPEN}'
                           when $3 = 'delivered' and doubted and not $11 then coalesce($4, '{TWICE}') else $4 end,
         intent = $5::json, shown = coalesce($6, shown), due_at = $14::timestamptz + $7::interval,
         spoken = case when $6 is null then spoken else $15::text[] end, posts = $8::json,
         failures = $13, doubted = doubted and not $11 or $12,
         give_up_at = case when $3 = 'due' and $10::text is not null
                           then greatest(give_up_at, now() + $7::interval + interval '2 hours') else give_up_at end,
         awaits = case when $3 in ('due', 'in_doubt', 'delivered') then $10::text when $3 = 'held' then awaits end,
         settled_at = case when $3 in ('delivered', 'dead', 'expired')
                             or $3 = 'withdrawn' and (wanted is not null or not doubted or $11) then now() end
   where id = $1 and token = $2
  returning channel_id, state, last_error
), forgotten as (
  update channel set last_reference = null from ended where id = channel_id and $9 and last_reference is not null
)
select state, last_error from ended
"""  # noqa: S608 - ours


async def end(
    connection: Connection, owed: Owed, settlement: Settlement, now: datetime, *, in_place: bool
) -> Settlement:
    """Write an end that needed no call, inside the claim that found it; returns it as it was written.

    What waits for tomorrow is due at the same instant, in whichever claim it was put off: then its order is kept.
    """
    told = in_place and settlement.state in (State.DELIVERED, State.WITHDRAWN) and bool(settlement.posts)
    named = owed.progress.wanted is None and settlement.state is State.DUE
    row = await connection.fetchrow(
        END,
        owed.id,
        owed.token,
        settlement.state.value,
        settlement.error,
        intent_text(settlement.intent),
        settlement.shown,
        settlement.wait,
        posts_text(settlement.posts),
        settlement.stray,
        owed.awaits,
        told,
        settlement.stray and not named,
        settlement.failures,
        now,
        settlement.spoken,
    )
    if row is None:
        return settlement
    went = Written.read(row)
    return replace(settlement, state=went.state, error=went.error)
