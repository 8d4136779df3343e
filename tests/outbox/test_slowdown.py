# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""An account that was told that it is too fast becomes slower, and with time quick again."""

from datetime import timedelta
from itertools import pairwise

import pytest

from app.database import Pool
from app.domain.outcome import Throttled
from app.domain.pace import Limits, interval
from app.outbox import Claimed, Turn, claim
from tests.given import a_channel, accepted
from tests.outbox.conftest import TURN, plain, recorded

TEN = Limits(10, 0, 0)
SLOWDOWN = "select slowdown from pace where kind = 'telegram'"
# As if the wait that was asked for were over, and the warning some time ago.
LATER = """
update pace set free_at = 'epoch', sent = '{}', throttled_at = throttled_at - interval '3 seconds',
                slowed_at = slowed_at - interval '3 seconds'
"""
JUST_NOW = "update pace set slowed_at = clock_timestamp() - interval '3 seconds'"
REST_IS_OVER = "update pace set free_at = 'epoch', sent = '{}'"
DUE = "update delivery set due_at = now() where lease_until is null"
FREE = "update channel set free_at = 'epoch' where turn_until is null"


async def later(pool: Pool) -> None:
    for change in (LATER, DUE, FREE):
        await pool.execute(change)


async def channels(pool: Pool, many: int) -> None:
    for number in range(many):
        await a_channel(pool, f"c{number}", address=str(1000 + number))


async def calls(pool: Pool, limits: Limits, most: int) -> tuple[Claimed, ...]:
    return (await claim(pool, plain(limits), Turn(most, timedelta(seconds=1), TURN.lease))).calls


async def test_a_warning_for_the_whole_account_puts_a_quarter_more_between_two_moments(pool: Pool) -> None:
    await channels(pool, 6)
    await accepted(pool)
    (call,) = await calls(pool, TEN, most=1)

    await recorded(pool, call, Throttled(1, everywhere=True))
    slowdown = await pool.fetchval(SLOWDOWN)
    await later(pool)
    moments = [one.moment for one in await calls(pool, TEN, most=5)]

    wider = 1.25 * interval(TEN.per_second).total_seconds()
    assert slowdown == 1.25
    assert [(then - now).total_seconds() for now, then in pairwise(moments)] == pytest.approx([wider] * 4, rel=0.1)


async def test_however_often_it_is_warned_an_account_keeps_a_quarter_of_its_pace(pool: Pool) -> None:
    await channels(pool, 1)
    await accepted(pool)
    slowdowns = []

    for _ in range(8):
        (call,) = await calls(pool, Limits(0, 0, 0), most=1)
        await recorded(pool, call, Throttled(1, everywhere=True))
        slowdowns.append(await pool.fetchval(SLOWDOWN))
        await later(pool)
        await pool.execute(JUST_NOW)

    assert slowdowns == [pytest.approx(min(4, 1.25**warnings), rel=0.1) for warnings in range(1, 9)]


async def test_a_day_later_a_town_that_sends_little_has_its_full_pace(pool: Pool) -> None:
    await channels(pool, 6)
    await accepted(pool)
    await calls(pool, TEN, most=1)
    await pool.execute("update pace set slowdown = 4, slowed_at = now() - interval '1 day'")
    await later(pool)

    moments = [one.moment for one in await calls(pool, TEN, most=5)]

    step = interval(TEN.per_second).total_seconds()
    assert [(then - now).total_seconds() for now, then in pairwise(moments)] == pytest.approx([step] * 4, abs=1e-4)


async def test_half_of_what_it_is_slower_is_gone_after_each_minute(pool: Pool) -> None:
    """However much or little is sent meanwhile: a server that takes less than we send is told so by no success."""
    await channels(pool, 30)
    await accepted(pool)
    await calls(pool, TEN, most=1)
    await pool.execute("update pace set slowdown = 4, slowed_at = clock_timestamp()")
    steps = []

    for most in (2, 12, 3):
        for change in (REST_IS_OVER, DUE, FREE):
            await pool.execute(change)
        moments = [one.moment for one in await calls(pool, TEN, most=most)]
        steps.append((moments[1] - moments[0]) / interval(TEN.per_second))
        await pool.execute("update pace set slowed_at = slowed_at - interval '1 minute'")

    assert steps == pytest.approx([4, 2.5, 1.75], rel=0.15)


async def test_a_warning_is_added_to_what_is_left_of_the_last(pool: Pool) -> None:
    await channels(pool, 1)
    await accepted(pool)
    (call,) = await calls(pool, TEN, most=1)
    await pool.execute("update pace set slowdown = 3, slowed_at = now() - interval '1 minute'")

    await recorded(pool, call, Throttled(1, everywhere=True))

    assert await pool.fetchval(SLOWDOWN) == pytest.approx(2.5, rel=0.1)
