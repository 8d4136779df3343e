# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""S5: nothing else to do. From the POST to the first byte at Telegram."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deploy.bench import desk
from deploy.bench.city import FIRST_CHAT, Source, add_chats, source
from deploy.bench.desk import Counter
from deploy.bench.figure import Figure, Measured, at_most, quantile
from deploy.bench.flush import flush_seconds
from deploy.bench.ground import Ground
from deploy.bench.others import OTHERS
from deploy.bench.place import REAL, Place, place
from deploy.bench.size import Size

POSTS, QUICK_POSTS = 200, 60
BETWEEN = (0.25, 0.75)
PATIENCE = 10.0
AREA = "famiglia"
DISK = "the disk alone"
OTHERS_POSTS, OTHERS_QUICK_POSTS = 60, 20
TITLE = "Mensa: pasto freddo, avviso"


@dataclass
class Quiet:
    """An installation that does nothing but wait for one notice at a time."""

    there: Place
    mensa: Source
    posted: int = 0

    async def posts(self, many: int) -> list[float]:
        """Hand in so many, each to a chat of its own, and give the seconds that each took to reach Telegram."""
        journal, seconds = self.there.telegram.journal, []
        for _ in range(many):
            await asyncio.sleep(random.uniform(*BETWEEN))  # noqa: S311 - spread, not secrecy
            self.posted += 1
            mark = journal.mark()
            handed = await self.mensa.hand_in(f"{AREA}-{self.posted}")
            if not await journal.until_posts(1, mark, PATIENCE):
                raise RuntimeError(f"a notice did not arrive within {PATIENCE:.0f} s")
            seconds.append(journal.since(mark).posts[0].monotonic - handed.posted)
        return seconds


async def measure(ground: Ground, size: Size) -> Measured:
    """Post some to warm up, then those that count."""
    async with place(ground, REAL) as there:
        await add_chats(there.pool, AREA, 2 * POSTS, each_its_own=True)
        await there.start_workers(1)
        async with source(there) as mensa:
            quiet = Quiet(there, mensa)
            await quiet.posts(3)
            seconds, flushes = await _beside_the_disk(quiet, size.of(POSTS, QUICK_POSTS), ground.file("flushes"))
    chats = range(FIRST_CHAT + 1, FIRST_CHAT + size.of(OTHERS_POSTS, OTHERS_QUICK_POSTS) + 1)
    others, left_out = await desk.each(ground, OTHERS, chats, partial(_one_after_the_other, chats))
    return Measured(
        (
            Figure("POST to first byte, p50", 1000 * quantile(seconds, 0.5), "ms", at_most(50)),
            Figure("POST to first byte, p99", 1000 * quantile(seconds, 0.99), "ms", at_most(200)),
            Figure("one flush, p50", 1000 * quantile(flushes, 0.5), "ms", who=DISK),
            Figure("one flush, p99", 1000 * quantile(flushes, 0.99), "ms", who=DISK),
            Figure("one flush, the slowest", 1000 * max(flushes), "ms", who=DISK),
            *(figure for name, counter in others.items() for figure in _figures_of(name, counter)),
        ),
        (
            f"{len(seconds)} posts, one worker, {BETWEEN[0]} to {BETWEEN[1]} s between two.",
            "Each waits for two flushes, of notice and intent; the disk is asked for one of its own after each.",
            f"The others have {len(chats)} posts each, and wait for no disk before they post.",
            "Apprise and aiogram are called in a process that runs already, Alertmanager over HTTP.",
            *left_out,
        ),
    )


async def _one_after_the_other(chats: Sequence[int], counter: Counter) -> Counter:
    """Hand in a notice for each chat, as to ours; the first is there to warm up."""
    await counter.hand_in(chats[:1], "Buongiorno")
    for number, chat in enumerate(chats, start=1):
        await asyncio.sleep(1 if number == 1 else random.uniform(*BETWEEN))  # noqa: S311 - spread, not secrecy
        await counter.hand_in([chat], f"{TITLE} {number}.")
    await counter.desk.finish(PATIENCE)
    return counter


def _figures_of(who: str, counter: Counter) -> tuple[Figure, ...]:
    seconds = counter.waits_of(TITLE)
    return (
        Figure("call to first byte, p50", 1000 * quantile(seconds, 0.5), "ms", who=who),
        Figure("call to first byte, p99", 1000 * quantile(seconds, 0.99), "ms", who=who),
    )


async def _beside_the_disk(quiet: Quiet, many: int, file: Path) -> tuple[list[float], list[float]]:
    """Give the seconds of so many posts, and of a flush after each."""
    seconds, flushes = list[float](), list[float]()
    for _ in range(many):
        seconds += await quiet.posts(1)
        flushes.append(await flush_seconds(file))
    return seconds, flushes
