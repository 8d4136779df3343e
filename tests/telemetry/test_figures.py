# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How things stand: what waits, what is sad, who is there."""

from datetime import timedelta

import asyncpg
import pytest

from app.database import Pool
from app.figures import FIGURES, MOST, Figures
from app.health import Health
from app.vitals import SERVER_SETTINGS as ON_ITS_OWN_LINE
from tests.given import a_channel, accepted

PARTIAL = (
    "delivery_ready",
    "delivery_waking",
    "delivery_tomorrow",
    "delivery_leased",
    "delivery_sad",
    "delivery_waiting",
    "delivery_awaiting",
)
NOTHING = {"urgent": 0, "normal": 0, "bulk": 0}
MANY = """
insert into delivery (notice_id, channel_id, lane, rank, ready_at, due_at, give_up_at, state, wanted)
select $1, gen_random_uuid(), 1, now() + random() * interval '1 day', now(), now(), now(), $2, 1
  from generate_series(1, $3)
"""
AGE = """
update delivery set ready_at = now() - $1::interval, due_at = now() - $1::interval, rank = now() - $1::interval
 where $2::bigint is null or id = $2
"""
SLOW = """
insert into pace (kind, slowdown, slowed_at) values ($1, 3, now() - interval '1 minute')
on conflict (kind) do update set slowdown = excluded.slowdown, slowed_at = excluded.slowed_at
"""
SEEN = "insert into worker (id, host, seen_at) values (gen_random_uuid(), 'h', now() - $1::interval)"


async def figures(health: Health) -> Figures:
    found = await health.vitals.figures()
    assert found is not None
    return found


async def age(pool: Pool, seconds: int, delivery: int | None = None) -> None:
    """Let all deliveries, or one, have been due for so long."""
    await pool.execute(AGE, timedelta(seconds=seconds), delivery)


async def test_nothing_waits_at_first(health: Health) -> None:
    found = await figures(health)

    assert (found.oldest, set(found.deliveries.values()), found.workers) == (NOTHING, {0}, 0)


async def test_each_lane_tells_of_its_oldest(health: Health, pool: Pool) -> None:
    await a_channel(pool)
    for priority in ("urgent", "normal", "normal", "bulk"):
        await accepted(pool, priority=priority)
    await age(pool, 100)
    await age(pool, 1000, await pool.fetchval("select min(id) from delivery where lane = 1"))

    found = await figures(health)

    assert found.oldest == pytest.approx({"urgent": 100, "normal": 1000, "bulk": 100}, abs=60)
    assert found.due == 4


@pytest.mark.parametrize(
    "statement",
    [
        "update delivery set due_at = now() + interval '1 minute'",
        "update delivery set ready_at = now() + interval '1 minute'",
        "update delivery set lease_until = now() + interval '1 minute'",
        "update delivery set parked = true",
        "update channel set paused_at = now()",
        "update channel set retired_at = now()",
        "update delivery set state = 'delivered'",
        "update delivery set state = 'held'",
    ],
)
async def test_what_cannot_go_now_is_not_late(health: Health, pool: Pool, statement: str) -> None:
    await a_channel(pool)
    await accepted(pool)
    await age(pool, 60)
    assert (await figures(health)).oldest["normal"] >= 60

    await pool.execute(statement)

    assert (await figures(health)).oldest == NOTHING


async def test_a_delivery_whose_worker_vanished_is_late(health: Health, pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool)
    await age(pool, 60)

    await pool.execute("update delivery set lease_until = now() - interval '1 second', state = 'in_doubt'")

    assert (await figures(health)).oldest["normal"] >= 60


@pytest.mark.parametrize("state", ["due", "in_doubt", "held", "dead"])
async def test_open_and_sad_deliveries_are_counted(health: Health, pool: Pool, state: str) -> None:
    for number in range(3):
        await a_channel(pool, f"c{number}")
    await accepted(pool)

    await pool.execute("update delivery set state = $1 where id in (select id from delivery limit 2)", state)
    await pool.execute("update delivery set state = 'delivered' where id = (select max(id) from delivery)")

    found = (await figures(health)).deliveries
    assert found == {**dict.fromkeys(found, 0), state: 2}


