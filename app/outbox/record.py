# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Writes down what attempts came to, behind the fence: a token that no longer holds changes nothing."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import asyncpg

from app.database import AWAY, Pool
from app.domain.channel import BY_HAND
from app.domain.delivery import Action, State
from app.domain.outcome import Delivered, Doubted, Failed, Gone, Lost, Moved, Postponed, Submitted, Throttled, named
from app.outbox.breaker import note_trouble
from app.outbox.consequences import follow_up, in_order, prepare, reaches_further, rests
from app.outbox.done import Claim, Done
from app.outbox.stored import intent_text, posts_text, tags_text
from app.scrub import scrubbed

OPEN = "it was withdrawn, and nobody can tell whether it had arrived before"
TWICE = "an earlier post of it may stand there, too"
# wanted, erase, awaits: what the attempt worked towards, and without which text. Whoever amended, withdrew or approved
# meanwhile changed it, and work is left, which waits for no old failures; but a doubt that has come to its end is over,
# whatever was changed: a later revision would stand beside a post that may have arrived.
# parked: as long as it waits for the resume; a resume finds what is open and nothing else.
# stray: where a post of ours may stand that no row knows of, nothing is asked before a later post is known for certain.
# left_open: what is withdrawn may stand there as if it held, where no row knows of it: that is a person's.
# doubted: only a person ends it, or what is told where it takes the place of all told before. A post left open by what
# is withdrawn (due, and wanted nowhere) is named in `posts`, without its place: that alone is the question then.
# places: who holds rows of both has the channels first, and each in the order of their ids, so that nobody waits in a
# circle. They are counted, so that all of them are held before the first delivery is.
# address: what was known and proved of the old place says nothing of the new one, which counts its posts anew.
RECORD = f"""
with x as (
  select *, state in ('delivered', 'withdrawn', 'dead', 'expired') as final,
         in_place and state in ('delivered', 'withdrawn') and posts <> '[]' as told
    from unnest($1::bigint[], $2::bigint[], $3::text[], $4::interval[], $5::int[], $6::text[], $7::text[],
                       $8::text[], $9::int[], $10::int[], $11::text[], $12::text[], $13::text[], $14::interval[],
                       $15::text[], $16::text[], $17::text[], $18::boolean[], $19::boolean[], $20::boolean[],
                       $21::text[], $22::boolean[], $23::int[], $24::boolean[], $25::text[])
    as t (id, token, state, wait, failures, error, posts, intent, shown, wanted, outcome, wire, reference, rest,
          gone, address, latest, erase, deleted, stray, awaits, in_place, messages, waits, spoken)
), places as materialized (
  select from channel where id in (select channel_id from delivery join x using (id)) order by id for no key update
), held as (
  select d.id, x.token, changed, (d.wanted is null and x.wanted is not null and x.stray and x.state = 'due')
                        or (x.state = 'withdrawn' and (x.stray or d.doubted and not told and not changed)) as left_open
    from delivery d join x using (id) cross join lateral (
      select (d.wanted, d.erase, d.awaits) is distinct from (x.wanted, x.erase, x.awaits)) as wish (changed)
   where (select count(*) from places) > 0 order by d.id for no key update of d
), done as (
  update delivery d
     set state = case when left_open then 'held'
                      when changed and x.final and not x.stray then 'due' else x.state end,
         parked = d.parked and not left_open
                  and (x.state in ('due', 'in_doubt') or changed and x.final and not x.stray),
         due_at = now() + case when changed and x.state = 'due' and not x.stray then least(x.wait, '3 seconds')
                               else x.wait end,
         give_up_at = case when x.waits then greatest(d.give_up_at, now() + x.wait + x.rest + interval '2 hours')
                           else d.give_up_at end,
         failures = x.failures, crashes = 0, posts = x.posts::json,
         last_error = case when left_open then '{OPEN}'
                           when x.state = 'delivered' and (d.doubted and not told or x.stray)
                           then coalesce(x.error, '{TWICE}') else x.error end,
         intent = x.intent::json, shown = coalesce(x.shown, d.shown), lease_until = null,
         spoken = case when x.shown is null then d.spoken else x.spoken::text[] end,
         doubted = d.doubted and not told or x.stray and (x.wanted is not null or x.state <> 'due'),
         deleted_at = case when x.deleted then now() else d.deleted_at end,
         settled_at = case when x.final and not left_open and (x.stray or not changed) then now() end
    from x join held using (id, token) where d.id = x.id and d.token = x.token and d.lease_until is not null
  returning d.id, d.token, d.channel_id, d.state, d.last_error
), tried as (
  update attempt a
     set finished_at = clock_timestamp(), outcome = x.outcome, wire = x.wire, error = x.error, reference = x.reference
    from x join done using (id, token) where a.delivery_id = x.id and a.token = x.token
), freed as (
  update channel c
     set turn_until = null, address = coalesce(x.address, c.address),
         free_at = greatest(c.free_at, clock_timestamp() + x.rest),
         sent = c.sent[1:cardinality(c.sent) - x.messages] || array_fill(clock_timestamp(), array[x.messages]),
         last_reference = case when x.address is null and not x.stray then coalesce(x.latest, c.last_reference) end,
         can_ask = c.can_ask and x.address is null,
         paused_at = case when x.gone is null then c.paused_at else now() end,
         paused_reason = case when x.gone is null then c.paused_reason when c.paused_reason like '{BY_HAND}%'
                              then '{BY_HAND} (the platform: ' || x.gone || ')' else x.gone end
    from x join done using (id, token) where c.id = done.channel_id
)
select id, token, state, last_error from done
"""  # noqa: S608 - ours


