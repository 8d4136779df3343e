# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Of what a group may get in a minute some is left to urgent notices, so that they need not wait for the next one."""

from app.database import Pool
from app.domain.delivery import Action
from app.domain.outcome import Delivered, Doubted
from app.domain.pace import MINUTE, Limits
from app.outbox import give_back
from app.outbox.due import seconds_to_next
from tests.given import a_channel, accepted
from tests.outbox.conftest import claimed, plain, recorded

LIMITS = Limits(0, 0, 20)
SEVENTEEN = "update channel set sent = array(select now() - interval '1 second' from generate_series(1, 17))"


async def test_two_of_a_groups_minute_are_left_to_what_is_urgent(pool: Pool) -> None:
    await a_channel(pool)
    await pool.execute(SEVENTEEN)
    for priority in ("normal", "normal", "bulk"):
        await accepted(pool, priority=priority)
    (eighteenth,) = (await claimed(pool, limits=LIMITS)).calls
    await recorded(pool, eighteenth, Delivered(("1",)))

    for place in range(2):
        assert (await claimed(pool, limits=LIMITS)).calls == ()
        await accepted(pool, priority="urgent")
        (urgent,) = (await claimed(pool, limits=LIMITS)).calls
        assert urgent.owed.progress.lane == 0
        await recorded(pool, urgent, Delivered((str(place + 2),)))
    await accepted(pool, priority="urgent")

    assert (await claimed(pool, limits=LIMITS)).calls == ()


async def test_what_is_given_back_may_go_at_once_though_it_was_the_last_of_its_part_of_a_minute(pool: Pool) -> None:
    await a_channel(pool)
    await pool.execute(SEVENTEEN)
    await accepted(pool)
    (call,) = (await claimed(pool, limits=LIMITS)).calls

    await give_back(pool, plain(LIMITS), call)

    assert len((await claimed(pool, limits=LIMITS)).calls) == 1


async def test_an_urgent_call_that_is_given_back_keeps_no_ordinary_one_waiting(pool: Pool) -> None:
    await a_channel(pool)
    await pool.execute(SEVENTEEN)
    await accepted(pool, priority="urgent")
    (call,) = (await claimed(pool, limits=LIMITS)).calls

    await give_back(pool, plain(LIMITS), call)

    await pool.execute("delete from delivery")
    await accepted(pool)
    assert len((await claimed(pool, limits=LIMITS)).calls) == 1


async def test_a_question_that_is_given_back_takes_nothing_from_what_is_left_to_urgent_ones(pool: Pool) -> None:
    """Nor from what somebody else has made the channel rest, or has sent there meanwhile."""
    await a_channel(pool, can_ask=True)
    await pool.execute("update channel set last_reference = '1'")
    await accepted(pool)
    (doubt,) = (await claimed(pool, limits=LIMITS)).calls
    await recorded(pool, doubt, Doubted("no answer"))
    await pool.execute(SEVENTEEN)
    await pool.execute("update channel set sent = sent || now(); update delivery set due_at = now()")
    (call,) = (await claimed(pool, limits=LIMITS)).calls
    rests = await pool.fetchval("update channel set free_at = now() + interval '1 hour' returning free_at")
    sent = await pool.fetchval("update channel set sent = sent || now() returning sent")

    await give_back(pool, plain(LIMITS), call)

    left = [at for at in sent if at != call.moment]
    row = await pool.fetchrow("select sent, free_at, others_free_at from channel")
    assert row is not None
    assert len(left) == 19
    assert tuple(row) == (left, rests, left[1] + MINUTE)


async def test_a_doubt_is_asked_about_though_only_what_is_urgent_may_be_posted(pool: Pool) -> None:
    await a_channel(pool, can_ask=True)
    await pool.execute("update channel set last_reference = '1'")
    await accepted(pool)
    (call,) = (await claimed(pool, limits=LIMITS)).calls
    await recorded(pool, call, Doubted("no answer"))
    await pool.execute("update channel set others_free_at = now() + interval '1 minute'")
    await pool.execute("update delivery set due_at = now()")

    assert [each.intent.action for each in (await claimed(pool, limits=LIMITS)).calls] == [Action.PROBE]


async def test_who_waits_for_his_part_of_the_minute_is_looked_for_when_it_begins(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool)
    began = await pool.fetchval("update channel set others_free_at = now() + interval '1 second' returning now()")

    async with pool.acquire() as connection:
        assert await seconds_to_next(connection, "telegram", began) == 1
