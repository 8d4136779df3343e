# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-07: workers are replaced one by one under load, as an update does."""

import asyncio
from functools import partial

import pytest

from deploy.processes import is_running
from tests.reliability.conftest import Prepare
from tests.reliability.ground import Ground, until

UNHURRIED = 8.0
"""Seconds for a call: what a busy machine is late with is no doubt that an update has made."""
ENDS = 45.0
"""Seconds in which each has ended: it gives itself 33 (`worker.stuck`), and this machine may be busy."""
DOUBTS = "select count(*) from attempt where outcome in ('doubted', 'crashed') or outcome is null"


async def test_replacing_workers_makes_no_doubt(prepare: Prepare) -> None:
    """20 replacements; the night has 200."""
    async with prepare(patience=UNHURRIED) as ground:
        await rolls(ground, replacements=20)


@pytest.mark.nightly
@pytest.mark.timeout(14_400)
async def test_replacing_workers_all_night_makes_no_doubt(prepare: Prepare) -> None:
    async with prepare(patience=UNHURRIED) as ground:
        await rolls(ground, replacements=200)


async def rolls(ground: Ground, replacements: int) -> None:
    await ground.channels(20)
    await ground.telegram.fault("late_answer", times=None, seconds=0.2)
    ground.workers.start(2)
    feeding = asyncio.create_task(feed(ground, replacements * 5))

    for number in range(replacements):
        await until(partial(ground.has_delivered, number * 100), moves=ground.traces)
        old = ground.workers.running[0]
        ground.workers.start()
        await until(partial(have_started, ground, number + 3))
        ground.workers.ask_to_end(old)
        await until(partial(ended, old), within=ENDS)
    await feeding
    await ground.settles()

    assert await ground.states() == {"delivered": replacements * 100}
    assert await ground.pool.fetchval(DOUBTS) == 0
    assert await ground.verdict() == []


async def feed(ground: Ground, notices: int) -> None:
    """Keep some notices waiting, so that every replacement happens in the midst of work."""
    for _ in range(notices):
        await until(partial(ground.has_room, 100), moves=ground.traces)
        await ground.accept(in_doubt="hold")


async def have_started(ground: Ground, many: int) -> bool:
    """Tell whether so many workers have ever said that they are up, as an update waits for the new one."""
    log = ground.workers.log
    return log.exists() and log.read_text("utf-8").count('"worker.started"') >= many


async def ended(pid: int) -> bool:
    return not is_running(pid)
