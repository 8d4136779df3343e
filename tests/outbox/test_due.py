# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A claim finds what may go out behind any number of others, and goes by the time at which its turn began."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from app.database import Pool
from app.outbox import slot
from app.outbox.due import DUE, NEAR
from tests.given import a_channel, accepted
from tests.outbox.conftest import claimed

RESTING, WAITING = 10, 60
REST = "update channel set free_at = now() + interval '1 hour' where slug like 'resting%'"
IS_WAITING = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"


async def test_what_may_go_is_found_behind_all_that_waits_for_channels_that_rest(pool: Pool) -> None:
    await much_waits(pool)
    for name in ("first", "second"):
        await a_channel(pool, name, areas=[name])
        await accepted(pool, audience={"areas": [name]})

    one, other, none = [await claimed(pool, most=1) for _ in range(3)]

    assert [call.owed.slug for taken in (one, other, none) for call in taken.calls] == ["first", "second"]


async def test_it_is_found_without_going_through_all_that_waits(pool: Pool) -> None:
    await much_waits(pool)
    await a_channel(pool, "free", areas=["free"])
    await accepted(pool, audience={"areas": ["free"]})

    asked = {"most": 5, "now": datetime.now(UTC), "in_order": True}
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("set local enable_sort = off")
        plan = await connection.fetchval(f"explain (analyze, format json) {DUE}", "telegram", *asked.values())

    rows = [node["Actual Rows"] * node["Actual Loops"] for node in nodes(json.loads(plan)[0]["Plan"])]
    assert max(rows) <= NEAR + RESTING + 1 < RESTING * WAITING


async def test_a_claim_goes_by_the_time_after_it_has_waited_for_another(pool: Pool) -> None:
    await a_channel(pool)
    await claimed(pool)  # from now on the kind has its row

    async with held_pace(pool) as let_go:
        taking = asyncio.create_task(claimed(pool))
        moment = await let_go()
        taken = await taking

    assert taken.now >= moment


async def test_a_test_post_goes_by_the_time_after_it_has_waited_for_a_claim(pool: Pool) -> None:
    await claimed(pool)

    async with held_pace(pool) as let_go:
        waiting = asyncio.create_task(slot(pool, "telegram", 1.0))
        moment = await let_go()
        await waiting

    assert await pool.fetchval("select free_at - interval '1 second' >= $1 from pace", moment)


async def much_waits(pool: Pool) -> None:
    """Let more wait for resting channels than a claim looks at first."""
    for number in range(RESTING):
        await a_channel(pool, f"resting-{number}")
    for _ in range(WAITING):
        await accepted(pool)
    await pool.execute(REST)
    await claimed(pool)  # from now on the kind has its row


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


async def until_somebody_waits(pool: Pool) -> None:
    for _ in range(3000):
        if await pool.fetchval(IS_WAITING):
            return
        await asyncio.sleep(0.02)
    raise TimeoutError("nobody has waited for the pace in a minute")


@asynccontextmanager
async def held_pace(pool: Pool) -> AsyncIterator[Callable[[], Awaitable[datetime]]]:
    """Hold the pace as a claim that finds nothing does, until somebody waits for it and it is let go."""
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("select from pace for update")

        async def let_go() -> datetime:
            await until_somebody_waits(pool)
            moment: datetime = await pool.fetchval("select clock_timestamp()")
            await transaction.rollback()
            return moment

        yield let_go
