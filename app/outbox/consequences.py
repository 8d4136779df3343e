# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What an outcome means beyond its delivery: for the rest of the channel, of the notice, or of the account.

All of it is part of the transaction that records the outcome: whoever dies in between has recorded neither.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from app.database import Connection
from app.domain.backoff import DOUBT_RESTS, MISCONFIGURED
from app.domain.channel import MOVED_ONTO
from app.domain.delivery import Action, State
from app.domain.notice import DoubtPolicy
from app.domain.outcome import (
    Absent,
    Doubted,
    Gone,
    Misconfigured,
    Moved,
    Throttled,
    WithoutMedia,
    reason,
)
from app.outbox.done import Done
from app.outbox.owed import Owed
from app.outbox.slowing import slow_down

PLACES = "select from channel where id = any($1::uuid[]) order by id for no key update"
# In the order of their ids, as everybody does who changes many rows: two who do never wait for each other.
LOCK = """
select from delivery
 where id in (select unnest($1::bigint[])
              union select id from delivery
                     where channel_id = any($2::uuid[]) and state in ('due', 'in_doubt') and not parked
              union select id from delivery
                     where channel_id = any($3::uuid[]) and (posts::text <> '[]' or state = 'in_doubt'))
 order by id for no key update
"""
TAKEN = """
select slug from channel where kind = $1 and address = $2 and retired_at is null and id <> $3
"""
PARK = """
update delivery set parked = true where channel_id = $1 and state in ('due', 'in_doubt') and not parked
"""
# The new place counts its posts anew: a number of the old one names there what is somebody else's, or another notice's.
# What stands in the old one nobody can change any more, which a person is told as soon as it should be (NOWHERE).
FORGET_PLACES = """
update delivery
   set posts = (select json_agg(post::jsonb || '{"reference": null}' || case when post -> 'items' is null then '{}' else
                         jsonb_build_object('items', (select coalesce(jsonb_agg(jsonb_build_array('', item -> 1)), '[]')
                                                        from json_array_elements(post -> 'items') as item)) end
                       order by place)
                  from json_array_elements(posts) with ordinality as t (post, place))
 where channel_id = $1 and posts::text <> '[]'
"""
# Of an album in doubt it stays known that it was found (an empty reference), so that it is not posted once more.
FORGET_DOUBTS = """
update delivery
   set intent = (intent::jsonb || '{"after": null}' ||
                 case when intent ->> 'reference' is null then '{}' else '{"reference": ""}' end::jsonb)::json
 where channel_id = $1 and state = 'in_doubt' and intent ->> 'key' is null
"""
BLOCK = "update pace set free_at = greatest(free_at, now() + $2::interval), blocked_reason = $3 where kind = $1"
# Of a call that says what its media are, those and no others of the notice: a picture does not cost its document.
NO_MEDIA = """
update media set state = 'failed', error = $2
 where notice_id = $1 and state <> 'failed' and ($3::text[] = '{}' or kind || ' ' || href = any($3))
"""
# A second time: they may take longer than a call is given, every time, and the text would wait for them for ever.
TOO_SLOW = """
update media set state = 'failed', error = 'it was posted twice with these, and did not arrive'
 where notice_id = $1 and state <> 'failed'
   and (select count(*) from attempt
         where delivery_id = $2 and action = 'post' and part = $3 and revision = $4 and outcome = 'doubted'
           and coalesce(error, '') not ilike '%too many requests%') > 1
"""


def reaches_further(done: Done) -> bool:
    """Tell whether an outcome concerns more than its own delivery."""
    more = isinstance(done.outcome, Gone | Moved | Throttled | WithoutMedia | Misconfigured) or _asks_to_wait(done)
    return more or _did_not_arrive_with_media(done)


def _did_not_arrive_with_media(done: Done) -> bool:
    """Tell a post with media that is not there, or of which nobody can say so and which is repeated all the same."""
    end, what = done.settlement, done.intent
    if isinstance(done.outcome, Doubted):
        repeated = done.owed.progress.policy is DoubtPolicy.REPEAT and what.after is None and what.key is None
        return what.action is Action.POST and repeated and bool(what.items)
    over = end.state is State.DUE and end.intent is None and not end.stray
    return isinstance(done.outcome, Absent) and over and bool(what.items)


