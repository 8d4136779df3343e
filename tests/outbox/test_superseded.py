# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What is superseded is never read last: where the newer notice came first, the older one is not posted any more."""

import pytest

from app.amend import withdraw
from app.database import Pool
from app.domain.outcome import Delivered, Doubted, Outcome, Refused
from app.outbox.owed import OWED
from app.outbox.record import OPEN
from app.outbox.step import DOUBTED, SUPERSEDED
from tests.given import a_channel, accepted
from tests.outbox.conftest import claimed, deliveries, recorded
from tests.outbox.test_amend import change, corrected

AT_ONCE = "update delivery set due_at = now() where state in ('due', 'in_doubt'); update channel set free_at = now()"
OLDER = {"event_id": "old", "priority": "bulk", "in_doubt": "repeat"}
NEWER = {"event_id": "new", "supersedes": "old", "priority": "urgent"}
NEWEST = {"event_id": "newest", "supersedes": "new", "priority": "urgent"}


async def goes_out(pool: Pool, outcome: Outcome | None = None) -> str | None:
    """Carry out what comes first, and name its event; None where nothing goes out."""
    await pool.execute(AT_ONCE)
    for call in (await claimed(pool, most=1)).calls:
        await recorded(pool, call, outcome or Delivered((str(call.owed.id),)))
        return call.owed.notice.event_id
    return None


async def ends(pool: Pool) -> list[tuple[str, str | None]]:
    return [(row["state"], row["last_error"]) for row in await deliveries(pool)]


async def test_what_an_urgent_notice_supersedes_is_not_posted_after_it(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool, **OLDER)
    await accepted(pool, **NEWER)

    assert [await goes_out(pool), await goes_out(pool)] == ["new", None]

    assert await ends(pool) == [("withdrawn", SUPERSEDED), ("delivered", None)]
    assert (await deliveries(pool))[0]["settled_at"] is not None


async def test_where_the_newer_one_was_not_posted_or_is_taken_back_the_older_one_is(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool, **OLDER)
    newer = await accepted(pool, **NEWER)

    assert await goes_out(pool, Refused("too long")) == "new"
    assert await goes_out(pool) == "old"

    await accepted(pool, **OLDER | {"event_id": "other"})
    await corrected(pool, newer.id, "new", supersedes="other", priority="urgent")
    assert await goes_out(pool) == "new"
    await withdraw(pool, change(newer.id))
    assert [await goes_out(pool) for _ in range(2)] == ["new", "other"]


async def test_nothing_is_superseded_by_another_source_nor_in_a_channel_that_the_newer_one_does_not_reach(
    pool: Pool,
) -> None:
    await a_channel(pool)
    await a_channel(pool, "nidi", grades=["nidi"])
    await accepted(pool, "trasporto", **OLDER)
    await accepted(pool, **OLDER, audience={"grades": ["nidi"]})
    await accepted(pool, **NEWER, audience={"grades": ["primaria"]})

    while await goes_out(pool):
        pass

    assert sorted(state for state, _ in await ends(pool)) == ["delivered"] * 4 + ["withdrawn"]


async def test_what_supersedes_in_a_row_is_posted_once(pool: Pool) -> None:
    await a_channel(pool)
    for notice in (OLDER, NEWER, NEWEST):
        await accepted(pool, **notice)
    await pool.execute("update delivery set rank = rank - interval '1 hour' where id = 3")

    first = [await goes_out(pool) for _ in range(3)]

    assert [state for state, _ in await ends(pool)] == ["withdrawn", "withdrawn", "delivered"]
    assert first == ["newest", None, None]


async def test_a_correction_of_what_was_posted_before_still_arrives(pool: Pool) -> None:
    await a_channel(pool)
    old = await accepted(pool, **OLDER)
    await goes_out(pool)
    await corrected(pool, old.id, "old", priority="bulk")
    await accepted(pool, **NEWER)

    assert [await goes_out(pool) for _ in range(3)] == ["new", "old", None]

    assert [state for state, _ in await ends(pool)] == ["delivered", "delivered"]


@pytest.mark.parametrize("taken_back", [False, True])
async def test_what_may_stand_before_is_not_repeated_after_it_and_is_a_persons_when_it_is_taken_back(
    pool: Pool, *, taken_back: bool
) -> None:
    await a_channel(pool)
    old = await accepted(pool, **OLDER)
    await goes_out(pool, Doubted("no answer"))
    await accepted(pool, **NEWER)

    assert [await goes_out(pool) for _ in range(3)] == ["new", None, None]
    if taken_back:
        await withdraw(pool, change(old.id))
        assert await goes_out(pool) is None

    assert (await ends(pool))[0] == (("held", OPEN) if taken_back else ("withdrawn", DOUBTED))


async def test_what_may_stand_of_the_newer_one_is_enough(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool, **OLDER)
    await accepted(pool, **NEWER, in_doubt="hold")

    await goes_out(pool, Doubted("no answer"))

    assert [await goes_out(pool), await goes_out(pool)] == [None, None]
    assert [state for state, _ in await ends(pool)] == ["withdrawn", "held"]


async def test_what_supersedes_is_found_without_going_through_all_notices(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool)
    await pool.execute("analyze notice; analyze delivery")
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("set local enable_sort = off; set local enable_seqscan = off")  # as a claim does
        plan = await connection.fetch(f"explain {OWED}", [1])

    assert any("notice_superseding" in line for (line,) in plan)
