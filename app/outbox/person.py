# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a person decides: a fresh start for a dead letter, the truth of a held delivery, a paused channel's return."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import asyncpg

from app.database import Connection, Driver, Pool
from app.domain.backoff import GIVE_UP
from app.domain.decision import Decision, decided
from app.domain.delivery import Action
from app.domain.errors import StateConflictError
from app.domain.there import without
from app.outbox.owed import progress_of
from app.outbox.stored import posts_from, posts_text, tags_text

AGES = (GIVE_UP[0], GIVE_UP[1], GIVE_UP[2])
# What shows something is only changed, and what is wanted nowhere is not posted: neither can come too late.
REDRIVABLE = """
d.state = 'dead' and (d.expires_at is null or d.expires_at > now() or d.wanted is null or d.posts::text <> '[]')
and not exists (select from channel where id = d.channel_id and retired_at is not null)
"""
REDRIVE = f"""
update delivery d
   set state = 'due', due_at = now(), failures = 0, crashes = 0, intent = null, settled_at = null,
       give_up_at = now() + case lane when 0 then $2::interval when 1 then $3::interval else $4::interval end,
       parked = exists (select from channel where id = d.channel_id and paused_at is not null)
 where d.id = any($1::bigint[]) and {REDRIVABLE}
"""  # noqa: S608 - ours
# All of them before any is changed, in the order that everybody keeps: an amendment beside may want the same ones.
HOLD = "select from delivery where id = any($1::bigint[]) order by id for no key update"
# The last try met a post that somebody had deleted: to change it again would end in the same way for ever.
LOST = """
select d.id, d.posts, last.part, last.reference
  from delivery d cross join lateral (
    select part, outcome, reference from attempt where delivery_id = d.id order by token desc limit 1) last
 where d.id = any($1::bigint[]) and d.state = 'dead' and last.outcome = 'lost' order by d.id
"""
FORGET = "update delivery set posts = $3::json where id = $1 and state = 'dead' and posts::text = $2"
TOGETHER = 500
"""How many are decided with one statement: each takes well under the seconds that a statement may take."""
HELD = """
select d.id, d.token, d.lane, d.state, d.wanted, d.posts, d.failures, d.crashes, d.give_up_at, d.expires_at,
       d.intent, d.erase, d.doubted, d.channel_id, n.policy, n.revision
  from delivery d join notice n on n.id = d.notice_id
 where d.id = any($1::bigint[]) and d.state = 'held' order by d.id for no key update of d
"""
# Each item of an album is a post of its own, and what is told of one would be done to another notice's picture.
KNOWN = """
select exists (select from delivery d, json_array_elements(d.posts) as post
                where d.channel_id = $1 and d.id <> $2
                  and (post ->> 'reference' = any($3::text[]) or exists (
                    select from json_array_elements(post -> 'items') as item where item ->> 0 = any($3::text[]))))
"""
# What goes out is tried as long as what is new, as after a redrive.
# Who says of a known post what became of a change has not said whether another stands there: that stays in doubt.
# What was posted without a text that nobody had approved: the next claim sees whether it still waits for it.
DECIDE = """
update delivery d
   set state = case when x.state = 'delivered' and awaits is not null then 'due' else x.state end, due_at = now(),
       intent = null, token = token + 1, posts = x.posts::json, shown = coalesce(x.shown, d.shown),
       spoken = case when x.shown is null then d.spoken else x.spoken::text[] end,
       last_error = x.error, doubted = x.stray or x.of_another and doubted, failures = 0, crashes = 0,
       give_up_at = now() + case lane when 0 then $9::interval when 1 then $10::interval else $11::interval end,
       parked = (x.state = 'due' or x.state = 'delivered' and awaits is not null)
                and (select paused_at is not null from channel where id = d.channel_id),
       settled_at = case when x.state = 'due' or x.state = 'delivered' and awaits is not null then null else now() end
  from unnest($1::bigint[], $2::text[], $3::text[], $4::int[], $5::text[], $6::boolean[], $7::boolean[],
              $8::text[]) as x (id, state, posts, shown, error, stray, of_another, spoken)
 where d.id = x.id and d.state = 'held'
"""
# The pace goes on where it was, and a doubt rests its time. $2: the one reason for which it may be paused, if any.
# Waiting is not failing: what is due is tried as long as what is new. A doubt stays as old as it is, so that nothing
# is repeated after days. What waited for a day that may have begun meanwhile is awake, or the next would go before it.
RESUME = """
with back as (
  update channel set paused_at = null, paused_reason = null
   where id = $1 and paused_at is not null and ($2::text is null or paused_reason = $2)
  returning id
), free as (
  update delivery
     set parked = false, due_at = case when state = 'in_doubt' then due_at else least(due_at, now()) end,
         awaits = nullif(awaits, 'tomorrow'),
         give_up_at = case when state = 'in_doubt' then give_up_at else greatest(give_up_at, now() +
           case lane when 0 then $3::interval when 1 then $4::interval else $5::interval end) end
   where id in (select d.id from back join delivery d on d.channel_id = back.id
                 where d.state in ('due', 'in_doubt') and d.parked order by d.id for no key update of d)
)
select id from back
"""


