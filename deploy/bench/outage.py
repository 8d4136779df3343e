# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""S6: Telegram away for 10, 60, 300 and 600 s under constant load; time is scaled, everything else is real."""

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from deploy.bench import outage_of_others
from deploy.bench.city import Source, add_chats, source, until_over
from deploy.bench.figure import Figure, Measured, exactly
from deploy.bench.ground import Ground
from deploy.bench.others import OTHERS
from deploy.bench.outage_of_others import be_away
from deploy.bench.place import REAL, Place, place
from deploy.bench.size import Size

OUTAGES = (10, 60, 300, 600)
AREAS, CHANNELS_EACH, NOTICES_PER_SECOND = 40, 3, 4.0
OPERATIONS_CHAT = "-1009999999999"
PATIENCE = 400.0
"""Seconds until all must be over, beside those that Telegram was away: what it owes then goes out under the pace."""
OLD = """
select count(*) from delivery
 where state in ('due', 'in_doubt') and created_at < clock_timestamp() - make_interval(secs => $1)
"""
STATES = "select state, count(*) as many from delivery group by state"


@dataclass(frozen=True)
class Cell:
    """One outage: how many deliveries were accepted, what became of them, and what Telegram has."""

    away: int
    accepted: int
    states: dict[str, int]
    reached: int
    doubles: int
    drained: float
    still_open: int

    @property
    def failed(self) -> int:
        return sum(self.states.get(state, 0) for state in ("dead", "expired", "held"))

    @property
    def unaccounted(self) -> int:
        """Count what was accepted and is in no state, and what is called delivered and is not there."""
        lost = abs(self.accepted - sum(self.states.values()))
        return lost + abs(self.states.get("delivered", 0) - self.reached)


def asks_for(size: Size) -> float:
    """Ours first, then each of the others: the longest outage, and as long again to send what it owes."""
    return 2 * (1 + len(OTHERS)) * max(OUTAGES) / size.scale


async def measure(ground: Ground, size: Size) -> Measured:
    """Let the outages happen side by side, each to an installation of its own."""
    cells = await asyncio.gather(*(_cell(ground, away, away / size.scale) for away in OUTAGES))
    lengths = ", ".join(f"{away / size.scale:g}" for away in OUTAGES)
    remarks = (
        f"Time is scaled 1:{size.scale:g}: the outages last {lengths} s. Rates, load and waits between tries are real.",
        "Drained: real seconds from Telegram's return until everything accepted before it was settled.",
        f"{NOTICES_PER_SECOND:g} notices a second to {CHANNELS_EACH} of {AREAS * CHANNELS_EACH} channels each.",
        *(f"Away {cell.away} s: accepted {cell.accepted} = {_sum(cell.states)}." for cell in cells),
    )
    figures, told = await outage_of_others.measure(ground, [(away, away / size.scale) for away in OUTAGES])
    return Measured((*(figure for cell in cells for figure in _figures(cell)), *figures), (*remarks, *told))


def _figures(cell: Cell) -> tuple[Figure, ...]:
    what = f"away {cell.away} s"
    return (
        Figure(f"{what}: finally failed or held", cell.failed, "", exactly(0)),
        Figure(f"{what}: posted twice", cell.doubles, "", exactly(0)),
        Figure(f"{what}: not accounted for", cell.unaccounted, "", exactly(0)),
        Figure(f"{what}: still open at the end", cell.still_open, "", exactly(0)),
        Figure(f"{what}: drained after", cell.drained, "s"),
    )


def _sum(states: dict[str, int]) -> str:
    return " + ".join(f"{many} {state}" for state, many in sorted(states.items()))


async def _cell(ground: Ground, away: int, seconds: float) -> Cell:
    async with place(ground, REAL, {"CAMPANELLA_TELEGRAM_OPERATIONS_CHAT": OPERATIONS_CHAT}) as there:
        for area in range(AREAS):
            await add_chats(there.pool, _area(area), CHANNELS_EACH, channels=True)
        await there.start_workers(1)
        async with source(there) as mensa:
            async with _constant_load(mensa):
                await asyncio.sleep(AREAS / NOTICES_PER_SECOND + 2)
                await be_away(there.telegram, seconds)
                drained = await _until_drained(there, PATIENCE + seconds)
            still_open = await until_over(there.pool, PATIENCE)
        account = there.telegram.journal.since()
        states = {row["state"]: row["many"] for row in await there.pool.fetch(STATES)}
    accepted = sum(one.deliveries for one in mensa.handed)
    return Cell(away, accepted, states, account.reached(), account.doubles(), drained, still_open)


def _area(number: int) -> str:
    return f"rione-{number}"


@contextlib.asynccontextmanager
async def _constant_load(mensa: Source) -> AsyncIterator[None]:
    """Hand in notices at fixed moments, whether or not the earlier ones are through."""
    stop = asyncio.Event()

    async def keep_on() -> None:
        began, number = time.monotonic(), 0
        while not stop.is_set():
            await mensa.hand_in(_area(number % AREAS))
            number += 1
            await asyncio.sleep(began + number / NOTICES_PER_SECOND - time.monotonic())

    loading = asyncio.create_task(keep_on())
    try:
        yield
    finally:
        stop.set()
        await loading


async def _until_drained(there: Place, patience: float) -> float:
    """Give the seconds until all that was accepted before now is settled; nothing when patience is over first."""
    back = time.monotonic()
    while (passed := time.monotonic() - back) < patience:
        if not await there.pool.fetchval(OLD, passed):
            return time.monotonic() - back
        await asyncio.sleep(0.1)
    return math.nan
