# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Takes due work: lease, intent and pace in one transaction, before one byte leaves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from time import monotonic

from app.database import Connection, Pool
from app.domain.delivery import Intent, Settlement
from app.domain.pace import MINUTE, Account, interval, placed, rests_until, slots
from app.outbox.account import account_of, lock, spend
from app.outbox.allowed import is_news
from app.outbox.breaker import asked, waits, wake
from app.outbox.due import due, seconds_to_next
from app.outbox.ending import end
from app.outbox.in_vain import or_end
from app.outbox.intents import Planned, write_intents
from app.outbox.kind import ChannelKind
from app.outbox.noting import Noted, note
from app.outbox.step import must_wait, one_each, step_of
from app.outbox.turn import Claimed, Taken, Turn
from app.outbox.works import works_of

LOOKS_AGAIN = 0.1
"""Seconds until what must go alone may find its process empty."""
SEEN = 60
"""Sends of a channel's last minute that are kept for people, or as many as a group may have; not thousands."""
RESERVE = """
update channel c
   set turn_until = $4::timestamptz, free_at = t.free_at, others_free_at = t.others_free_at,
       sent = array(select at from (select at from unnest(c.sent) as at
                                     where at > $5::timestamptz order by at desc limit $10) as latest order by at)
              || array_fill(t.slot, array[t.messages]),
       told = case when not t.news then c.told when c.told_on = $7::date then c.told + 1 else 1 end,
       told_on = case when t.news then $7::date else c.told_on end
  from unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $6::boolean[], $8::timestamptz[],
              $9::int[]) as t (id, slot, free_at, news, others_free_at, messages)
 where c.id = t.id
"""


@dataclass(frozen=True, slots=True)
class _Pace:
    """The moments that the account lets out, from this moment on.

    `asking`: the platform is away, and the one call that goes out asks whether it is back.
    """

    now: datetime
    at: float
    unsure: float
    account: Account
    moments: Sequence[datetime]
    asking: bool


async def claim(pool: Pool, kind: ChannelKind, turn: Turn) -> Taken:
    """Claim due deliveries of free channels, most urgent first, one per channel, no more than the pace lets out."""
    async with pool.acquire() as connection:
        if turn.careful:
            return await _claim_with_care(connection, kind, turn)
        async with connection.transaction():
            return await _take(connection, kind, turn, await _pace(connection, kind, turn))


async def _claim_with_care(connection: Connection, kind: ChannelKind, turn: Turn) -> Taken:
    """Count what is about to be rendered in a transaction of its own, and take that back when it has been."""
    async with connection.transaction():
        pace = await _pace(connection, kind, turn)
        if isinstance(pace, Taken):
            return pace
        found = await _due(connection, kind, turn, pace)
        read = await works_of(connection, found)
        works = one_each(read, turn.beside)
        if found and not works:
            return Taken(pace.now, pace.at, again=LOOKS_AGAIN, waits=must_wait(read, works))
        noted = await note(connection, works, pace.now)
    try:
        async with connection.transaction():
            taken = await _take(connection, kind, turn, await _pace(connection, kind, turn), noted)
            left = await noted.forget(connection)
    except Exception:
        await noted.forget_after(connection)
        raise
    await left.forget_after(connection)  # with the pace in its hands it waits for nobody
    return replace(taken, waits=must_wait(read, works))


async def _pace(connection: Connection, kind: ChannelKind, turn: Turn) -> _Pace | Taken:
    """Lock the pace of the account, so that claims of a kind come one after the other; a Taken where none may."""
    asked = monotonic()
    row = await lock(connection, kind.name)
    if row is None:
        return Taken(datetime.now(UTC), asked, again=0.0)
    now = row["now"]
    earliest, at = turn.moments.place(now, asked, monotonic())
    account = await account_of(connection, kind.name, row, turn.came)
    away = await waits(connection, kind, row)
    if away:
        return Taken(now, at, again=away)
    ahead = account.next_at(kind.limits.per_second) - now
    if ahead > turn.horizon / 2:  # several moments at a time: a claim for each would keep the others waiting
        return Taken(now, at, again=(ahead - turn.horizon / 2).total_seconds())
    most = turn.most if away is None else 1
    moments = slots(account, now, turn.horizon, kind.limits.per_second, most)
    return _Pace(now, at, at - earliest, account, moments, away is not None)


