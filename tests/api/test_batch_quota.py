# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A batch that does not fit into what is left takes nothing of it, and is told when all of it will fit."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

import pytest

from app.access import Caller as Key
from app.database import Pool
from app.domain.key import Role
from app.quotas import Quotas
from app.settings import Settings
from tests.api.calling import Answer, Caller, a_notice, fresh, some_settings
from tests.api.standing import a_source, told

PASSES = "update quota set burst = burst - $2::float * interval '1 second' where subject = $1"
OF_A_DAY = "select extract(epoch from daily) / 86400 * $2 from quota where subject = $1"
Came = TypeVar("Came")
HELD = 1.0
"""Seconds for which a process may spend what it has taken."""
RESERVE = "select count(*) from quota where subject = $1"


async def a_batch(source: Caller, many: int, priority: str = "normal") -> Answer:
    return await source.post("/v1/notices/batch", [a_notice(priority=priority) for _ in range(many)])


def somebody(minute: int) -> Key:
    return Key(fresh("lotto"), Role.SOURCE, fresh("lotto"), per_minute=minute, per_day=0)


async def in_time(story: Callable[[], Awaitable[Came]], seconds: float) -> Came:
    """Give what came of it when no more time went by, in which more than the story says would pass or be lost."""
    async with asyncio.timeout(120):
        while True:
            begun = time.monotonic()
            came = await story()
            if time.monotonic() - begun < seconds:
                return came


async def test_of_a_batch_that_is_refused_only_the_request_itself_is_counted(operator: Caller, pool: Pool) -> None:
    source = await a_source(operator, minute=0, day=10)
    single = [await source.hand_in() for _ in range(6)]
    before = await pool.fetchval(OF_A_DAY, f"source:{source.slug}", 10)

    refused = await a_batch(source, 5)

    after = await pool.fetchval(OF_A_DAY, f"source:{source.slug}", 10)
    assert [answer.status for answer in (*single, refused)] == [202] * 6 + [429]
    assert refused.body["violated-policies"] == ["daily"]
    assert after - before == pytest.approx(1, abs=1e-3)
    assert [(await source.hand_in()).status for _ in range(4)] == [202, 202, 202, 429]


async def test_after_the_wait_that_it_is_told_a_batch_is_let_in(operator: Caller) -> None:
    """Two seconds of it pass, in which the process refuses without asking; the rest Postgres is told to have passed."""
    source = await a_source(operator, minute=30)
    first = await a_batch(source, 20)

    refused = await a_batch(source, 20)
    rest = int(refused.headers["Retry-After"]) - 2
    await operator.pool.execute(PASSES, f"source:{source.slug}", rest)
    await asyncio.sleep(2)

    assert (first.status, refused.status) == (202, 429)
    assert told(refused)["burst"]["r"] > 0
    assert (await a_batch(source, 20)).status == 202


async def test_with_nothing_left_a_batch_is_told_when_all_of_it_fits(operator: Caller) -> None:
    """What the request itself was refused for would be one more, 1,440 seconds from now."""
    source = await a_source(operator, minute=0, day=60)
    full = await a_batch(source, 60)

    refused = await a_batch(source, 30)

    assert (full.status, refused.status) == (202, 429)
    assert 30 * 1440 - 60 <= int(refused.headers["Retry-After"]) <= 30 * 1440 * 1.2


@pytest.mark.parametrize(("short", "is_let_in"), [(0, True), (1.0, False)])
async def test_the_wait_is_neither_too_short_nor_too_long(
    settings: Settings, pool: Pool, short: float, *, is_let_in: bool
) -> None:
    """Every minute 6: 10 seconds each. Of three that were taken for a crowd two are held, and soon lost."""

    async def comes_again() -> tuple[float | None, float | None]:
        quotas, caller = Quotas(pool, settings), somebody(6)
        await quotas.spend(caller, 4)
        refused = await quotas.spend(caller, 5)
        await pool.execute(PASSES, f"source:{caller.source}", (refused.wait or 0) - short)
        return refused.wait, (await Quotas(pool, settings).spend(caller, 5)).wait

    wait, later = await in_time(comes_again, HELD)

    assert wait == pytest.approx(30, abs=5)
    assert (later is None) is is_let_in


async def test_what_a_process_holds_counts_for_a_batch(settings: Settings, pool: Pool) -> None:
    async def comes() -> list[bool]:
        quotas, caller = Quotas(pool, settings), somebody(10)
        await quotas.spend(caller, 8)
        quotas.give_back(caller, 8)
        return [(await quotas.spend(caller, number)).wait is None for number in (11, 10, 1)]

    assert await in_time(comes, HELD) == [False, True, False]


async def test_a_refused_batch_costs_nobody_what_the_process_holds(settings: Settings, pool: Pool) -> None:
    async def comes() -> list[bool]:
        quotas, caller = Quotas(pool, settings), somebody(10)
        await quotas.spend(caller, 10)
        quotas.give_back(caller, 3)
        return [(await quotas.spend(caller, number)).wait is None for number in (4, 1, 1, 1, 1)]

    assert await in_time(comes, HELD) == [False, True, True, True, False]


async def test_who_is_refused_a_batch_asks_postgres_once_in_the_time_of_one_request(
    settings: Settings, pool: Pool
) -> None:
    quotas, caller = Quotas(pool, settings), somebody(10)
    await quotas.spend(caller, 8)
    refused = await quotas.spend(caller, 4)
    await pool.execute("delete from quota where subject = $1", f"source:{caller.source}")

    same, smaller = await quotas.spend(caller, 5), await quotas.spend(caller, 3)

    assert refused.wait is not None
    assert same.wait is not None
    assert smaller.wait is None


async def test_an_urgent_batch_larger_than_the_reserve_leaves_it_to_the_others(operator: Caller, pool: Pool) -> None:
    source = await a_source(operator, minute=20, day=5)
    used = await a_batch(source, 5)

    refused = await a_batch(source, 4, "urgent")

    assert (used.status, refused.status) == (202, 429)
    assert await pool.fetchval(RESERVE, f"source:{source.slug}/urgent") == 0
    assert [(await source.hand_in(priority="urgent")).status for _ in range(3)] == [202, 202, 429]


async def test_a_crowd_goes_on_past_a_batch_that_does_not_fit(settings: Settings, pool: Pool) -> None:
    few = some_settings(str(settings.database_url), str(settings.redis_url))
    quotas, caller = Quotas(pool, few), replace(somebody(0), per_day=20)
    await quotas.spend(caller, 15)

    answers = await asyncio.gather(*(quotas.spend(caller, number) for number in (10, 1, 1, 7, 1, 1, 1, 1)))

    assert [answer.wait is None for answer in answers] == [False, True, True, False, True, True, True, False]
