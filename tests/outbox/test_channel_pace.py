# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A channel that is told that it is too fast goes slower itself, and the account only where others were told, too."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import pytest

from app.database import Pool
from app.domain.outcome import Delivered, Doubted, Outcome, Throttled
from app.domain.pace import Limits, interval
from app.outbox import Claimed, claim, give_back
from tests.given import a_channel, accepted
from tests.outbox.conftest import TURN, plain, recorded

ONE = Limits(30, 1, 0)
SECOND = interval(1)
FREE = "update channel set free_at = 'epoch', sent = '{}' where turn_until is null"
DUE = "update delivery set due_at = now() where lease_until is null"
LATER = "update pace set throttled_at = throttled_at - $1::interval, slowed_at = slowed_at - $1::interval"
PASSES = "update channel set slowed_at = slowed_at - $1::interval"
OF_ACCOUNT = "select slowdown from pace where kind = 'telegram'"
OF_CHANNEL = "select slowdown from channel where slug = $1"
RESTS = "select free_at - $2 from channel where slug = $1"
HASTE = Doubted("Bad Request: ... Too Many Requests: retry after 8", seconds=8)


async def free(pool: Pool) -> None:
    await pool.execute(FREE)
    await pool.execute(DUE)
    await pool.execute("update pace set free_at = 'epoch', sent = '{}'")


async def calls(pool: Pool, *slugs: str, limits: Limits = ONE) -> Sequence[Claimed]:
    """Claim what is due, which is one for each channel."""
    await free(pool)
    found = {call.owed.slug: call for call in (await claim(pool, plain(limits), TURN)).calls}
    return [found[slug] for slug in slugs]


async def channels(pool: Pool, *slugs: str) -> None:
    for number, slug in enumerate(slugs):
        await a_channel(pool, slug, address=str(1000 + number), areas=[slug])


async def owed(pool: Pool, *slugs: str, each: int = 1) -> None:
    for slug in slugs:
        for _ in range(each):
            await accepted(pool, audience={"areas": [slug]}, in_doubt="repeat")


async def test_a_channel_that_is_told_alone_slows_no_other_down(pool: Pool) -> None:
    """It takes one post in three seconds, say, and many wait for it: it is told again and again."""
    await channels(pool, "slow", "other")
    await owed(pool, "slow")

    for _ in range(7):
        (call,) = await calls(pool, "slow")
        await recorded(pool, call, Throttled(3))
        await pool.execute(LATER, timedelta(seconds=5))

    assert await pool.fetchval(OF_ACCOUNT) == 1
    assert await pool.fetchval(OF_CHANNEL, "slow") == pytest.approx(4, rel=0.2)
    assert await pool.fetchval(OF_CHANNEL, "other") == 1


async def test_two_channels_that_are_told_at_once_are_one_warning_for_the_account(pool: Pool) -> None:
    """What was on its way when the first was told is refused with it, and comes back in any order."""
    await channels(pool, "a", "b", "c")
    await owed(pool, "a", "b", "c", each=2)
    slowdowns = []

    for call in await calls(pool, "a", "b", "c"):
        await recorded(pool, call, Throttled(3))
        slowdowns.append(await pool.fetchval(OF_ACCOUNT))
    await pool.execute(LATER, timedelta(seconds=5))
    (again,) = await calls(pool, "a")
    await recorded(pool, again, Throttled(3))

    assert slowdowns == [1, 1.25, 1.25]
    assert await pool.fetchval(OF_ACCOUNT) == pytest.approx(1.25**2, rel=0.1)


async def test_after_ten_seconds_another_channel_is_told_for_itself(pool: Pool) -> None:
    await channels(pool, "a", "b")
    await owed(pool, "a", "b")
    first, second = await calls(pool, "a", "b")

    await recorded(pool, first, Throttled(1))
    await pool.execute(LATER, timedelta(seconds=11))
    await recorded(pool, second, Throttled(1))

    assert await pool.fetchval(OF_ACCOUNT) == 1


@pytest.mark.parametrize("waits", [(2, 7200), (7200, 2), (600, 600)])
async def test_the_account_rests_as_long_as_both_were_told(pool: Pool, waits: tuple[float, float]) -> None:
    """What one of two is told beyond the other is for that channel: its two hours are no others'."""
    await channels(pool, "a", "b", "c")
    await owed(pool, "a", "b")
    told = await calls(pool, "a", "b")
    await owed(pool, "c")

    for call, wait in zip(told, waits, strict=True):
        await recorded(pool, call, Throttled(wait))

    both = await pool.fetchval("select min(free_at) from channel where slug <> 'c'")
    assert both - timedelta(minutes=1) < await pool.fetchval("select free_at from pace where kind = 'telegram'") <= both
    assert sorted(await pool.fetchval("select array_agg(free_at > now() + '1 hour') from channel")) == sorted(
        [*(wait > 3600 for wait in waits), False]
    )


@pytest.mark.parametrize("outcome", [Throttled(1), Throttled(1, alone=True), HASTE])
async def test_a_channel_that_is_told_puts_a_quarter_more_between_two_posts(pool: Pool, outcome: Outcome) -> None:
    await channels(pool, "slow", "other")
    await owed(pool, "slow", "other", each=2)
    first, _ = await calls(pool, "slow", "other")
    await recorded(pool, first, outcome)
    if outcome is HASTE:
        assert not await calls(pool)  # it is settled that it is posted once more

    (next_one,) = await calls(pool, "slow")

    assert await pool.fetchval(RESTS, "slow", next_one.moment) / SECOND == pytest.approx(1.25, abs=0.1)


async def test_a_warning_for_the_whole_account_is_none_for_the_channel(pool: Pool) -> None:
    await channels(pool, "a")
    await owed(pool, "a")
    (call,) = await calls(pool, "a")

    await recorded(pool, call, Throttled(1, everywhere=True))

    assert await pool.fetchval(OF_CHANNEL, "a") == 1
    assert await pool.fetchval(OF_ACCOUNT) == 1.25


async def test_its_pace_comes_back_by_half_in_each_minute(pool: Pool) -> None:
    await channels(pool, "slow")
    await owed(pool, "slow", each=4)
    await pool.execute("update channel set slowdown = 3, slowed_at = clock_timestamp()")
    rests = []

    for number in range(4):
        (call,) = await calls(pool, "slow")
        rests.append(await pool.fetchval(RESTS, "slow", call.moment) / SECOND)
        await recorded(pool, call, Delivered((str(number),)))
        await pool.execute(PASSES, timedelta(minutes=1))

    assert rests == pytest.approx([3, 2, 1.5, 1.25], rel=0.15)
    assert [later < before for before, later in pairwise(rests)] == [True] * 3


async def test_after_a_day_nothing_is_left_of_it(pool: Pool) -> None:
    await channels(pool, "slow")
    await owed(pool, "slow")
    await pool.execute("update channel set slowdown = 4, slowed_at = now() - interval '400 days'")

    (call,) = await calls(pool, "slow")

    assert call.owed.slowdown == 1


async def test_what_is_given_back_has_cost_a_slow_channel_nothing(pool: Pool) -> None:
    await channels(pool, "slow")
    await owed(pool, "slow")
    await pool.execute("update channel set slowdown = 4, slowed_at = now()")
    (call,) = await calls(pool, "slow")

    await give_back(pool, plain(ONE), call)

    assert await pool.fetchval("select free_at <= now() from channel")