async def _take(
    connection: Connection, kind: ChannelKind, turn: Turn, pace: _Pace | Taken, noted: Noted | None = None
) -> Taken:
    if isinstance(pace, Taken):
        return pace
    now = pace.now
    found = await _found(connection, kind, turn, pace, noted)
    if not found and pace.asking and await wake(connection, kind, now):  # so that there is something to ask with
        return Taken(now, pace.at, again=0.0)
    if not found:
        return Taken(now, pace.at, again=await seconds_to_next(connection, kind.name, now), waits=False)
    read = await works_of(connection, found)
    works = one_each(read if noted is None else noted.as_before(read), turn.beside)
    held_up = must_wait(read, works)
    if not works:
        return Taken(now, pace.at, again=LOOKS_AGAIN, waits=held_up)
    planned = [step_of(work, kind, now) for work in works]
    steps = [(work, await or_end(connection, kind, work, step, now)) for work, step in planned]
    over = [(work, step) for work, step in steps if isinstance(step, Settlement)]
    ended = [(work, await end(connection, work, step, now, in_place=kind.in_place)) for work, step in over]
    ready = [(work, step) for work, step in steps if isinstance(step, Intent)]
    many = [step.messages for _, step in ready]
    moments = placed(pace.account, pace.moments, many, kind.limits.per_second)
    calls = [Planned(work, step, slot) for (work, step), slot in zip(ready, moments, strict=False)]
    ahead = max((call.slot - now - turn.horizon for call in calls), default=timedelta(0))  # an album at a slow pace
    longer = replace(turn, lease=turn.lease + max(timedelta(0), ahead))
    claimed = await _reserve(connection, kind, longer, pace, calls)
    extra = (longer.lease - turn.lease).total_seconds()
    return Taken(now, pace.at, claimed, tuple(ended), 0.0, held_up, pace.unsure, extra)


async def _due(connection: Connection, kind: ChannelKind, turn: Turn, pace: _Pace) -> Sequence[int]:
    return await due(connection, kind.name, len(pace.moments), pace.now, turn.lanes, in_order=kind.in_order)


async def _found(
    connection: Connection, kind: ChannelKind, turn: Turn, pace: _Pace, noted: Noted | None
) -> Sequence[int]:
    if noted is None:
        return await _due(connection, kind, turn, pace)
    again = await noted.again(connection, kind.name, pace.now, in_order=kind.in_order)
    return again[: len(pace.moments)]


async def _reserve(
    connection: Connection, kind: ChannelKind, turn: Turn, pace: _Pace, calls: Sequence[Planned]
) -> tuple[Claimed, ...]:
    """Write the intents and spend the pace of the account and of each channel."""
    if not calls:
        return ()
    now, until = pace.now, pace.now + turn.lease
    tokens = await write_intents(connection, until, now, calls)
    frees, others = zip(*(_free_after(call, kind, now) for call in calls), strict=True)
    channels, moments = [call.owed.channel_id for call in calls], [call.slot for call in calls]
    many = [call.intent.messages for call in calls]
    news = [kind.cap.per_day > 0 and is_news(call.owed, call.intent) for call in calls]
    today, minute, kept = kind.cap.day(now), now - MINUTE, max(SEEN, kind.limits.group_per_minute)
    await connection.execute(RESERVE, channels, moments, frees, until, minute, news, today, others, many, kept)
    if kind.limits.per_second:
        each = [slot for slot, times in zip(moments, many, strict=True) for _ in range(times)]
        await spend(connection, kind.name, kind.limits.per_second, pace.account, each)
    if pace.asking:
        await asked(connection, kind, now)
    return tuple(
        Claimed(call.owed, call.intent, tokens[call.owed.id], call.slot) for call in calls if call.owed.id in tokens
    )


def _free_after(call: Planned, kind: ChannelKind, now: datetime) -> tuple[datetime, datetime]:
    """Say when the channel may be sent to again, and when also what is not urgent."""
    many = call.intent.messages
    sent = [*sorted(at for at in call.owed.sent if at > now - MINUTE), *[call.slot] * many]
    limits = kind.limits.slower(call.owed.slowdown)
    free, others = rests_until(sent, limits, now, is_group=kind.is_group(call.owed.address))
    return max(free, call.slot + interval(limits.channel_per_second) * many), others
