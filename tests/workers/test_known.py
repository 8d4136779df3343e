# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Who has answered leaves the wire to others while its outcome is written down, but not to any number of them."""

import asyncio

from app.database import Pool
from app.domain.delivery import Intent
from app.domain.outcome import Delivered, Wire
from app.outbox import Owed
from tests.given import a_channel, accepted, channels_alike
from tests.outbox.conftest import pool
from tests.workers.dispatching import at_work
from workers.desk import Report
from workers.turn import AT_ONCE, KNOWN, LONGEST_PAUSE

MORE = 20

__all__ = ["pool"]


async def test_calls_go_out_while_outcomes_wait_to_be_written_until_too_many_wait(pool: Pool) -> None:
    full, written, calls = asyncio.Event(), asyncio.Event(), list[int]()

    async def send(owed: Owed, intent: Intent) -> Report:
        calls.append(owed.id)
        if len(calls) == AT_ONCE + KNOWN:
            full.set()
        return Report(Delivered((intent.payload,)), Wire.RESPONSE)

    await a_channel(pool, kind="paper", services=["mensa"])
    await channels_alike(pool, AT_ONCE + KNOWN + MORE - 1)
    async with at_work(pool, send, written_after=written) as until_delivered:
        await accepted(pool, priority="bulk")
        await asyncio.wait_for(full.wait(), 180)
        await asyncio.sleep(2 * LONGEST_PAUSE)
        before = len(calls)
        written.set()
        await until_delivered(AT_ONCE + KNOWN + MORE)

    assert before == AT_ONCE + KNOWN
    assert len(calls) == len(set(calls)) == AT_ONCE + KNOWN + MORE