async def redrive(there: Pool | Connection, ids: Sequence[int]) -> int:
    """Give dead letters a fresh start, unless their time is over or their channel retired; returns how many were.

    In the transaction of the connection, at most `TOGETHER` of them. A post that was not there any more when it was to
    be changed is forgotten, so that it is posted anew.
    """
    await there.execute(HOLD, list(ids))
    lost = await there.fetch(LOST, list(ids))
    await there.executemany(FORGET, [(row["id"], row["posts"], _without_the_lost(row)) for row in lost])
    return _count(await there.execute(REDRIVE, list(ids), *AGES))


async def decide(
    there: Pool | Connection,
    delivery: int,
    decision: Decision,
    references: Sequence[str] = (),
    question: int | None = None,
) -> bool:
    """Settle a held delivery, in the transaction of the connection; False when it is not held (any more).

    `references`: where the person saw it. StateConflictError when one of them is another delivery's. `question`: the
    token under which the person found it held; None: whatever it is held for.
    """
    rows = [row for row in await there.fetch(HELD, [delivery]) if question in (None, row["token"])]
    if rows and references and await there.fetchval(KNOWN, rows[0]["channel_id"], delivery, list(references)):
        raise StateConflictError("That post is of another delivery.", pointer="#/references")
    await _settle(there, rows, decision, references)
    return bool(rows)


async def decide_alike(there: Connection, questions: Mapping[int, int], decision: Decision) -> list[int]:
    """Settle held deliveries as one person says of all, in the transaction of the connection.

    `questions`: the token under which each was found held. Returns those that were settled; what is not held (any
    more), or for another question by now, is passed over.
    """
    ids, settled = sorted(questions), []
    for first in range(0, len(ids), TOGETHER):
        found = await there.fetch(HELD, ids[first : first + TOGETHER])
        rows = [row for row in found if row["token"] == questions[row["id"]]]
        await _settle(there, rows, decision)
        settled += [row["id"] for row in rows]
    return settled


async def resume(there: Pool | Connection | Driver, channel: UUID, *, reason: str | None = None) -> bool:
    """Let a paused channel be posted to again, with all it is still owed; False when it is not paused (any more).

    With a `reason`, only one that is paused for just that.
    """
    return await there.fetchval(RESUME, channel, reason, *AGES) is not None


async def _settle(
    there: Pool | Connection, rows: Sequence[asyncpg.Record], decision: Decision, references: Sequence[str] = ()
) -> None:
    """Let each go where the person says."""
    columns = zip(*(_went(row, decision, references) for row in rows), strict=True)
    if rows:
        await there.execute(DECIDE, *map(list, columns), *AGES)


def _went(row: asyncpg.Record, decision: Decision, references: Sequence[str]) -> tuple[object, ...]:
    progress = progress_of(row)
    end = decided(progress, decision, references, row["revision"])
    of_another = progress.intent is not None and progress.intent.action is not Action.POST
    what = (end.state.value, posts_text(end.posts), end.shown, end.error, end.stray)
    return row["id"], *what, of_another, tags_text(end.spoken)


def _without_the_lost(row: asyncpg.Record) -> str:
    posts = posts_from(row["posts"])
    known = [post.reference for post in posts[row["part"] : row["part"] + 1]]
    return posts_text(without(posts, row["part"], [row["reference"]] if row["reference"] else known))


def _count(tag: str) -> int:
    return int(tag.rsplit(maxsplit=1)[-1])