async def test_channels_and_workers_are_counted_while_they_are_there(health: Health, pool: Pool) -> None:
    for number in range(4):
        await a_channel(pool, f"c{number}")
    await pool.execute("update channel set paused_at = now() where slug = 'c1'")
    await pool.execute("update channel set retired_at = now() where slug = 'c2'")
    for seconds in (0, 5, 15, 3600):
        await pool.execute(SEEN, timedelta(seconds=seconds))

    found = await figures(health)

    assert (found.channels, found.workers) == ({"active": 2, "paused": 1}, 2)


async def test_texts_that_wait_for_an_approval_are_counted_once_each_with_the_age_of_the_oldest(
    health: Health, pool: Pool
) -> None:
    for slug in ("zh", "anche", "chiuso", "ar"):
        await a_channel(pool, slug)
    old = (await accepted(pool)).id
    await accepted(pool)
    over = (await accepted(pool, expires_at="2099-01-01T00:00:00Z")).id
    await pool.execute("update notice set changed_at = changed_at - interval '2 hours' where id = $1", old)
    await pool.execute("update delivery set ready_at = ready_at - interval '2 hours' where notice_id = $1", old)
    await pool.execute("update delivery set expires_at = now() - interval '1 second' where notice_id = $1", over)
    await pool.execute("""
        update delivery d set awaits = case c.slug when 'ar' then 'ar' else 'zh-Hans' end,
                              state = case c.slug when 'zh' then 'due' when 'ar' then 'held' else 'delivered' end
          from channel c where c.id = d.channel_id""")
    await pool.execute("update channel set retired_at = now() where slug = 'chiuso'")

    found = await figures(health)

    assert found.texts == 2
    assert found.oldest_text == pytest.approx(7200, abs=300)


async def test_what_is_left_of_a_quota_is_told_by_channel_and_only_where_there_is_a_limit(
    health: Health, pool: Pool
) -> None:
    for slug, month in (("wechat", 3), ("articoli", None), ("chiuso", 4)):
        left = "insert into allowance (channel_id, today, month, opens_at) values ($1, null, $2, now())"
        await pool.execute(left, await a_channel(pool, slug), month)
    await pool.execute("update channel set retired_at = now() where slug = 'chiuso'")

    assert (await figures(health)).pushes_left == {("wechat", "month"): 3}


async def test_how_much_slower_an_account_goes_is_told_as_of_now_and_of_no_room(health: Health, pool: Pool) -> None:
    await a_channel(pool)
    for kind in ("telegram", "telegram operations"):
        await pool.execute(SLOW, kind)

    assert (await figures(health)).slowdowns == {"telegram": pytest.approx(2, rel=0.15)}


@pytest.mark.parametrize(
    ("delivered", "due", "afterwards"),
    [(20_000, 50, "select 1"), (50, 20_000, "analyze delivery")],
    ids=["a table just filled", "a table of which most is due"],
)
async def test_only_the_partial_indexes_are_read_whatever_the_planner_believes(
    pool: Pool, database_url: str, delivered: int, due: int, afterwards: str
) -> None:
    await a_channel(pool)
    notice = (await accepted(pool)).id
    await pool.execute(MANY, notice, "delivered", delivered)
    await pool.execute(MANY, notice, "due", due)
    await pool.execute(afterwards)
    connection = await asyncpg.connect(database_url, server_settings=ON_ITS_OWN_LINE)

    plan = "\n".join(row[0] for row in await connection.fetch(f"explain {FIGURES}"))
    await connection.close()

    reads = [line.strip() for line in plan.splitlines() if " delivery" in line and "Scan" in line]
    assert len(reads) == 8
    # Without statistics, what waits for a person is as good to find by either of two partial indexes.
    assert all(any(f" {name} " in line for name in PARTIAL) for line in reads)
    assert "Sort Key: delivery.rank" not in plan


@pytest.mark.nightly
async def test_a_million_deliveries_and_more_waiting_than_is_counted_still_answer_in_time(
    health: Health, pool: Pool
) -> None:
    await a_channel(pool)
    notice = (await accepted(pool)).id
    for state, count in (("delivered", 1_000_000), ("due", 3 * MOST), ("dead", 2 * MOST)):
        async with pool.acquire() as connection:
            await connection.execute("set statement_timeout = 0")
            await connection.execute(MANY, notice, state, count, timeout=120)

    found = [await health.vitals.figures() for _ in range(3)][-1]

    assert found is not None
    assert (found.due, found.dead) == (MOST, MOST)
