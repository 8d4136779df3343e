# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Pushes that count against a platform's quota, and the choice of a person what is worth one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import asyncpg

from app.database import Connection, Pool
from app.domain.errors import StateConflictError
from app.domain.quota import MOST_ARTICLES

Verdict = Literal["send", "leave"]
BY_HAND = """
insert into push (kind, channel_id, audience, state, at, entered_by, note)
select kind, id, address, 'by_hand', $2, $3, $4 from channel where id = $1
returning id
"""
PUSHES = """
select p.id, p.state, p.at, p.reference, p.entered_by, p.note, p.result, d.notice_id
  from push p left join delivery d on d.id = p.delivery_id
 where p.channel_id = $1 and p.id < $2 order by p.id desc limit $3
"""
ALLOWANCE = "select today, month, opens_at from allowance where channel_id = $1"
# Urgent ones stand first, then the oldest: that is the order in which a person should think of them.
# What is delivered is asked about where another revision is wanted, or this one with a text that was approved since.
WAITING = """
select d.id, d.notice_id, d.channel_id, d.lane, d.expires_at, d.shown, d.wanted, c.slug, c.kind, x.why, x.asked_at,
       x.articles, x.revision, n.content
  from choice x join delivery d on d.id = x.delivery_id join channel c on c.id = d.channel_id
  join notice n on n.id = d.notice_id
 where x.decided_at is null and d.wanted is not null and c.retired_at is null
   and (d.state = 'due' or d.state = 'delivered' and (d.shown is distinct from d.wanted or x.revision = d.wanted))
   and (d.lane, d.id) > ($1, $2)
 order by d.lane, d.id limit $3
"""
# What was left and is asked about again was redriven, or a text of it approved: that is a question of its own.
ASK = """
insert into choice (delivery_id, revision, why, articles) values ($1, $2, $3, $5)
on conflict (delivery_id) do update
   set revision = excluded.revision, why = excluded.why, articles = excluded.articles,
       asked_at = now(), decided_at = null, decided_by = null,
       send = false
 where choice.decided_at is not null and not choice.send
    or choice.revision <> excluded.revision and (choice.decided_at is null or $4)
"""
CHOSEN = "select revision from choice where delivery_id = $1 and decided_at is not null and send"
CLOSE = "delete from choice where delivery_id = $1 and (decided_at is null or revision = $2)"
TOGETHER = """
select count(distinct d.channel_id) as channels, sum(x.articles) as articles
  from choice x join delivery d on d.id = x.delivery_id where d.id = any($1::bigint[])
"""
# Both rows are locked before they are read, the choice first, as by whoever asks again: what a worker has taken
# meanwhile is the worker's, whose outcome another token would shut out; the choice stays open then.
DECIDE = """
with asked as materialized (
  select delivery_id, revision from choice where delivery_id = $1 and decided_at is null for no key update
), held as materialized (
  select d.id, d.wanted from delivery d join asked on asked.delivery_id = d.id
   where d.wanted is not null and d.lease_until is null
     and (d.state = 'due' or d.state = 'delivered' and (d.shown is distinct from d.wanted or revision = d.wanted))
     for no key update of d
), made as (
  update choice x set decided_at = now(), decided_by = $2, send = $3, revision = held.wanted
    from held where x.delivery_id = held.id
  returning x.delivery_id
)
update delivery d
   set state = case when $3 then 'due' when d.state = 'due' then 'dead' else d.state end,
       due_at = case when $3 then now() else d.due_at end, last_error = case when $3 then null else $4 end,
       give_up_at = greatest(d.give_up_at, now() + interval '12 hours'),
       token = d.token + 1, parked = $3 and (select paused_at is not null from channel where id = d.channel_id),
       settled_at = case when $3 then null else now() end
  from made where d.id = made.delivery_id
returning d.id
"""
LEFT = "a person chose not to spend a push on it"


async def enter_by_hand(there: Pool | Connection, channel: UUID, at: datetime, by: str, note: str | None) -> int:
    """Count a push that somebody made on the platform's own site; returns its number."""
    number: int = await there.fetchval(BY_HAND, channel, at, by, note)
    return number


async def pushes_of(pool: Pool, channel: UUID, before: int, most: int) -> Sequence[asyncpg.Record]:
    """List the pushes of a channel, newest first."""
    rows: list[asyncpg.Record] = await pool.fetch(PUSHES, channel, before, most)
    return rows


async def allowance_of(pool: Pool, channel: UUID) -> asyncpg.Record | None:
    """Give what a worker last wrote down of a channel's quota: today, month, opens_at."""
    return await pool.fetchrow(ALLOWANCE, channel)


async def waiting(pool: Pool, after: tuple[int, int], most: int) -> Sequence[asyncpg.Record]:
    """List what waits for a person's choice, urgent first, behind a lane and a delivery."""
    rows: list[asyncpg.Record] = await pool.fetch(WAITING, *after, most)
    return rows


@dataclass(frozen=True, slots=True)
class Question:
    """Whether a revision is worth a push; `why`: what is left, or why it would be a further one."""

    delivery: int
    revision: int
    why: str
    articles: int = 1


async def ask(pool: Pool, about: Question, *, anew: bool = False) -> None:
    """Ask whether this is worth a push; `anew`: also after an earlier revision was chosen, since that was pushed."""
    await pool.execute(ASK, about.delivery, about.revision, about.why, anew, about.articles)


async def close(pool: Pool, delivery: int, revision: int) -> None:
    """Ask no longer about what was pushed, and use up the choice of it: another text of it is another question."""
    await pool.execute(CLOSE, delivery, revision)


async def chosen(pool: Pool, delivery: int) -> int | None:
    """Give the revision that a person chose to push, or None."""
    found: int | None = await pool.fetchval(CHOSEN, delivery)
    return found


async def choose(there: Pool | Connection, delivery: int, verdict: Verdict, by: str) -> bool:
    """Settle a choice; False when none is waited for (any more)."""
    return await there.fetchval(DECIDE, delivery, by, verdict == "send", LEFT) is not None


async def choose_together(connection: Connection, deliveries: Sequence[int], verdict: Verdict, by: str) -> None:
    """Settle several choices in a transaction of the connection; what is sent goes out in one push.

    Raises StateConflictError, and then nothing is chosen: they are of several channels, are too many articles for one
    push, or one of them waits for no choice (any more).
    """
    row = await connection.fetchrow(TOGETHER, list(deliveries))
    assert row is not None  # noqa: S101 - an aggregate
    if verdict == "send" and row["channels"] > 1:
        raise StateConflictError("they are owed to several channels", pointer="#/deliveries")
    if verdict == "send" and (row["articles"] or 0) > MOST_ARTICLES:
        many = f"they are {row['articles']} articles, and one push holds {MOST_ARTICLES}"
        raise StateConflictError(many, pointer="#/deliveries")
    for place, delivery in sorted(enumerate(deliveries), key=lambda each: each[1]):
        if not await choose(connection, delivery, verdict, by):
            raise StateConflictError("it does not wait for a choice", pointer=f"#/deliveries/{place}")
