# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-20: hours of ordinary work leave nothing behind: no memory, no descriptor, no open delivery, no swollen table."""

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from pathlib import Path
from statistics import linear_regression
from uuid import UUID

import pytest

from app.database import Pool
from tests.given import notice_json
from tests.reliability.conftest import Prepare
from tests.reliability.counters import Counters
from tests.reliability.ground import Ground, until

PER_SECOND, CHANNELS = 20, 3
UNHURRIED = 8.0
"""Seconds for a call: a busy machine's doubts are not what is looked for."""
MOST_MB_PER_HOUR, NOISE_MB = 1.0, 2.7
"""The plan's limit, and what a page here and there can come to, which in less time is not told from growth."""
KEPT_DESCRIPTORS = 8
"""Connections that may come and go."""
LOOKS = 60
MOST_BLOAT = 2.0
SMALL = 64 * 2**20
"""Bytes below which the size of a table says nothing: so much a few busy rows can fill between two vacuums."""
TABLES = "select oid::regclass::text from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
SLOWEST = """
select percentile_cont(0.99) within group (order by extract(epoch from d.settled_at - n.created_at))
  from (select *, ntile(4) over (order by created_at) as quarter from notice) n join delivery d on d.notice_id = n.id
 group by quarter order by quarter
"""


@dataclass(frozen=True)
class Look:
    """What one process holds: resident megabytes and open descriptors, and the hour that the plan had come to."""

    hour: float
    megabytes: float
    descriptors: int


def look(pid: int, hour: float) -> Look:
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    kilobytes = int(status.partition("VmRSS:")[2].split()[0])
    return Look(hour, kilobytes / 1024, len(list(Path(f"/proc/{pid}/fd").iterdir())))


@dataclass
class Life:
    """How one process fared, from when it was warm."""

    name: str
    pid: int
    looks: list[Look] = field(default_factory=list)

    @property
    def growth(self) -> float:
        """Megabytes per hour, as a line through all looks has it."""
        return linear_regression([each.hour for each in self.looks], [each.megabytes for each in self.looks]).slope

    @property
    def descriptors(self) -> int:
        """How many more there are than there were."""
        return self.looks[-1].descriptors - self.looks[0].descriptors

    def __str__(self) -> str:
        first, last = self.looks[0], self.looks[-1]
        resident = f"{first.megabytes:.1f} to {last.megabytes:.1f} MB, {self.growth:+.2f} MB/h"
        return f"{self.name}: {resident}, {first.descriptors} to {last.descriptors} descriptors"


async def test_a_quarter_of_a_minute_leaves_no_descriptor_and_no_delivery_open(
    prepare: Prepare, counters: Counters
) -> None:
    """300 notices, 900 deliveries; the night has eight hours of it, and looks at memory and tables, too."""
    async with prepare(patience=UNHURRIED) as ground:
        lives = await soaks(ground, counters, seconds=15, warm=3)

    assert [life.name for life in lives if life.descriptors > KEPT_DESCRIPTORS] == []


@pytest.mark.nightly
@pytest.mark.timeout(45_000)
async def test_a_night_leaves_no_memory_no_descriptor_no_bloat_and_no_delivery_open(
    prepare: Prepare, counters: Counters, pytestconfig: pytest.Config
) -> None:
    """Eight hours, or as many seconds as --soak says; what was found is printed (-s) for the page of figures.

    With --soak-haste 4 their notices come in two hours, 80 a second, each to 3 of 12 channels, so that every channel
    has as much to do as before; an hour is what an hour brings: 72,000 notices. What grows by the clock and not by the
    notice seems less then.
    """
    seconds, haste = pytestconfig.getoption("--soak"), pytestconfig.getoption("--soak-haste")
    async with prepare(patience=UNHURRIED) as ground:
        lives = await soaks(ground, counters, seconds, warm=min(seconds / 4, 1800), haste=haste)
        told = [f"{len(ground.accepted)} notices", *map(str, lives)]
        sys.stdout.write("\n".join(told) + "\n")  # at once: what follows goes through all there is
        slowest = [f"{row[0]:.2f}" for row in await ground.pool.fetch(SLOWEST)]
        bloat = await swollen(ground.pool)

    sys.stdout.write(f"p99 of each quarter {', '.join(slowest)} s\nbloat {bloat}\n")
    most = max(MOST_MB_PER_HOUR, NOISE_MB / (seconds / 3600))
    assert [life.name for life in lives if life.growth >= most] == []
    assert [life.name for life in lives if life.descriptors > KEPT_DESCRIPTORS] == []
    assert [table for table, times in bloat.items() if times >= MOST_BLOAT] == []


async def soaks(ground: Ground, counters: Counters, seconds: float, warm: float, haste: int = 1) -> list[Life]:
    """Hand notices in at an even pace, or as fast as they are taken; look at the processes once they are warm.

    Seconds are those of the plan, which go by `haste` times as fast as those of the clock.
    """
    for number in range(CHANNELS * haste):
        await ground.channel(f"c{number}", areas=[area(number % haste)])
    lives = [Life("worker", pid) for pid in ground.workers.start().running]
    lives += [Life("API", pid) for api in counters.processes for pid in api.running]
    await work(ground, counters)
    begun, ports, areas = time.monotonic(), cycle(counters.ports), cycle(map(area, range(haste)))
    while (passed := (time.monotonic() - begun) * haste) < seconds:
        if passed >= warm + len(lives[0].looks) * (seconds - warm) / LOOKS:
            look_at(lives, passed)
        ground.accepted.append(await is_taken(counters, next(ports), next(areas)))
        await asyncio.sleep(begun + len(ground.accepted) / PER_SECOND / haste - time.monotonic())
    await ground.settles()
    look_at(lives, passed)

    assert await ground.states() == {"delivered": len(ground.accepted) * CHANNELS}
    assert await ground.verdict() == []
    return lives


async def work(ground: Ground, counters: Counters) -> None:
    """Let every process do what it is there for: until then it has not opened what it needs for that."""
    for port in counters.ports:
        ground.accepted.append(await is_taken(counters, port, area(0)))
    for notice in ground.accepted:
        await until(partial(ground.is_delivered, notice))


def area(number: int) -> str:
    return f"area {number}"


async def is_taken(counters: Counters, port: int, where: str) -> UUID:
    notice = notice_json(in_doubt="hold", audience={"areas": [where]})
    status, answer = await counters.call(port, "notices", notice)
    assert status == 202, answer
    return UUID(answer["id"])


def look_at(lives: Sequence[Life], seconds: float) -> None:
    for life in lives:
        life.looks.append(look(life.pid, seconds / 3600))


async def swollen(pool: Pool) -> dict[str, float]:
    """Give how many times what it needs each large table takes, with its indexes: they are written anew to know."""
    found = {}
    async with pool.acquire() as connection:
        await connection.execute("set statement_timeout = 0")
        for (table,) in await connection.fetch(TABLES):
            size = f"select pg_total_relation_size('{table}')"
            before = await connection.fetchval(size)
            if before >= SMALL:
                await connection.execute(f"vacuum full {table}", timeout=3600)
                found[table] = round(before / await connection.fetchval(size), 2)
    return found
