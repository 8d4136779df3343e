# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Writes down when this process stood still: what came meanwhile came at one instant for it, so it may be too much."""

import asyncio

from deploy.sandbox.journal import Journal

LOOK_EVERY = 0.05
LONG = 0.3
"""Seconds without a look that are worth a line; a busy machine often takes a tenth."""
METHOD, MACHINE = "standstill", "machine"


async def watch(journal: Journal) -> None:
    """Look at the clock for ever; an entry begins when the process was last awake, and is settled when it is again."""
    awake = journal.clock.monotonic()
    while True:
        await asyncio.sleep(LOOK_EVERY)
        before, awake = awake, journal.clock.monotonic()
        if awake - before > LONG:
            entry = journal.arrive(METHOD, by=MACHINE)
            entry.wall, entry.monotonic = entry.wall - (entry.monotonic - before), before
            journal.settle(entry)
