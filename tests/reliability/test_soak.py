# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-20: hours of ordinary work leave nothing behind: no memory, no descriptor, no open delivery."""

import asyncio
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.reliability.conftest import Prepare
from tests.reliability.ground import Ground

PER_SECOND, CHANNELS = 20, 3
UNHURRIED = 8.0
"""Seconds for a call: a busy machine's doubts are not what is looked for."""
MOST_MB_PER_HOUR = 16.0
"""Of one worker in ten minutes, the shortest time that says anything; the plan wants 1 over eight hours."""
KEPT_DESCRIPTORS = 8
"""Connections that may come and go."""
SLOWEST = """
select percentile_cont(0.99) within group (order by extract(epoch from d.settled_at - n.created_at))
  from delivery d join notice n on n.id = d.notice_id
"""


@dataclass(frozen=True)
class Look:
    """What one process holds: resident megabytes and open descriptors, at a moment of the monotonic clock."""

    at: float
    megabytes: float
    descriptors: int


def look(pid: int) -> Look:
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    kilobytes = int(status.partition("VmRSS:")[2].split()[0])
    return Look(time.monotonic(), kilobytes / 1024, len(list(Path(f"/proc/{pid}/fd").iterdir())))


async def test_a_quarter_of_a_minute_leaves_no_descriptor_and_no_delivery_open(prepare: Prepare) -> None:
    """300 notices, 900 deliveries; the night has 12,000 and 36,000, and looks at memory, too."""
    async with prepare(patience=UNHURRIED) as ground:
        looks = await soaks(ground, seconds=15, warm=3)

    assert looks[-1].descriptors <= looks[0].descriptors + KEPT_DESCRIPTORS


@pytest.mark.nightly
@pytest.mark.timeout(36_000)
async def test_a_long_time_leaves_no_memory_no_descriptor_and_no_delivery_open(
    prepare: Prepare, pytestconfig: pytest.Config
) -> None:
    """Ten minutes, or as many seconds as --soak says; what was found is printed (-s) for the page of figures."""
    seconds = pytestconfig.getoption("--soak")
    async with prepare(patience=UNHURRIED) as ground:
        looks = await soaks(ground, seconds, warm=seconds / 4)
        slowest = await ground.pool.fetchval(SLOWEST)

    first, last = looks[0], looks[-1]
    growth = (last.megabytes - first.megabytes) / (last.at - first.at) * 3600
    sys.stdout.write(f"{growth:.1f} MB/h, p99 {slowest:.2f} s, from {first} to {last}\n")
    assert growth < MOST_MB_PER_HOUR
    assert last.descriptors <= first.descriptors + KEPT_DESCRIPTORS


async def soaks(ground: Ground, seconds: float, warm: float) -> list[Look]:
    """Hand notices in at an even pace; look at the worker when it is warm, ten times in between, and at the end."""
    for number in range(CHANNELS):
        await ground.channel(f"c{number}")
    (worker,) = ground.workers.start().running
    begun, looks, told = time.monotonic(), list[Look](), 0
    while told < seconds * PER_SECOND:
        await ground.accept(in_doubt="hold")
        told += 1
        if told >= (warm + len(looks) * (seconds - warm) / 10) * PER_SECOND:
            looks.append(look(worker))
        await asyncio.sleep(max(0.0, begun + told / PER_SECOND - time.monotonic()))
    await ground.settles()
    looks.append(look(worker))

    assert await ground.states() == {"delivered": told * CHANNELS}
    assert await ground.verdict() == []
    return looks
