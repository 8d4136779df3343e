# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-01: workers end at any instant, as in a power cut."""

import asyncio
import random

import pytest

from tests.reliability.ground import Ground


async def kill_at_random(ground: Ground, kills: int, dice: random.Random) -> None:
    """Kill a worker at a random instant and put another in its place, again and again."""
    for _ in range(kills):
        await asyncio.sleep(dice.uniform(0.02, 0.25))
        ground.workers.kill(dice.choice(ground.workers.running))
        ground.workers.start()


async def feed(ground: Ground, notices: int, over: float) -> None:
    for _ in range(notices):
        await ground.accept(in_doubt="repeat")
        await asyncio.sleep(over / notices)


async def test_workers_killed_at_random_lose_nothing_and_repeat_nothing(ground: Ground) -> None:
    """40 kills and 1,000 deliveries; the night has 1,000 and 20,000."""
    await survives(ground, kills=40, notices=50, channels=20, seed=1)


@pytest.mark.nightly
@pytest.mark.timeout(1800)
async def test_workers_killed_all_night_lose_nothing_and_repeat_nothing(ground: Ground) -> None:
    await survives(ground, kills=1000, notices=1000, channels=20, seed=2)


async def survives(ground: Ground, kills: int, notices: int, channels: int, seed: int) -> None:
    await ground.channels(channels, can_ask=True)
    await ground.telegram.fault("delayed", times=None, delay=0.015)
    ground.workers.start(3)

    over = kills * 0.14
    await asyncio.gather(feed(ground, notices, over), kill_at_random(ground, kills, random.Random(seed)))  # noqa: S311
    await ground.settles(within=60)

    assert await ground.states() == {"delivered": notices * channels}
    assert await ground.verdict() == []
    assert len(ground.telegram.posts()) == notices * channels
