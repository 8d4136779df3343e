# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a sweep looks after is apart: whoever holds one row, or a fault in one part, keeps none of the rest waiting."""

import asyncio
from collections.abc import Coroutine

import asyncpg
import pytest
from pydantic_core import Url

from app.database import Pool
from app.outbox import Swept, sweep
from app.settings import Settings
from tests.given import a_channel, accepted
from tests.outbox.conftest import claimed
from tests.reliability.ground import until
from workers.clock import Clock
from workers.prune import Kept
from workers.relay import Relay
from workers.way import Way

LAPSE = "update delivery set lease_until = now() - interval '1 second'"
OVER = "update delivery set expires_at = now() - interval '1 second' where notice_id = $1"
RETIRE = "update channel set retired_at = now(), slug = slug || '~1' where slug = 'retired'"
STRAY = "update channel set turn_until = now() - interval '1 second' where slug = $1"
FREE = "select slug from channel where turn_until is null order by slug"
BROKEN = "alter table delivery add constraint broken check (crashes = 0)"
MENDED = "alter table delivery drop constraint broken"


async def something_of_everything(pool: Pool) -> None:
    """Leave behind two lapsed leases, an expired delivery, one of a retired channel, and a turn that is nobody's."""
    await a_channel(pool, "held", services=["mensa"])
    await a_channel(pool, "lapsed", services=["mensa"])
    await accepted(pool)
    assert len((await claimed(pool)).calls) == 2
    await pool.execute(LAPSE)
    await a_channel(pool, "stray", services=["nidi"])
    await pool.execute(STRAY, "stray")
    await a_channel(pool, "expired", services=["trasporto"])
    await pool.execute(OVER, (await accepted(pool, service="trasporto")).id)
    await a_channel(pool, "retired", services=["iscrizioni"])
    await accepted(pool, service="iscrizioni")
    await pool.execute(RETIRE)


async def test_what_expires_between_its_posts_says_that_only_a_part_of_it_stands_there(pool: Pool) -> None:
    await a_channel(pool)
    await pool.execute(OVER, (await accepted(pool)).id)
    await pool.execute("update delivery set posts = $1::json", '[{"reference": "42", "digest": "d1"}]')

    assert (await sweep(pool)).expired == 1

    why = await pool.fetchval("select last_error from delivery")
    assert why == "its time was over before all of it could be posted"


async def test_who_holds_one_channel_delays_that_channel_alone(pool: Pool) -> None:
    await something_of_everything(pool)
    async with pool.acquire() as somebody, somebody.transaction():
        await somebody.execute("select from channel where slug = 'held' for update")

        swept = await sweep(pool)

        assert swept == Swept(lapsed=1, expired=1, retired=1)
        assert [row["slug"] for row in await pool.fetch(FREE)] == ["expired", "lapsed", "retired~1", "stray"]
    assert (await sweep(pool)).lapsed == 1
    assert await pool.fetchval("select count(*) from channel where turn_until is not null") == 0


async def test_a_turn_that_is_nobody_s_waits_for_whoever_holds_its_channel_and_stops_nothing(pool: Pool) -> None:
    await something_of_everything(pool)
    async with pool.acquire() as somebody, somebody.transaction():
        await somebody.execute("select from channel where slug = 'stray' for update")

        assert await sweep(pool) == Swept(lapsed=2, expired=1, retired=1)

    await sweep(pool)
    assert await pool.fetchval("select count(*) from channel where turn_until is not null") == 0


async def test_what_breaks_in_one_part_is_said_and_the_others_are_done(pool: Pool) -> None:
    await something_of_everything(pool)
    await pool.execute(BROKEN)
    try:
        swept = await sweep(pool)
    finally:
        await pool.execute(MENDED)

    assert (swept.lapsed, swept.expired, swept.retired) == (0, 1, 1)
    assert isinstance(swept.failed, asyncpg.CheckViolationError)


async def test_a_worker_looks_for_work_whatever_becomes_of_its_sweep(pool: Pool) -> None:
    await something_of_everything(pool)
    looks = 0

    async def errand() -> None:
        nonlocal looks
        looks += 1

    async def looked_twice() -> bool:
        return looks > 1

    relay = Relay(pool, [errand], Kept(), Clock(), Way())
    await pool.execute(BROKEN)
    try:
        running = asyncio.create_task(relay.run())
        await until(looked_twice)
        running.cancel()
        await relay.leave()
    finally:
        await pool.execute(MENDED)


async def test_a_worker_looks_again_at_once_where_its_sweep_found_a_lapsed_lease(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool)
    await claimed(pool)
    looks = 0

    def errand() -> Coroutine[None, None, None]:
        nonlocal looks
        looks += 1
        return asyncio.sleep(0)

    relay = Relay(pool, [errand], Kept(), Clock(), Way())
    await relay.tick()
    before, looks = looks, 0
    await pool.execute(LAPSE)
    await relay.tick()

    assert (before, looks) == (1, 2)


@pytest.mark.parametrize("landed", [["telegram"], ["webhook"]])
async def test_what_a_lapsed_lease_leaves_behind_rests_only_where_it_may_be_on_its_way(
    pool: Pool, landed: list[str]
) -> None:
    await a_channel(pool)
    await accepted(pool)
    await claimed(pool)
    await pool.execute(LAPSE)

    await sweep(pool, landed)

    assert await pool.fetchval("select due_at <= now() from delivery") is (landed == ["telegram"])


@pytest.mark.parametrize(("timeout", "lease", "spare"), [(60, None, 3.0), (4, 10, 3.0), (4, 8, 0.0), (60, 10, 3.0)])
def test_a_lease_has_room_for_what_comes_late_unless_it_is_set_too_short(
    timeout: float, lease: float | None, spare: float
) -> None:
    url = Url("postgresql://127.0.0.1/none")
    settings = Settings(database_url=url, redis_url=Url("redis://127.0.0.1"), lease=lease, telegram_timeout=4)

    assert settings.spare_in_lease(timeout) == spare
