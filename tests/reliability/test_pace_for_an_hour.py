# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-08, R-09 for an hour, or as many seconds as --hour says: the pace is kept and used, and urgent ones overtake."""

import asyncio
import sys
import time
from itertools import pairwise
from math import ceil

import pytest

from tests.reliability.conftest import Prepare
from tests.reliability.ground import Ground, until
from tests.reliability.overtaking import AS_TELEGRAM, PACE, URGENT, overtakes

CHANNELS, PER_MINUTE = 50, PACE[2]
HALF_A_MINUTE = 30.0
UNHURRIED = 8.0
"""Seconds for a call: what a busy machine is late with is no doubt."""


@pytest.mark.nightly
@pytest.mark.timeout(14_400)
async def test_the_limit_of_a_minute_is_kept_and_used(prepare: Prepare, pytestconfig: pytest.Config) -> None:
    """50 channels, 20 a minute each, and always a minute's more waiting: 60,000 posts an hour.

    All are urgent: of others 18 a minute go out (decision 0065), which are nine tenths without any room.
    """
    seconds = pytestconfig.getoption("--hour")
    async with prepare(limits=AS_TELEGRAM, pace=PACE, patience=UNHURRIED) as ground:
        await ground.channels(CHANNELS)
        ground.workers.start(3)
        await until(lambda: work(ground, 3))  # whatever a machine stands still for at their start is over
        await keeps_coming(ground, seconds)
        await ground.settles()

        posts = ground.telegram.posts()
        used = sum((post.at - posts[0].at).total_seconds() <= seconds for post in posts)
        share = used / (seconds / 60 * PER_MINUTE * CHANNELS)
        sys.stdout.write(f"{len(posts)} posts, {used} of them within {seconds:g} s: {share:.1%} of what is allowed\n")
        assert share >= 0.9
        assert await ground.states() == {"delivered": len(posts)}
        assert await ground.verdict() == []


async def work(ground: Ground, many: int) -> bool:
    """Tell whether so many workers have begun their rounds."""
    return bool(await ground.pool.fetchval("select count(*) >= $1 from worker", many))


async def keeps_coming(ground: Ground, seconds: float) -> None:
    """Hand in as much as goes out, a minute ahead of it."""
    begun = time.monotonic()
    await hands_in(ground, PER_MINUTE)
    for number in range(ceil(seconds / HALF_A_MINUTE)):
        await asyncio.sleep(max(0.0, begun + (number + 1) * HALF_A_MINUTE - time.monotonic()))
        await hands_in(ground, PER_MINUTE // 2)


async def hands_in(ground: Ground, many: int) -> None:
    for _ in range(many):
        await ground.accept(priority="urgent")


@pytest.mark.nightly
@pytest.mark.timeout(14_400)
async def test_urgent_notices_overtake_for_an_hour(prepare: Prepare, pytestconfig: pytest.Config) -> None:
    """5,000 bulk deliveries wait all the time, an urgent notice comes each second: 99 of 100 are there within two."""
    seconds = pytestconfig.getoption("--hour")
    async with prepare(limits=AS_TELEGRAM, pace=PACE, patience=UNHURRIED) as ground:
        waits = sorted(await overtakes(ground, bulk=84, urgent=int(seconds), private=True, every=1.0))

        slowest, posts = waits[ceil(0.99 * len(waits)) - 1], ground.telegram.posts()
        sys.stdout.write(f"{len(waits)} urgent notices, p99 {slowest:.2f} s, {waits[-1]:.2f} at the most\n")
        assert await ground.verdict(settled=False) == []
        assert slowest <= 2
        bulk = [post for post in posts if URGENT not in post.text]
        assert all((then.at - before.at).total_seconds() < 60 for before, then in pairwise(bulk))  # never none a minute
        assert len(bulk) > len(waits)
