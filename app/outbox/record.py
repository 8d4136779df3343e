# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Writes down what attempts came to, behind the fence: a token that no longer holds changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from app.database import Connection, Pool
from app.domain.backoff import MISCONFIGURED
from app.domain.delivery import Action, Intent, Settlement
from app.domain.outcome import (
    Delivered,
    Gone,
    Misconfigured,
    Moved,
    Outcome,
    Throttled,
    Wire,
    WithoutMedia,
    named,
    reason,
)
from app.outbox.owed import Owed, intent_text, posts_text
from app.scrub import scrubbed

# wanted: what the attempt worked towards. Whoever amended or withdrew meanwhile has changed it, and work is left.
RECORD = """
with x as (
  select *, state in ('delivered', 'withdrawn', 'dead', 'expired') as final
    from unnest($1::bigint[], $2::bigint[], $3::text[], $4::interval[], $5::int[], $6::text[], $7::text[],
                       $8::text[], $9::int[], $10::int[], $11::text[], $12::text[], $13::text[], $14::interval[],
                       $15::text[], $16::text[], $17::text[])
    as t (id, token, state, wait, failures, error, posts, intent, shown, wanted, outcome, wire, reference, rest,
          gone, address, latest)
), held as (
  select d.id from delivery d join x using (id) order by d.id for no key update of d
), done as (
  update delivery d
     set state = case when d.wanted is distinct from x.wanted and x.final then 'due' else x.state end,
         due_at = now() + x.wait,
         give_up_at = case when x.outcome in ('submitted', 'postponed')  -- waiting is not failing
                           then greatest(d.give_up_at, now() + x.wait + interval '2 hours') else d.give_up_at end,
         failures = x.failures, crashes = 0, last_error = x.error, posts = x.posts::json,
         intent = x.intent::json, shown = coalesce(x.shown, d.shown), lease_until = null,
         settled_at = case when d.wanted is not distinct from x.wanted and x.final then now() end
    from x join held using (id) where d.id = x.id and d.token = x.token and d.lease_until is not null
  returning d.id, d.channel_id
), tried as (
  update attempt a
     set finished_at = clock_timestamp(), outcome = x.outcome, wire = x.wire, error = x.error, reference = x.reference
    from x join done using (id) where a.delivery_id = x.id and a.token = x.token
), freed as (
  update channel c
     set turn_until = null, address = coalesce(x.address, c.address),
         free_at = greatest(c.free_at, clock_timestamp() + x.rest),
         sent = c.sent[1:cardinality(c.sent) - 1] || clock_timestamp(),
         last_reference = coalesce(x.latest, c.last_reference),
         paused_at = case when x.gone is null then c.paused_at else now() end,
         paused_reason = coalesce(x.gone, c.paused_reason)
    from x join done using (id) where c.id = done.channel_id
)
select id from done
"""
END = """
update delivery
   set state = $3, last_error = $4, intent = $5::json, shown = coalesce($6, shown), due_at = now() + $7::interval,
       posts = $8::json,
       settled_at = case when $3 in ('delivered', 'withdrawn', 'dead', 'expired') then now() end
 where id = $1 and token = $2
"""
PARK = """
update delivery set parked = true where channel_id = $1 and state in ('due', 'in_doubt') and not parked
"""
# Two channels asked to wait within ten seconds: it is the account that is too fast, so the whole account rests.
# What was on its way when the first was refused is refused with it: that is one warning, and slows down once.
THROTTLED = """
update pace
   set throttled_at = now(), throttled_by = $2,
       slowdown = case when throttled_at > now() - $3::interval - interval '1 second' then slowdown
                       else least(4, slowdown * 1.25) end,
       free_at = case when $4 or (throttled_at > now() - interval '10 seconds' and throttled_by <> $2)
                      then greatest(free_at, now() + $3::interval) else free_at end
 where kind = $1
"""
BLOCK = "update pace set free_at = greatest(free_at, now() + $2::interval), blocked_reason = $3 where kind = $1"
NO_MEDIA = "update media set state = 'failed', error = $2 where notice_id = $1 and state <> 'failed'"
GIVE_BACK = """
with back as (
  update delivery set token = token + 1, attempts = attempts - 1, lease_until = null,
                      intent = case when state = 'in_doubt' then intent end
   where (id, token) in (select * from unnest($1::bigint[], $2::bigint[])) and lease_until is not null
  returning id, channel_id, token
), gone as (
  delete from attempt a using back where a.delivery_id = back.id and a.token = back.token - 1
)
update channel c set turn_until = null from back where c.id = back.channel_id
"""


@dataclass(frozen=True, slots=True)
class Done:
    """An attempt that has ended: what was done under which token, and what it came to. `rest`: the channel's pace."""

    owed: Owed
    intent: Intent
    token: int
    outcome: Outcome
    settlement: Settlement
    wire: Wire
    rest: timedelta = timedelta(0)


async def record(pool: Pool, done: Sequence[Done]) -> set[int]:
    """Write the outcomes down and free their channels; returns the delivery ids whose lease still held."""
    columns = zip(*(_row(one) for one in done), strict=True)
    rows = await pool.fetch(RECORD, *(list(column) for column in columns))
    held = {row["id"] for row in rows}
    for one in done:
        if one.owed.id in held:
            await _consequences(pool, one)
    return held


async def end(connection: Connection, owed: Owed, settlement: Settlement) -> None:
    """Write an end that needed no call, inside the claim that found it."""
    await connection.execute(
        END,
        owed.id,
        owed.token,
        settlement.state.value,
        settlement.error,
        intent_text(settlement.intent),
        settlement.shown,
        settlement.wait,
        posts_text(settlement.posts),
    )


async def give_back(pool: Pool, claims: Sequence[tuple[int, int]]) -> None:
    """Return claims (delivery id, token) of which nothing was sent, as if they had never been taken."""
    await pool.execute(GIVE_BACK, [number for number, _ in claims], [token for _, token in claims])


def _row(one: Done) -> tuple[object, ...]:
    outcome, settlement = one.outcome, one.settlement
    references = outcome.references if isinstance(outcome, Delivered) else ()
    reference = references[0] if references else None
    latest = references[-1] if references and one.intent.action is not Action.EDIT else None
    rest = timedelta(seconds=outcome.seconds) if isinstance(outcome, Throttled) else one.rest
    error = None if settlement.error is None else scrubbed(settlement.error)
    where = (settlement.state.value, settlement.wait, settlement.failures, error)
    what = (posts_text(settlement.posts), intent_text(settlement.intent), settlement.shown, one.owed.progress.wanted)
    how = (named(outcome), one.wire.value, reference, rest)
    gone = outcome.reason if isinstance(outcome, Gone) else None
    address = outcome.address if isinstance(outcome, Moved) else None
    return (one.owed.id, one.token, *where, *what, *how, gone, address, latest)


async def _consequences(pool: Pool, one: Done) -> None:
    """Let an outcome that concerns more than its delivery reach the rest of the channel or of the account."""
    match one.outcome:
        case Gone():
            await pool.execute(PARK, one.owed.channel_id)
        case Throttled(seconds, everywhere, alone=False):
            wait = timedelta(seconds=seconds)
            await pool.execute(THROTTLED, one.owed.kind, one.owed.channel_id, wait, everywhere)
        case WithoutMedia(why):
            await pool.execute(NO_MEDIA, one.owed.notice_id, why)
        case Misconfigured():
            await pool.execute(BLOCK, one.owed.kind, MISCONFIGURED, reason(one.outcome))
