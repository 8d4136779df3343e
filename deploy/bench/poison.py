# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""S9: a notice on which every worker dies, and how long its neighbours wait, beside the same minute without it."""

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.domain.backoff import CRASHES
from deploy import programs
from deploy.bench.city import Handed, Source, add_chats, source, until_over
from deploy.bench.dying_worker import POISON
from deploy.bench.figure import Figure, Measured, at_most, exactly, nothing_open, quantile, ratio
from deploy.bench.ground import Ground
from deploy.bench.journal import Account
from deploy.bench.place import REAL, Place, place
from deploy.bench.size import Size

CHANNELS, NOTICES_PER_SECOND, WORKERS = 60, 4.0, 2
LEASE = {"CAMPANELLA_TELEGRAM_TIMEOUT": "4", "CAMPANELLA_LEASE": "10"}
PATIENCE = 120.0
FEW = 20
"""Neighbours that are handed in before the poison is."""
LATER = 1.2
WITHOUT = "the same without the poison"
DYING = [sys.executable, "-m", "deploy.bench.dying_worker"]
POISONED = """
select (select count(*) from attempt a where a.delivery_id = d.id and a.outcome = 'crashed') as deaths
  from delivery d join channel c on c.id = d.channel_id
 where c.slug like 'veleno-%' and d.state = 'dead'
"""


@dataclass(frozen=True, slots=True)
class Round:
    """Seconds from acceptance to Telegram for each neighbour that arrived; how many were owed, came twice, are open."""

    waits: Sequence[float]
    owed: int
    doubles: int
    still_open: int


async def measure(ground: Ground, size: Size) -> Measured:
    """Alternate a round without and one with the poison."""
    seconds, rounds = size.of(90.0, 75.0), size.of(2, 1)
    plain, poisoned = [], []
    async with place(ground, REAL, LEASE) as there:
        await add_chats(there.pool, "vicini", CHANNELS, each_its_own=True, channels=True)
        await add_chats(there.pool, "veleno", rounds, each_its_own=True)
        await _start_workers(there)
        async with source(there) as mensa:
            await _round(there, mensa, CHANNELS / NOTICES_PER_SECOND, None)  # it asks behind what it knows
            for number in range(1, rounds + 1):
                plain.append(await _round(there, mensa, seconds, None))
                poisoned.append(await _round(there, mensa, seconds, f"veleno-{number}"))
        rows = await there.pool.fetch(POISONED)
    how = (
        f"{NOTICES_PER_SECOND:g} notices a second, to one of {CHANNELS} channels that can be asked; {WORKERS} workers.",
        f"{rounds} rounds of {seconds:g} s of each kind; a worker that has ended is forked anew at once.",
        f"Our lease is {LEASE['CAMPANELLA_LEASE']} s: so long waits what was on the wire beside the poison.",
    )
    return Measured(figures(plain, poisoned, [row["deaths"] for row in rows]), how)


async def _start_workers(there: Place) -> None:
    usual = programs.workers(there.environment, WORKERS)
    await there.start_as_workers([replace(program, command=DYING) for program in usual])


async def _round(there: Place, mensa: Source, seconds: float, poison: str | None) -> Round:
    """Hand notices in at fixed moments; the poison, where there is one, among the first of them."""
    journal = there.telegram.journal
    mark, began, handed = journal.mark(), time.monotonic(), dict[str, Handed]()
    for number in range(int(seconds * NOTICES_PER_SECOND)):
        title = f"Mensa: pasto freddo ({began:.3f}, {number})"
        handed[title] = await mensa.hand_in(f"vicini-{number % CHANNELS + 1}", texts={"it": {"title": title}})
        if poison is not None and number == FEW:
            await mensa.hand_in(poison, in_doubt="repeat", texts={"it": {"title": POISON}})
        await asyncio.sleep(began + (number + 1) / NOTICES_PER_SECOND - time.monotonic())
    still_open = await until_over(there.pool, PATIENCE)
    return _seen(journal.since(mark), handed, still_open)


def _seen(account: Account, handed: Mapping[str, Handed], still_open: int) -> Round:
    came = {(post.text or "").split("\n")[0]: post.monotonic for post in reversed(account.posts)}
    waits = [max(0.0, came[title] - one.accepted) for title, one in handed.items() if title in came]
    return Round(waits, len(handed), account.doubles(), still_open)


def figures(plain: Sequence[Round], poisoned: Sequence[Round], deaths: Sequence[int]) -> tuple[Figure, ...]:
    """Lay the neighbours of the poison beside the same without it."""
    without, beside = ([wait for one in rounds for wait in one.waits] for rounds in (plain, poisoned))
    usual, p99, longest = quantile(without, 0.99), quantile(beside, 0.99), quantile(without, 1)
    owed = sum(one.owed for one in poisoned)
    return (
        Figure("set aside", len(deaths), "", exactly(len(poisoned))),
        Figure("workers that died of one, at the most", max(deaths, default=0), "", at_most(CRASHES)),
        Figure(f"neighbours reached, of {owed}", len(beside), "", exactly(owed)),
        Figure("neighbours posted twice", sum(one.doubles for one in poisoned), "", exactly(0)),
        nothing_open(sum(one.still_open for one in (*plain, *poisoned))),
        Figure("neighbours, accepted to wire, p50", 1000 * quantile(beside, 0.5), "ms"),
        Figure("neighbours, accepted to wire, p99", 1000 * p99, "ms"),
        Figure("neighbours, accepted to wire, longest", 1000 * quantile(beside, 1), "ms"),
        Figure("p99: ratio to the same without", ratio(p99, usual), "", at_most(LATER)),
        Figure("later than all without", sum(wait > longest for wait in beside), f"of {owed}"),
        Figure("accepted to wire, p50", 1000 * quantile(without, 0.5), "ms", who=WITHOUT),
        Figure("accepted to wire, p99", 1000 * usual, "ms", who=WITHOUT),
        Figure("accepted to wire, longest", 1000 * longest, "ms", who=WITHOUT),
    )
