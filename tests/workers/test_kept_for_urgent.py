# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""However many calls of a process hang, there is room for what is urgent."""

import asyncio

from app.database import Pool
from app.domain.delivery import Intent
from app.domain.outcome import Delivered, Wire
from app.outbox import Owed
from tests.given import a_channel, accepted, channels_alike
from tests.outbox.conftest import pool
from tests.workers.dispatching import at_work
from workers.desk import Report
from workers.turn import AT_ONCE

__all__ = ["pool"]


async def test_what_is_urgent_and_nothing_else_leaves_although_as_many_calls_hang_as_may(pool: Pool) -> None:
    """The platform answers again, but what was on the wire while it did not hangs until its time is over."""
    full, answered, lanes = asyncio.Event(), asyncio.Event(), list[int]()

    async def send(owed: Owed, intent: Intent) -> Report:
        lanes.append(owed.progress.lane)
        if len(lanes) == AT_ONCE:
            full.set()
        if owed.progress.lane:
            await answered.wait()
        return Report(Delivered((intent.payload,)), Wire.RESPONSE)

    await a_channel(pool, kind="paper", services=["mensa"])
    await channels_alike(pool, AT_ONCE + 19)
    await a_channel(pool, "urgent", kind="paper", services=["nidi"])
    async with at_work(pool, send) as until_delivered:
        await accepted(pool, priority="bulk")
        await asyncio.wait_for(full.wait(), 180)
        for number in (1, 2):
            await accepted(pool, priority="urgent", service="nidi")
            await until_delivered(number)
        sent = list(lanes)
        answered.set()
        await until_delivered(AT_ONCE + 22)

    assert sent == [2] * AT_ONCE + [0] * 2
