# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Answers what the app asks about channels; a test post keeps to the channel's turn and to every pace."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from uuid import UUID

import asyncpg

from app.checks import Answer
from app.database import AWAY, Pool
from app.domain.backoff import DOUBT_RESTS
from app.domain.pace import interval
from app.outbox import UNLIMITED, ChannelKind, Held, hold, is_known, let_go, slot, still_holds
from app.telemetry import log
from workers.desk import CALL, Desk, Finding, TurnOverError

# Again only when whoever took it has ended: while it lives it says so, however long a call takes, and nobody takes its
# test post away. And also when nobody waits for the answer any more, where a test post was left behind.
QUESTIONS = """
update channel_check set taken_at = now()
 where id in (select id from channel_check
               where answer is null and (taken_at is null or taken_at < now() - interval '70 seconds')
                 and (asked_at > now() - interval '2 minutes' or test_post is not null) and kind = any($1)
               order by asked_at for update skip locked limit 20)
returning id, kind, address, ask, test_post
"""
LIVES = "update channel_check set taken_at = now() where id = $1"
STANDS = "update channel_check set test_post = $2 where id = $1"
ANSWER = "update channel_check set answer = $2::json where id = $1"
UNFINISHED = Answer("unknown", "the check was not finished; try again")
BUSY = Answer(
    "unknown",
    "the channel was busy all the time, or one of its posts is in doubt and asked about first (in a paused channel "
    "once it is resumed); try again",
)
LIVES_EVERY = 5.0
"""Seconds; whoever has not said for seventy that it lives has ended."""
TRIES = 20
LONGEST = 3.0
"""Seconds that the account may keep a check waiting before a call."""
LEFT = timedelta(seconds=CALL) + DOUBT_RESTS
"""Of the turn, before a call: as long as that takes, and until what it left on the way has landed."""


async def answer_questions(pool: Pool, desks: Mapping[str, Desk]) -> None:
    """Answer all that is asked now, side by side: one slow platform keeps nobody waiting."""
    rows = await pool.fetch(QUESTIONS, list(desks))
    await asyncio.gather(*(_live_and_answer(pool, desks[row["kind"]], row) for row in rows))


async def _live_and_answer(pool: Pool, desk: Desk, row: asyncpg.Record) -> None:
    living = asyncio.create_task(_live(pool, row["id"]))
    try:
        await _answer(pool, desk, row)
    finally:
        living.cancel()


async def _live(pool: Pool, question: UUID) -> None:
    """Say now and then that whoever took the question is at it still."""
    while True:
        await asyncio.sleep(LIVES_EVERY)
        with suppress(*AWAY):
            await pool.execute(LIVES, question)


async def _answer(pool: Pool, desk: Desk, row: asyncpg.Record) -> None:
    if row["test_post"] is not None:
        await _tidy(pool, desk, row)
        return
    found = await (_proved(pool, desk, row) if row["ask"] else desk.inspect(row["address"], None))
    await pool.execute(ANSWER, row["id"], json.dumps(asdict(found.answer)))
    log.info("channel.checked", kind=row["kind"], verdict=found.answer.verdict, can_ask=found.answer.can_ask)


async def _tidy(pool: Pool, desk: Desk, row: asyncpg.Record) -> None:
    """Take away the test post of whoever died before it was done, at the pace of everything else."""
    with suppress(TurnOverError):
        await _pause(pool, desk.kind, None, row["id"])
        if desk.take_away is None or await desk.take_away(row["test_post"]):
            await pool.execute(ANSWER, row["id"], json.dumps(asdict(UNFINISHED)))


async def _proved(pool: Pool, desk: Desk, row: asyncpg.Record) -> Finding:
    """Hold the channel's turn while it proves itself, if it is one of ours already."""
    kind, address = desk.kind, row["address"]
    limits = kind.limits if kind.is_group(address) else UNLIMITED
    for _ in range(TRIES):
        held = await hold(pool, kind.name, address, limits)
        if held is not None:
            await asyncio.sleep(held.wait)
            found = await desk.inspect(address, partial(_pause, pool, kind, held, row["id"]))
            reference = None if found.stray else found.reference or held.reference
            await let_go(pool, held, _rest(kind, found), reference, limits)
            return found
        if not await is_known(pool, kind.name, address):
            return await desk.inspect(address, partial(_pause, pool, kind, None, row["id"]))
        await asyncio.sleep(0.1)
    return Finding(BUSY)


async def _pause(
    pool: Pool, kind: ChannelKind, held: Held | None, question: UUID, test_post: str | None = None
) -> float:
    """Wait for the pace of the channel and of the account; TurnOverError where others may send there before the end.

    The time that is given counts from before the question about the turn: we may stand still before we read the answer.
    """
    if test_post is not None:
        await pool.execute(STANDS, question, test_post)
    await asyncio.sleep(interval(kind.limits.channel_per_second).total_seconds())
    if kind.limits.per_second:  # at once: what is asked for and not used then counts in a second that is over
        wait = (await slot(pool, kind.name, kind.limits.per_second)).wait
        if wait > LONGEST:
            raise TurnOverError
        await asyncio.sleep(wait)
    clock = asyncio.get_running_loop().time
    until = clock() + CALL
    if held is not None and (not await still_holds(pool, held, LEFT) or clock() >= until):
        raise TurnOverError
    return until


def _rest(kind: ChannelKind, found: Finding) -> timedelta:
    """Give what the channel rests: longer where a question may be on its way still, as after every doubt."""
    rest = max(interval(kind.limits.channel_per_second), timedelta(seconds=found.wait))
    return rest if found.reference is None or found.answer.can_ask else max(rest, DOUBT_RESTS)