@dataclass(frozen=True, slots=True)
class Written:
    """Where a delivery went in truth, which is not always where its outcome alone would lead, and why."""

    state: State
    error: str | None

    @classmethod
    def read(cls, row: asyncpg.Record) -> "Written":
        return cls(State(row["state"]), row["last_error"])


async def record(pool: Pool, done: Sequence[Done]) -> dict[Claim, Written]:
    """Write the outcomes down and free their channels; says of each claim that still held where its delivery went."""
    held = await _written(pool, done)
    with suppress(*AWAY):  # it is written; whoever fails next says so again
        await note_trouble(pool, {one.owed.kind for one in done if isinstance(one.outcome, Failed | Doubted)})
    return held


async def _written(pool: Pool, done: Sequence[Done]) -> dict[Claim, Written]:
    """Use one statement; where an outcome concerns more than its delivery, one transaction."""
    if not any(map(reaches_further, done)):
        return _by_claim(await pool.fetch(RECORD, *_columns(done)))
    async with pool.acquire() as connection, connection.transaction():
        followed = await prepare(connection, done)
        held = _by_claim(await connection.fetch(RECORD, *_columns(followed)))
        for one in in_order(followed):
            if one.claim in held:  # of one delivery a stale outcome may come beside the one that counts
                await follow_up(connection, one)
    return held


def _by_claim(rows: Sequence[asyncpg.Record]) -> dict[Claim, Written]:
    return {(row["id"], row["token"]): Written.read(row) for row in rows}


def _columns(done: Sequence[Done]) -> list[list[object]]:
    return [list(column) for column in zip(*(_row(one) for one in done), strict=True)]


def _row(one: Done) -> tuple[object, ...]:
    outcome, settlement = one.outcome, one.settlement
    references = outcome.references if isinstance(outcome, Delivered) else ()
    lost = one.intent.reference if isinstance(outcome, Lost) else None
    reference = references[0] if references else lost
    latest = _latest(one)
    error = None if settlement.error is None else scrubbed(settlement.error)
    where = (settlement.state.value, settlement.wait, settlement.failures, error)
    what = (posts_text(settlement.posts), intent_text(settlement.intent), settlement.shown, one.owed.progress.wanted)
    how = (named(outcome), one.wire.value, reference, rests(one))
    gone = outcome.reason if isinstance(outcome, Gone) else None
    address = outcome.address if isinstance(outcome, Moved) else None
    deleted = one.intent.action is Action.DELETE and isinstance(outcome, Delivered)
    flags = (one.owed.progress.erase, deleted, settlement.stray, one.owed.awaits, one.in_place, one.intent.messages)
    more = (_only_waits(one), tags_text(settlement.spoken))
    return (one.owed.id, one.token, *where, *what, *how, gone, address, latest, *flags, *more)


def _only_waits(one: Done) -> bool:
    """Tell a wait that makes nothing older; a receiver that is an account of its own could ask for one for ever."""
    if isinstance(one.outcome, Throttled):
        return one.settlement.state is State.DUE and not one.outcome.alone
    return isinstance(one.outcome, Submitted | Postponed)


def _latest(one: Done) -> str | None:
    """Give the place behind which the next doubt is asked about: nothing of ours stands there that no row knows of."""
    outcome = one.outcome
    if one.intent.action is Action.EDIT or one.intent.restored:
        return None
    return outcome.last if isinstance(outcome, Delivered) else None
