# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest

from app.database import Pool
from app.domain.outcome import Delivered, Failed, Gone, Moved, Throttled
from app.domain.pace import Limits
from app.outbox import Turn, claim, resume, slot
from tests.given import a_channel, accepted
from tests.outbox.conftest import claimed, deliveries, plain, recorded

A_FLOOD = "update channel set sent = array(select now() - n * interval '1 ms' from generate_series(1, 3000) n)"


async def test_a_claim_writes_lease_intent_and_attempt_before_anything_is_sent(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool)

    (call,) = (await claimed(pool)).calls

    (row,) = await deliveries(pool)
    assert row["lease_until"] is not None
    assert '"action": "post"' in row["intent"]
    assert (row["attempts"], row["token"]) == (1, call.token)
    assert await pool.fetchval("select count(*) from attempt where outcome is null") == 1


async def test_a_channel_has_one_attempt_at_a_time(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool)
    await accepted(pool)

    first, second = await claimed(pool), await claimed(pool)

    assert (len(first.calls), len(second.calls)) == (1, 0)


async def test_twenty_takers_never_share_a_delivery(pool: Pool) -> None:
    for number in range(30):
        await a_channel(pool, f"c{number}")
    await accepted(pool)

    taken = await asyncio.gather(*(claimed(pool, most=3) for _ in range(20)))

    ids = [call.owed.id for one in taken for call in one.calls]
    assert len(ids) == len(set(ids)) == 30


async def test_a_channel_is_served_in_the_order_of_acceptance(pool: Pool) -> None:
    await a_channel(pool)
    notices = [(await accepted(pool)).id for _ in range(5)]

    served = []
    for number in range(5):
        (call,) = (await claimed(pool)).calls
        served.append(call.owed.notice_id)
        await recorded(pool, call, Delivered((str(number),)))

    assert served == notices


async def test_urgent_overtakes_what_waits_and_bulk_follows(pool: Pool) -> None:
    for number in range(3):
        await a_channel(pool, f"c{number}")
    bulk, normal, urgent = [(await accepted(pool, priority=priority)).id for priority in ("bulk", "normal", "urgent")]

    served = []
    while calls := (await claimed(pool, most=1)).calls:
        served.append(calls[0].owed.notice_id)
        await recorded(pool, calls[0], Delivered(("1",)))

    assert served == [urgent] * 3 + [normal] * 3 + [bulk] * 3


async def test_bulk_that_has_waited_its_time_goes_before_a_new_normal_notice(pool: Pool) -> None:
    await a_channel(pool)
    bulk = (await accepted(pool, priority="bulk")).id
    await pool.execute("update delivery set rank = rank - interval '20 minutes'")
    await accepted(pool, priority="normal")

    (call,) = (await claimed(pool)).calls

    assert call.owed.notice_id == bulk


async def test_a_failing_head_holds_its_channel_in_order_but_no_other(pool: Pool) -> None:
    await a_channel(pool, "bad", address="-1001")
    await a_channel(pool, "good", address="-1002")
    await accepted(pool)
    await accepted(pool)
    calls = {call.owed.slug: call for call in (await claimed(pool)).calls}
    await recorded(pool, calls["bad"], Failed("refused"))
    await pool.execute("update delivery set due_at = now() + interval '1 minute' where failures > 0")
    await recorded(pool, calls["good"], Delivered(("1",)))

    then = (await claimed(pool)).calls

    assert [call.owed.slug for call in then] == ["good"]


async def test_nothing_goes_before_its_time(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool, publish_at="2099-01-01T00:00:00Z")

    assert (await claimed(pool)).calls == ()


async def test_what_has_expired_ends_without_a_call(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool, expires_at="2020-01-01T00:00:00Z")

    taken = await claimed(pool)

    (row,) = await deliveries(pool)
    assert (taken.calls, row["state"], row["settled_at"] is not None) == ((), "expired", True)


async def test_the_account_gets_no_more_than_its_pace(pool: Pool) -> None:
    for number in range(20):
        await a_channel(pool, f"c{number}", address=str(1000 + number))
    await accepted(pool)

    taken = [await claimed(pool, limits=Limits(30, 1, 20)) for _ in range(3)]

    moments = [call.moment for one in taken for call in one.calls]
    gaps = [(then - now).total_seconds() for now, then in pairwise(moments)]
    assert len(taken[0].calls) == 3
    assert min(gaps) > 0.0337


async def test_what_came_late_counts_from_when_it_came_whoever_claims_next(pool: Pool) -> None:
    """Two a second: the first of two is 400 ms later than the other, so that the third waits not only for its turn.

    Both come twenty seconds late: so long a machine that stands still may keep the next claim.
    """
    for number in range(4):
        await a_channel(pool, f"c{number}", address=str(1000 + number))
    await accepted(pool)
    kind, lease = plain(Limits(2, 0, 0)), timedelta(seconds=30)

    first, second = (await claim(pool, kind, Turn(2, timedelta(seconds=1), lease))).calls
    late = timedelta(seconds=20)
    came = {first.moment: first.moment + late + timedelta(milliseconds=400), second.moment: second.moment + late}
    told = await claim(pool, kind, Turn(2, timedelta(0), lease, came=came))
    third, fourth = (await claim(pool, kind, Turn(2, timedelta(seconds=60), lease))).calls

    assert told.calls == ()
    assert third.moment - came[first.moment] >= timedelta(seconds=1)
    assert second.moment - first.moment < timedelta(seconds=0.6)
    assert fourth.moment - third.moment < timedelta(seconds=0.6)


