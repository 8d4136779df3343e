# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Where a source has handed in more than goes out in its time, the others get a part of each second."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from app.database import Pool
from app.outbox.due import due
from tests.given import a_channel, accepted
from tests.outbox.conftest import claimed

FLOODED = 3
LATE = "update delivery set rank = now() - interval '1 hour'"
BUSY = "update channel set sent = array[now() - interval '2 seconds'] where slug like 'flooded-%'"
SLUGS = """
select c.slug from unnest($1::bigint[]) with ordinality as t (id, place)
  join delivery d using (id) join channel c on c.id = d.channel_id order by t.place
"""
FAIR, USUAL = 100_000, 500_000
"""Microseconds of a second."""


async def would_go(pool: Pool, microsecond: int, most: int = 1) -> Sequence[str]:
    moment = (datetime.now(UTC) + timedelta(seconds=1)).replace(microsecond=microsecond)
    async with pool.acquire() as connection, connection.transaction():
        found = await due(connection, "telegram", most, moment, 2, in_order=True)
        return [row["slug"] for row in await connection.fetch(SLUGS, found)]


@pytest.fixture
async def flooded(pool: Pool) -> Pool:
    """More waits for three channels than a claim looks at first, and all of it is late; a notice for another is new."""
    for number in range(FLOODED):
        await a_channel(pool, f"flooded-{number}", areas=["nord"])
    await a_channel(pool, "other", areas=["sud"])
    for _ in range(90):
        await accepted(pool, audience={"areas": ["nord"]})
    for change in (LATE, BUSY):
        await pool.execute(change)
    await claimed(pool, most=0)
    await accepted(pool, audience={"areas": ["sud"]})
    return pool


async def test_what_is_late_in_one_place_does_not_keep_another_waiting(flooded: Pool) -> None:
    assert await would_go(flooded, USUAL) == ["flooded-0"]
    assert await would_go(flooded, FAIR) == ["other"]


async def test_what_is_urgent_goes_before_whoever_was_sent_to_least(flooded: Pool) -> None:
    await accepted(flooded, audience={"areas": ["nord"]}, priority="urgent")

    assert await would_go(flooded, FAIR, most=FLOODED + 1) == [*(f"flooded-{n}" for n in range(FLOODED)), "other"]


async def test_who_was_sent_to_longest_ago_goes_first(flooded: Pool) -> None:
    await flooded.execute("update channel set sent = array[now() - interval '9 seconds'] where slug = 'flooded-2'")
    await flooded.execute("update channel set sent = array[now()] where slug = 'other'")

    assert await would_go(flooded, FAIR, most=9) == ["flooded-2", "flooded-0", "flooded-1", "other"]


async def test_where_nothing_is_late_all_go_by_their_rank(flooded: Pool) -> None:
    await flooded.execute("update delivery set rank = now() + interval '10 seconds' where rank < now()")

    assert await would_go(flooded, FAIR) == ["flooded-0"]


@pytest.fixture
async def shared(pool: Pool) -> Pool:
    """Each of four sources has late notices for a channel of its own; the last one's was sent to by far most lately."""
    for number in range(FLOODED + 1):
        await a_channel(pool, f"c{number}", areas=[f"area {number}"])
        for _ in range(3):
            await accepted(pool, f"source-{number}", audience={"areas": [f"area {number}"]})
    await pool.execute(LATE)
    await claimed(pool, most=0)
    await pool.execute("update channel set sent = array[now() - interval '1 day']")
    await pool.execute("update channel set sent = array[now() - interval '1 minute'] where slug = 'c3'")
    return pool


async def test_each_source_has_its_turn_before_one_has_another(shared: Pool) -> None:
    """Whatever channels it has, and however lately they were sent to."""
    await shared.execute("update notice set source = 'source-0' where source = 'source-1'")

    for moment in range(20):
        assert set(await would_go(shared, FAIR + moment, most=3)) == {"c0", "c2", "c3"}
    assert await would_go(shared, USUAL, most=3) == ["c0", "c1", "c2"]


async def test_by_lot_each_source_begins_now_and_then(shared: Pool) -> None:
    """A claim may take one alone: of four sources each would be left out of forty draws once in a hundred thousand."""
    begun = [(await would_go(shared, FAIR + moment))[0] for moment in range(40)]

    assert set(begun) == {"c0", "c1", "c2", "c3"}


@pytest.mark.parametrize(("ago", "first"), [("-30 seconds", "flooded-0"), ("5 seconds", "other")])
async def test_a_flood_of_urgent_ones_does_not_keep_another_urgent_one_waiting(
    flooded: Pool, ago: str, first: str
) -> None:
    await flooded.execute("update delivery set rank = now() + interval '1 hour'")
    for _ in range(90):
        await accepted(flooded, audience={"areas": ["nord"]}, priority="urgent")
    await flooded.execute(f"update delivery set rank = now() - interval '3650 days {ago}' where lane = 0")  # noqa: S608
    await flooded.execute(BUSY)
    await accepted(flooded, audience={"areas": ["sud"]}, priority="urgent")
    await flooded.execute(
        "update delivery set rank = rank + interval '1 minute' where id = (select max(id) from delivery)"
    )

    assert await would_go(flooded, USUAL) == ["flooded-0"]
    assert await would_go(flooded, FAIR) == [first]
