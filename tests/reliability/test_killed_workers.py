# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-01: workers end at any instant, as in a power cut."""

import asyncio
import random
from functools import partial

import pytest

from tests.reliability.conftest import Prepare
from tests.reliability.ground import LEASE, Ground, until

LEFT_BEHIND = """
select count(*) as attempts,
       extract(epoch from min(finished_at - started_at))::float8 as first,
       extract(epoch from max(finished_at - started_at))::float8 as last
  from attempt where outcome = 'crashed'
"""
"""How many attempts killed workers had left behind, and how long after their claims these were found, by Postgres."""
SOON, AT_LAST = 5.0, 30.0
"""Seconds after the lease: aimed at, and asserted. On a busy machine those who come after the killed start late."""


CHANNELS = 20
QUICK, SLOW = 0.015, 0.2
"""Seconds that a call takes; where kills are few, slow ones, or most kills would meet no call."""
LONG = 7.0
"""Seconds of a lease before which a call of two is so long over that what is left of it is asked about at once."""


async def kill_at_random(ground: Ground, kills: int, among: int, dice: random.Random) -> None:
    """Kill a worker at a random instant and put another in its place, evenly among the first so many deliveries."""
    for number in range(kills):
        await until(partial(ground.has_delivered, number * among // kills), moves=ground.traces)
        await asyncio.sleep(dice.uniform(0.02, 0.25))
        ground.workers.kill(dice.choice(ground.workers.running))
        ground.workers.start()


async def feed(ground: Ground, notices: int, ahead: int) -> None:
    """Hand notices in as fast as they are delivered, so many deliveries ahead."""
    for _ in range(notices):
        await until(partial(ground.has_room, ahead), moves=ground.traces)
        await ground.accept(in_doubt="repeat")


async def test_workers_killed_at_random_lose_nothing_and_repeat_nothing(ground: Ground) -> None:
    """100 kills and 2,000 deliveries; the night has 1,000 and 20,000."""
    await survives(ground, kills=100, among=1000, notices=100, seed=1)


async def test_workers_killed_long_after_their_calls_could_land_lose_nothing_and_repeat_nothing(
    prepare: Prepare,
) -> None:
    """10 kills and 400 deliveries with a lease as long for its calls as the usual one, so that no doubt rests."""
    async with prepare(patience=2, CAMPANELLA_LEASE=str(LONG)) as ground:
        await survives(ground, kills=10, among=200, notices=20, seed=3, lease=LONG, call=SLOW)


@pytest.mark.nightly
@pytest.mark.timeout(14_400)
async def test_workers_killed_all_night_lose_nothing_and_repeat_nothing(ground: Ground) -> None:
    """What a kill leaves behind is found soon after its lease; how soon is told, with `-s`."""
    last = await survives(ground, kills=1000, among=20_000, notices=1000, seed=2)

    print(f"found {last - LEASE:.1f} s after its lease at the latest (aim {SOON:g})")  # noqa: T201


async def survives(
    ground: Ground, *, kills: int, among: int, notices: int, seed: int, lease: float = LEASE, call: float = QUICK
) -> float:
    """Give the seconds after which the last was found that a kill had left behind.

    None is found while its lease lasts, and each soon after it.
    """
    await ground.channels(CHANNELS, can_ask=True)
    await ground.telegram.fault("delayed", times=None, delay=call)
    ground.workers.start(3)

    owed, dice = notices * CHANNELS, random.Random(seed)  # noqa: S311 - to be repeated
    await asyncio.gather(feed(ground, notices, 20 * CHANNELS), kill_at_random(ground, kills, among, dice))
    await ground.settles()

    assert await ground.states() == {"delivered": owed}
    assert await ground.verdict() == []
    assert len(ground.telegram.posts()) == owed
    found = await ground.pool.fetchrow(LEFT_BEHIND)
    assert found is not None
    assert found["attempts"] >= kills // 10, "hardly a kill met a call"
    assert found["first"] >= lease
    assert found["last"] <= lease + AT_LAST
    return float(found["last"])