async def test_a_claim_that_finds_the_second_full_says_when_it_is_not(pool: Pool) -> None:
    for number in range(4):
        await a_channel(pool, f"c{number}", address=str(1000 + number))
    await accepted(pool)
    kind, lease = plain(Limits(2, 0, 0)), timedelta(seconds=30)
    calls = (await claim(pool, kind, Turn(2, timedelta(seconds=1), lease))).calls
    came = {call.moment: call.moment + timedelta(seconds=60) for call in calls}

    full = await claim(pool, kind, Turn(2, timedelta(milliseconds=100), lease, came=came))

    assert full.calls == ()
    assert full.waits is None
    assert full.again is not None
    assert full.again > 30


async def test_a_send_without_a_delivery_counts_as_one(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool)
    limits = Limits(2, 0, 0)
    await claimed(pool, limits=limits, most=0)

    slots = [await slot(pool, "telegram", limits.per_second) for _ in range(3)]

    assert slots[2].moment - slots[0].moment > timedelta(seconds=1)
    assert await pool.fetchval("select cardinality(sent) from pace") == 2


async def test_a_channel_rests_after_a_send_and_the_claim_says_for_how_long(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool)
    await accepted(pool)
    limits = Limits(0, 1, 20)
    (call,) = (await claimed(pool, limits=limits)).calls
    await recorded(pool, call, Delivered(("1",)), rest=1.3)
    free_at = await pool.fetchval("select free_at from channel")

    then = await claimed(pool, limits=limits)

    assert free_at - call.moment >= timedelta(seconds=1.3)
    assert (then.calls == ()) == (then.now < free_at)  # a machine that stood still for a second finds it free
    assert then.calls or then.again == pytest.approx((free_at - then.now).total_seconds())


async def test_a_group_rests_after_twenty_in_a_minute(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool)
    await pool.execute(
        "update channel set sent = array(select now() - interval '1 second' from generate_series(1, 19))"
    )
    (call,) = (await claimed(pool, limits=Limits(0, 0, 20))).calls
    await recorded(pool, call, Delivered(("1",)))
    await accepted(pool)

    assert (await claimed(pool, limits=Limits(0, 0, 20))).calls == ()
    assert await pool.fetchval("select free_at > now() + interval '20 seconds' from channel")


@pytest.mark.parametrize(("a_minute", "kept"), [(20, 61), (0, 61), (100, 101)])
async def test_of_a_minutes_sends_no_more_are_kept_than_count(pool: Pool, a_minute: int, kept: int) -> None:
    """A channel without a limit may have thousands, and its row is written anew with each."""
    await a_channel(pool, address="1")
    await pool.execute(A_FLOOD)
    before = await pool.fetchval("select sent from channel")
    await accepted(pool)

    (call,) = (await claimed(pool, limits=Limits(0, 0, a_minute))).calls

    sent = await pool.fetchval("select sent from channel")
    assert (len(sent), sorted(sent), sent[-1]) == (kept, sent, call.moment)
    assert sent[:-1] == sorted(before)[-(kept - 1) :]


async def test_being_throttled_pauses_the_channel_and_costs_no_failure(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool)
    (call,) = (await claimed(pool)).calls

    await recorded(pool, call, Throttled(30))

    (row,) = await deliveries(pool)
    assert (row["state"], row["failures"]) == ("due", 0)
    assert await pool.fetchval("select free_at > now() + interval '20 seconds' from channel")
    assert not await pool.fetchval("select free_at > now() from pace")


async def test_two_throttled_channels_pause_the_account(pool: Pool) -> None:
    for number in range(3):
        await a_channel(pool, f"c{number}")
    await accepted(pool)
    first, second, _ = (await claimed(pool)).calls

    await recorded(pool, first, Throttled(30))
    await recorded(pool, second, Throttled(30))

    assert await pool.fetchval("select free_at > now() + interval '20 seconds' from pace")


async def test_a_channel_whose_bot_was_removed_pauses_and_keeps_what_it_is_owed(pool: Pool) -> None:
    channel = await a_channel(pool)
    await accepted(pool)
    await accepted(pool)
    (call,) = (await claimed(pool)).calls

    await recorded(pool, call, Gone("bot was kicked from the channel chat"))

    assert (await claimed(pool)).calls == ()
    assert [row["state"] for row in await deliveries(pool)] == ["due", "due"]
    assert "kicked" in await pool.fetchval("select paused_reason from channel")
    await resume(pool, channel)
    assert len((await claimed(pool)).calls) == 1


async def test_a_moved_channel_is_followed(pool: Pool) -> None:
    await a_channel(pool, address="-77")
    await accepted(pool)
    (call,) = (await claimed(pool)).calls

    await recorded(pool, call, Moved("-10077"))

    (again,) = (await claimed(pool)).calls
    assert again.owed.address == "-10077"


async def test_the_intent_knows_the_last_post_of_a_channel_that_can_be_asked(pool: Pool) -> None:
    await a_channel(pool, can_ask=True)
    await accepted(pool)
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Delivered(("42",)))
    await accepted(pool)

    (then,) = (await claimed(pool)).calls

    assert (call.intent.after, then.intent.after) == (None, "42")
