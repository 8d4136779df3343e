# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Waits for the moment that the pace has for a call, and asks for another where this process has missed it."""

import asyncio
import contextlib
import time
from datetime import datetime

from app.database import AWAY, Pool
from app.outbox import ChannelKind, Claimed, Taken, slot

MOST_LATE = 0.5
"""Seconds after its moment at which a call is still made: the pace can make room for it until it has been answered."""


async def moment_of(pool: Pool, kind: ChannelKind, call: Claimed, taken: Taken) -> tuple[datetime, float, float]:
    """Wait for the call's moment, and give it in this process's time, too, and how much earlier it may have been.

    Who has stood still meanwhile gets another one, once, which is then still to be waited for: the others have sent
    since as if this call had been made.
    """
    due, per_second = taken.seconds_to(call.moment), kind.limits.per_second
    await until(due)
    if time.monotonic() - due < MOST_LATE or not per_second:
        return call.moment, due, taken.unsure
    with contextlib.suppress(*AWAY):
        asked = time.monotonic()
        another = await slot(pool, kind.name, per_second, call.intent.messages)
        told = time.monotonic()
        return another.moment, told + another.wait, told - asked
    return call.moment, due, taken.unsure


async def until(moment: float) -> None:
    """Sleep until then (monotonic seconds); a timer of the loop may ring a millisecond early."""
    while (left := moment - time.monotonic()) > 0:  # noqa: ASYNC110 - nothing happens then but time
        await asyncio.sleep(left)