def _asks_to_wait(done: Done) -> bool:
    return isinstance(done.outcome, Doubted) and done.outcome.seconds > 0


def rests(one: Done) -> timedelta:
    """Say how long the channel rests: what may land late and changes a post must not come after a later change."""
    if isinstance(one.outcome, Throttled):
        return timedelta(seconds=one.outcome.seconds)
    if isinstance(one.outcome, Doubted) and one.outcome.seconds:
        return max(one.rest, timedelta(seconds=one.outcome.seconds))
    late = isinstance(one.outcome, Doubted) and one.intent.action in (Action.EDIT, Action.PROBE)
    return max(one.rest, DOUBT_RESTS) if late else one.rest


async def prepare(connection: Connection, done: Sequence[Done]) -> list[Done]:
    """Lock all that will change; a channel that moved to where another one of ours is cannot follow, and pauses."""
    followed = [await _followed(connection, one) for one in done]
    await connection.execute(PLACES, [one.owed.channel_id for one in done])
    gone = [one.owed.channel_id for one in followed if isinstance(one.outcome, Gone)]
    moved = [one.owed.channel_id for one in followed if isinstance(one.outcome, Moved)]
    await connection.execute(LOCK, [one.owed.id for one in followed], gone, moved)
    return followed


async def _followed(connection: Connection, one: Done) -> Done:
    if not isinstance(one.outcome, Moved):
        return one
    other = await connection.fetchval(TAKEN, one.owed.kind, one.outcome.address, one.owed.channel_id)
    if other is None:
        return one
    return replace(one, outcome=Gone(MOVED_ONTO.format(one.outcome.address, other)))


def in_order(done: Sequence[Done]) -> list[Done]:
    """Sort outcomes so that whoever records holds the rows of media and then of paces in one order."""
    return sorted(done, key=_place)


def _place(one: Done) -> tuple[bool, str]:
    paces = isinstance(one.outcome, Throttled | Misconfigured) or _asks_to_wait(one)
    return paces, one.owed.kind if paces else str(one.owed.notice_id)


async def follow_up(connection: Connection, one: Done) -> None:
    """Let an outcome reach the rest of the channel, of the notice or of the account."""
    await _without_media_that_never_arrive(connection, one)
    match one.outcome:
        case Gone():
            await connection.execute(PARK, one.owed.channel_id)
        case Moved():
            await connection.execute(FORGET_PLACES, one.owed.channel_id)
            await connection.execute(FORGET_DOUBTS, one.owed.channel_id)
        case Throttled() | Doubted():
            await _slow_down(connection, one.owed, one.outcome)
        case WithoutMedia(why):
            await connection.execute(NO_MEDIA, one.owed.notice_id, why, _sent(one))
        case Misconfigured():
            await connection.execute(BLOCK, one.owed.kind, MISCONFIGURED, reason(one.outcome))


def _sent(one: Done) -> tuple[str, ...]:
    """Name the media of a call: of an edit those that do not stand there yet, since it sends no others."""
    posts, what = one.owed.progress.posts, one.intent
    before = posts[what.number].items if what.action is Action.EDIT and what.number < len(posts) else ()
    stands = {item for _, item in before}
    return tuple(item for item in what.items if item not in stands) or what.items


async def _slow_down(connection: Connection, owed: Owed, outcome: Throttled | Doubted) -> None:
    """Let the channel or the account rest or go slower, where the platform asks for it."""
    everywhere, alone = (outcome.everywhere, outcome.alone) if isinstance(outcome, Throttled) else (False, False)
    if outcome.seconds:
        wait = timedelta(seconds=outcome.seconds)
        await slow_down(connection, owed.kind, owed.channel_id, wait, everywhere=everywhere, alone=alone)


async def _without_media_that_never_arrive(connection: Connection, one: Done) -> None:
    what = one.intent
    if _did_not_arrive_with_media(one):
        await connection.execute(TOO_SLOW, one.owed.notice_id, one.owed.id, what.number, what.revision)
