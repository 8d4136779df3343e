# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-06: a worker that stands still for longer than its lease neither writes nor sends when it wakes."""

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import Sequence

import pytest

from tests.reliability.conftest import Prepare
from tests.reliability.ground import LEASE, Ground, until
from tests.reliability.test_killed_workers import LONG

CALLING = "select exists (select from attempt where finished_at is null)"
LAPSED = "select count(*) from attempt where outcome = 'crashed'"


async def posted(ground: Ground) -> bool:
    return bool(ground.telegram.posts())


async def test_a_worker_that_wakes_after_its_lease_cannot_write(prepare: Prepare) -> None:
    async with prepare(patience=4, CAMPANELLA_LEASE="6") as ground:
        await cannot_write(ground)


async def cannot_write(ground: Ground) -> None:
    chat = await ground.channel("scuola")
    await ground.telegram.fault("late_answer", chat, seconds=3.6)
    await ground.accept(in_doubt="hold")
    (asleep,) = ground.workers.start().running
    await until(lambda: posted(ground))
    os.kill(asleep, signal.SIGSTOP)
    ground.workers.start()
    await ground.settles()
    before = await ground.pool.fetchrow("select * from delivery")

    os.kill(asleep, signal.SIGCONT)
    await until(lambda: said(ground, "lease.lapsed"))

    assert before is not None
    assert before["state"] == "held"
    assert await ground.pool.fetchrow("select * from delivery") == before
    assert await ground.verdict() == []


async def said(ground: Ground, event: str) -> bool:
    return refusals(ground, event) > 0


def refusals(ground: Ground, event: str = "lease.lapsed") -> int:
    """Count how often a worker was told that what it came to is no longer its to write."""
    lines = ground.workers.log.read_text("utf-8").splitlines()
    return sum(f'"{event}"' in line and "outcome" in line for line in lines)


async def test_workers_stopped_past_their_leases_lose_nothing_and_repeat_nothing(ground: Ground) -> None:
    """20 stalls and 2,000 deliveries; the night has 200 and 20,000."""
    await survives(ground, stalls=20, notices=100, seed=1)


async def test_workers_stopped_long_after_their_calls_could_land_lose_nothing_and_repeat_nothing(
    prepare: Prepare,
) -> None:
    """8 stalls and 480 deliveries with a lease as long for its calls as the usual one, so that no doubt rests."""
    async with prepare(patience=2, CAMPANELLA_LEASE=str(LONG)) as ground:
        await survives(ground, stalls=8, notices=24, seed=3, lease=LONG)


@pytest.mark.nightly
@pytest.mark.timeout(14_400)
async def test_workers_stopped_all_night_lose_nothing_and_repeat_nothing(ground: Ground) -> None:
    """How many calls outlived their lease, and how often a stale outcome was refused, is told, with `-s`."""
    lapsed = await survives(ground, stalls=200, notices=1000, seed=2)

    told = f"{lapsed} calls outlived their lease, {refusals(ground)} stale outcomes refused, set aside:"
    print(told, await set_aside(ground))  # noqa: T201


async def survives(ground: Ground, stalls: int, notices: int, seed: int, lease: float = LEASE) -> int:
    """Give how many calls outlived their lease.

    A few notices come before each stall, so that there are calls in the middle of which it stops two workers of three,
    and the third takes over.
    """
    await ground.channels(20, can_ask=True)
    await ground.telegram.fault("delayed", times=None, delay=0.2)
    ground.workers.start(3)
    dice = random.Random(seed)  # noqa: S311 - to be repeated

    for _ in range(stalls):
        for _ in range(notices // stalls):
            await ground.accept(in_doubt="repeat")
        await until(lambda: is_calling(ground))
        await stall(dice.sample(ground.workers.running, 2), lease * dice.uniform(1.1, 1.6), dice)
    await ground.settles()

    aside = await set_aside(ground)
    assert len(aside) <= 1 + stalls / 100, aside
    assert (await ground.states())["delivered"] == notices * 20 - len(aside)
    assert await ground.verdict() == []
    posted = Counter(post.chat for post in ground.telegram.posts())
    assert posted.total() >= notices * 20 - len(aside)
    channels = ground.chats.keys() - {each.partition(":")[0] for each in aside}
    # Behind what was set aside nobody can be asked about, and is posted again: there alone.
    assert {posted[ground.chats[slug]] for slug in channels} == {notices}
    lapsed: int = await ground.pool.fetchval(LAPSED)
    assert lapsed >= stalls / 2
    assert refusals(ground) >= stalls / 2  # the last may not have woken yet
    return lapsed


async def set_aside(ground: Ground) -> list[str]:
    """Name what five stalls in a row have met: nobody can tell it from what stops its workers, and a person decides."""
    aside = await ground.unlike("delivered")
    assert all(": dead, 5 attempts ended without any outcome (" in each for each in aside), aside
    return aside


async def is_calling(ground: Ground) -> bool:
    return bool(await ground.pool.fetchval(CALLING))


async def stall(pids: Sequence[int], seconds: float, dice: random.Random) -> None:
    await asyncio.sleep(dice.uniform(0, 0.2))
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(seconds)
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
