# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Answers what the app asks about channels; a test post keeps to the channel's turn and to every pace."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta

import asyncpg

from app.checks import Answer
from app.database import Pool
from app.domain.pace import interval
from app.outbox import hold, is_known, let_go, slot
from app.telemetry import log
from workers.desk import Desk, Finding

QUESTIONS = """
update channel_check set taken_at = now()
 where id in (select id from channel_check
               where answer is null and (taken_at is null or taken_at < now() - interval '15 seconds')
                 and asked_at > now() - interval '2 minutes' and kind = any($1)
               order by asked_at for update skip locked limit 20)
returning id, kind, address, ask
"""
ANSWER = "update channel_check set answer = $2::json where id = $1"
BUSY = Answer("unknown", "the channel was busy all the time; try again")
TRIES = 20


async def answer_questions(pool: Pool, desks: Mapping[str, Desk]) -> None:
    """Answer all that is asked now, side by side: one slow platform keeps nobody waiting."""
    rows = await pool.fetch(QUESTIONS, list(desks))
    await asyncio.gather(*(_answer(pool, desks[row["kind"]], row) for row in rows))


async def _answer(pool: Pool, desk: Desk, row: asyncpg.Record) -> None:
    found = await (_proved(pool, desk, row["address"]) if row["ask"] else desk.inspect(row["address"], None))
    await pool.execute(ANSWER, row["id"], json.dumps(asdict(found.answer)))
    log.info("channel.checked", kind=row["kind"], verdict=found.answer.verdict, can_ask=found.answer.can_ask)


async def _proved(pool: Pool, desk: Desk, address: str) -> Finding:
    """Hold the channel's turn while it proves itself, if it is one of ours already."""
    kind = desk.kind
    rest = max(interval(kind.limits.channel_per_second), timedelta(0))

    async def pause() -> None:
        await asyncio.sleep(rest.total_seconds())
        if kind.limits.per_second:  # at once: what is asked for and not used then counts in a second that is over
            await asyncio.sleep((await slot(pool, kind.name, kind.limits.per_second)).wait)

    for _ in range(TRIES):
        held = await hold(pool, kind.name, address)
        if held is not None:
            await asyncio.sleep(held.wait)
            found = await desk.inspect(address, pause)
            await let_go(pool, held, rest, None if found.stray else found.reference or held.reference)
            return found
        if not await is_known(pool, kind.name, address):
            return await desk.inspect(address, pause)
        await asyncio.sleep(0.1)
    return Finding(BUSY)
