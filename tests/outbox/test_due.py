# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A claim finds what may go out behind any number of others, and goes by the time at which its turn began."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from app.database import Pool
from app.domain.lane import GOALS, LANES
from app.domain.notice import Priority
from app.outbox import slot
from app.outbox.breaker import URGENT
from app.outbox.due import DUE, NEAR, due
from tests.given import a_channel, accepted, channels_alike
from tests.outbox.conftest import claimed

RESTING, WAITING, BACKLOG = 10, 60, 400
ROWS = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Join Filter")
REST = "update channel set free_at = now() + interval '1 hour' where slug like 'resting%'"
FIRST_PUT_OFF = """
update delivery set due_at = now() + interval '1 hour'
 where id = (select min(d.id) from delivery d join channel c on c.id = d.channel_id where c.slug = 'put-off')
"""
LAST_IN_DOUBT = """
update delivery set state = 'in_doubt'
 where id = (select max(d.id) from delivery d join channel c on c.id = d.channel_id where c.slug = 'put-off')
returning id
"""
BEHIND = """
with more as (
  insert into notice
  select (jsonb_populate_record(n, jsonb_build_object('id', gen_random_uuid(), 'event_id', 'more/' || number))).*
    from (select m as n from notice m limit 1) one, generate_series(1, $1::int) as number
  returning id
)
insert into delivery (notice_id, channel_id, lane, ready_at, due_at, rank, give_up_at, state, wanted)
select more.id, d.channel_id, d.lane, d.ready_at, d.due_at, d.rank, d.give_up_at, d.state, d.wanted
  from more, delivery d join channel c on c.id = d.channel_id where c.slug = 'put-off'
"""
IS_WAITING = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"


async def test_what_may_go_is_found_behind_all_that_waits_for_channels_that_rest(pool: Pool) -> None:
    await much_waits(pool)
    for name in ("first", "second"):
        await a_channel(pool, name, areas=[name])
        await accepted(pool, audience={"areas": [name]})

    one, other, none = [await claimed(pool, most=1) for _ in range(3)]

    assert [call.owed.slug for taken in (one, other, none) for call in taken.calls] == ["first", "second"]


@pytest.mark.parametrize("known", ["nothing", "all"])
async def test_it_is_found_without_going_through_all_that_waits(pool: Pool, known: str) -> None:
    await much_waits(pool)
    for slug in ("put-off", "free"):
        await a_channel(pool, slug, areas=[slug])
        await accepted(pool, audience={"areas": [slug]})
    await pool.execute(BEHIND, BACKLOG)
    await pool.execute(FIRST_PUT_OFF)
    if known == "all":
        await pool.execute("analyze")

    assert await looked_at(pool) <= NEAR + RESTING + 2 < BACKLOG < RESTING * WAITING
    assert [call.owed.slug for call in (await claimed(pool)).calls] == ["free"]


@pytest.mark.parametrize("known", ["nothing", "that nothing is due", "all"])
async def test_a_claim_among_many_free_channels_looks_at_none_more_than_once(pool: Pool, known: str) -> None:
    await a_channel(pool, "one")
    await channels_alike(pool, BACKLOG)
    await accepted(pool)
    if known == "that nothing is due":
        await pool.execute("update delivery set state = 'delivered'")
        await pool.execute("analyze")
        await accepted(pool)
    if known == "all":
        await pool.execute("analyze")

    assert await looked_at(pool, most=50) <= NEAR < BACKLOG


@pytest.mark.parametrize("known", ["nothing", "all"])
async def test_whether_something_urgent_waits_is_seen_without_going_through_all_that_waits(
    pool: Pool, known: str
) -> None:
    await much_waits(pool)
    if known == "all":
        await pool.execute("analyze")

    urgent = GOALS[LANES[Priority.URGENT]]
    assert await gone_through(pool, URGENT, "telegram", datetime.now(UTC), urgent) <= RESTING < RESTING * WAITING


async def test_what_is_in_doubt_is_found_behind_one_that_is_put_off(pool: Pool) -> None:
    await much_waits(pool)
    await a_channel(pool, "put-off", areas=["put-off"])
    for _ in range(3):
        await accepted(pool, audience={"areas": ["put-off"]})
    await pool.execute(FIRST_PUT_OFF)
    last = await pool.fetchval(LAST_IN_DOUBT)

    async with pool.acquire() as connection, connection.transaction():
        found = await due(connection, "telegram", 5, datetime.now(UTC), 2, in_order=True)

    assert found == [last]


async def test_a_claim_goes_by_the_time_after_it_has_waited_for_another(patient: Pool) -> None:
    await a_channel(patient)
    await claimed(patient)  # from now on the kind has its row

    async with held_pace(patient) as let_go:
        taking = asyncio.create_task(claimed(patient))
        moment = await let_go()
        taken = await taking

    assert taken.now >= moment


async def test_a_test_post_goes_by_the_time_after_it_has_waited_for_a_claim(patient: Pool) -> None:
    await claimed(patient)

    async with held_pace(patient) as let_go:
        waiting = asyncio.create_task(slot(patient, "telegram", 1.0))
        moment = await let_go()
        await waiting

    assert await patient.fetchval("select free_at - interval '1 second' >= $1 from pace", moment)


async def much_waits(pool: Pool) -> None:
    """Let more wait for resting channels than a claim looks at first."""
    for number in range(RESTING):
        await a_channel(pool, f"resting-{number}")
    for _ in range(WAITING):
        await accepted(pool)
    await pool.execute(REST)
    await claimed(pool)  # from now on the kind has its row


async def looked_at(pool: Pool, most: int = 5) -> int:
    """Explain a claim, and give the most rows that any step of it went through."""
    asked = ("telegram", most, datetime.now(UTC), True, 2, False)
    return await gone_through(pool, DUE, *asked)


async def gone_through(pool: Pool, statement: str, *asked: object) -> int:
    """Explain what a claim asks, and give the most rows that any step of it went through."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("set local enable_sort = off; set local enable_seqscan = off")
        plan = await connection.fetchval(f"explain (analyze, format json) {statement}", *asked)
    every = list(nodes([json.loads(plan)[0]["Plan"]]))
    in_a_channel = [node["Index Cond"] for node in every if node.get("Index Name") == "delivery_in_order"]
    assert all("channel_id" in condition for condition in in_a_channel)
    return max(int(node["Actual Loops"] * sum(node.get(rows, 0) for rows in ROWS)) for node in every)


def nodes(plans: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for plan in plans:
        yield plan
        yield from nodes(plan.get("Plans", ()))


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
