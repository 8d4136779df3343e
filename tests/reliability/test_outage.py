# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-10: Telegram is away. It is asked rarely, nothing is lost, and when it is back everything goes out at once."""

import asyncio
from datetime import datetime, timedelta

import pytest

from app.domain.breaker import CALLS, LONGEST
from tests.reliability.conftest import Prepare
from tests.reliability.ground import Ground, until

ALLOWED = ("--per-second", "30", "--chat-per-second", "1", "--group-per-minute", "20", "--slack", "0.15")
PACE = (30.0, 1.0, 20)
ATTEMPTS = "select started_at from attempt where started_at > $1 and outcome in ('failed', 'doubted') order by 1"
PER_SECOND = 29.5
ALLOWANCE = timedelta(seconds=60)
"""For a machine with much else to do; what waited for its own next try, not for the platform, would take minutes."""
OWED = "select count(*) from delivery"
UNSOLVED = """
select d.state, min(a.started_at) filter (where a.outcome = 'doubted') as doubted_at
  from delivery d left join attempt a on a.delivery_id = d.id where d.state <> 'delivered' group by d.id
"""
CAUGHT = "hang_before_accepting"
IS_AWAY = "select away_since is not null from pace where kind = 'telegram'"


async def test_telegram_goes_away_and_comes_back(prepare: Prepare) -> None:
    """8 seconds, 2 workers; the night has ten minutes."""
    await outage(prepare, seconds=8, channels=40)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
async def test_telegram_is_away_for_ten_minutes_of_the_night(prepare: Prepare) -> None:
    await outage(prepare, seconds=600, channels=120)


async def outage(prepare: Prepare, seconds: int, channels: int) -> None:
    async with prepare(limits=ALLOWED, pace=PACE, patience=8) as ground:
        await ground.channels(channels)
        caught = await ground.channel("caught", areas=["nord"])
        ground.workers.start(2)
        await ground.accept()
        await ground.settles()
        await ground.telegram.fault(CAUGHT, caught)
        await ground.accept(audience={"areas": ["nord"]})
        await until(lambda: is_on_the_wire(ground, caught))
        gone: datetime = await ground.pool.fetchval("select clock_timestamp()")
        await ground.telegram.away(seconds)
        asyncio.get_running_loop().call_later(1, ground.bell.ring)
        for _ in range(3):
            await ground.accept()
        await until(lambda: is_away(ground))
        opened: datetime = await ground.pool.fetchval("select clock_timestamp()")
        await ground.settles()

        calls = [row["started_at"] for row in await ground.pool.fetch(ATTEMPTS, gone)]
        came_back = gone + timedelta(seconds=seconds)
        asks = [at for at in calls if opened < at < came_back]
        posts = ground.telegram.posts()
        last = max(post.at for post in posts)
        assert await ground.verdict() == []
        owed, held = await ground.pool.fetchval(OWED), await on_the_wire_as_it_left(ground, opened)
        assert owed >= 4 * channels
        assert owed - held <= len(posts) <= owed - 1  # the one that was caught has not been heard
        assert sum(at <= opened for at in calls) < 5 * CALLS
        assert len(asks) <= 6 + seconds / LONGEST.total_seconds()
        assert last - came_back < LONGEST + timedelta(seconds=len(posts) / PER_SECOND) + ALLOWANCE


async def is_on_the_wire(ground: Ground, chat: int) -> bool:
    """Tell whether Telegram has heard a call for a chat that it has not answered."""
    return any(entry.chat == chat and entry.fault == CAUGHT for entry in ground.telegram.entries())


async def on_the_wire_as_it_left(ground: Ground, opened: datetime) -> int:
    """Count what waits for a person: calls that left on a connection which broke that moment; nothing else may be left.

    Whether they stand nobody can ask in these channels, so that each may be a post or none.
    """
    rows = await ground.pool.fetch(UNSOLVED)
    assert {row["state"] for row in rows} <= {"held"}
    assert all(row["doubted_at"] and row["doubted_at"] <= opened for row in rows)
    return len(rows)


async def is_away(ground: Ground) -> bool:
    return bool(await ground.pool.fetchval(IS_AWAY))
