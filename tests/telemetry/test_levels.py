# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The levels of service that /status publishes: the share that arrived, and the share that came in time."""

from uuid import UUID

import asyncpg
import pytest

from app.database import Pool
from app.health import Health
from app.levels import KEPT, LEVELS, NEWEST
from app.vitals import SERVER_SETTINGS as ON_ITS_OWN_LINE
from tests.given import a_channel, accepted

SETTLED = """
insert into delivery (notice_id, channel_id, lane, rank, ready_at, due_at, give_up_at, state, wanted, settled_at)
select $1, gen_random_uuid(), $2, now(), at, at, at, $3, $4, at + make_interval(secs => $5)
  from (select now() - make_interval(days => $6) as at) as moment, generate_series(1, $7)
"""


@pytest.fixture
async def notice(pool: Pool) -> UUID:
    """Store a notice that owes nothing, which deliveries may belong to."""
    return (await accepted(pool)).id


async def settled(pool: Pool, notice: UUID, state: str = "delivered", **members: int) -> None:
    """Settle deliveries: how many, of which lane, so many seconds after they were ready, so many days ago."""
    count, lane, wanted = members.get("count", 1), members.get("lane", 1), members.get("wanted", 1)
    seconds, days = members.get("seconds", 1), members.get("days", 1)
    await pool.execute(SETTLED, notice, lane, state, wanted, seconds, days, count)


async def published(health: Health) -> dict[str, float]:
    document: dict[str, float] = (await health.status()).document["service_levels"]
    return document


async def test_where_nothing_was_settled_no_share_is_claimed(health: Health, pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool)

    assert await published(health) == {"deliveries_30d": 0}


async def test_what_arrived_is_a_share_of_what_came_to_an_end(health: Health, pool: Pool, notice: UUID) -> None:
    await settled(pool, notice, count=6)
    await settled(pool, notice, "dead")
    await settled(pool, notice, "expired")
    await settled(pool, notice, "withdrawn", count=5)

    found = await published(health)

    assert (found["deliveries_30d"], found["success_rate_30d"]) == (8, 0.75)


@pytest.mark.parametrize(("lane", "bound"), [(0, 60), (1, 600), (2, 7200)])
async def test_in_time_is_what_the_lane_promises(
    health: Health, pool: Pool, notice: UUID, lane: int, bound: int
) -> None:
    await settled(pool, notice, lane=lane, seconds=bound, count=3)
    await settled(pool, notice, lane=lane, seconds=bound + 1)
    await settled(pool, notice, lane=lane, seconds=100_000, wanted=2, count=4)

    found = await published(health)

    assert (found["success_rate_30d"], found["on_time_rate_30d"]) == (1, 0.75)


async def test_what_is_older_than_the_period_does_not_count(health: Health, pool: Pool, notice: UUID) -> None:
    await settled(pool, notice, "dead", days=31)
    await settled(pool, notice, days=29)

    assert await published(health) == {"deliveries_30d": 1, "success_rate_30d": 1, "on_time_rate_30d": 1}


async def test_one_failure_among_very_many_is_never_rounded_away(health: Health, pool: Pool, notice: UUID) -> None:
    await settled(pool, notice, count=NEWEST + 500)
    await settled(pool, notice, "dead")

    found = await published(health)

    assert (found["deliveries_30d"], found["success_rate_30d"]) == (NEWEST, 0.9999)


async def test_who_asks_again_hears_the_same_for_a_while(health: Health, pool: Pool, notice: UUID) -> None:
    await settled(pool, notice)
    before = await published(health)
    await settled(pool, notice, "dead")

    again = await published(health)
    health.vitals._levels_kept = (health.vitals._levels_kept[0] - 2 * KEPT, None)
    later = await published(health)

    assert before == again
    assert later["success_rate_30d"] == 0.5


async def test_only_the_newest_are_read_by_their_number(pool: Pool, notice: UUID, database_url: str) -> None:
    await settled(pool, notice, count=20_000)
    connection = await asyncpg.connect(database_url, server_settings=ON_ITS_OWN_LINE)

    plan = "\n".join(row[0] for row in await connection.fetch(f"explain {LEVELS}"))
    await connection.close()

    reads = [line.strip() for line in plan.splitlines() if " delivery" in line and "Scan" in line]
    assert len(reads) == 1
    assert reads[0].startswith("->  Index Scan Backward using delivery_pkey")
