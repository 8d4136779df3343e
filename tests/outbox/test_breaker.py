# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""While a platform answers nobody one call asks now and then; when it is back everything goes out at once."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.database import Pool
from app.domain.breaker import CALLS
from app.domain.outcome import Declined, Delivered, Doubted, Failed, Misconfigured, Outcome, Postponed, Refused, Wire
from app.outbox import Claimed, Taken, claim
from tests.given import a_channel, accepted
from tests.outbox.conftest import TURN, plain, recorded

NEVER_LEFT = Failed("never left: ConnectionRefusedError")
NO_ANSWER = Doubted("no answer after the request had left: TimeoutError")
A_PROXYS_PAGE = Failed("an answer that is not Telegram's, HTTP status 403")
NOT_SO = Declined("Bad Request: group send failed")
PACE = "select away_since is not null as away, asked, blocked_reason from pace where kind = 'telegram'"
LATER = "update pace set asked = 10, asked_at = asked_at - interval '30 seconds' where kind = 'telegram'"
TROUBLED = "select troubled_at is not null from pace where kind = 'telegram'"
DUE = "update delivery set due_at = now() where state in ('due', 'in_doubt')"


async def publish(pool: Pool, channels: int) -> None:
    for number in range(channels):
        await a_channel(pool, f"c{number}")
    await accepted(pool, in_doubt="repeat")


async def claims(pool: Pool, *, one_platform: bool = True) -> Sequence[Claimed]:
    """Claim, also after what ended without a call."""
    taken = Taken(datetime.now(UTC), 0.0, again=0.0)
    while not taken.calls and taken.again == 0:
        taken = await claim(pool, replace(plain(), one_platform=one_platform), TURN)
    return taken.calls


async def end(pool: Pool, calls: Sequence[Claimed], outcome: Outcome = NEVER_LEFT, wire: Wire | None = None) -> None:
    reached = wire or (Wire.NONE if isinstance(outcome, Failed | Doubted) else Wire.BODY)
    for call in calls:
        assert await recorded(pool, call, outcome, reached) == {call.owed.id}


async def opened(pool: Pool, channels: int = 20) -> None:
    """Let nobody be answered, until it counts as away."""
    await publish(pool, channels)
    while calls := await claims(pool):
        await end(pool, calls)
    assert await is_away(pool)


async def is_away(pool: Pool) -> bool:
    row = await pool.fetchrow(PACE)
    assert row is not None
    assert row["away"] is (row["blocked_reason"] is not None)
    return bool(row["away"])


@pytest.mark.parametrize(
    ("outcome", "wire"),
    [(NEVER_LEFT, Wire.NONE), (NO_ANSWER, Wire.BODY), (A_PROXYS_PAGE, Wire.RESPONSE)],
    ids=["never left", "no answer", "a page of a proxy"],
)
async def test_when_nobody_is_answered_one_call_asks_and_all_others_wait(
    pool: Pool, outcome: Outcome, wire: Wire
) -> None:
    await publish(pool, 20)
    await end(pool, await claims(pool), outcome, wire)
    await pool.execute(DUE)

    assert await claims(pool) == ()
    assert await is_away(pool)
    for _ in range(3):
        await pool.execute(LATER)
        (asks,) = await claims(pool)
        assert await claims(pool) == ()
        await end(pool, [asks], outcome, wire)
        assert await claims(pool) == ()
        assert await pool.fetchval("select asked from pace where kind = 'telegram'") == 11
    assert await is_away(pool)


@pytest.mark.parametrize(
    "outcome", [Delivered(("7",)), Refused("Bad Request: message is too long"), NOT_SO], ids=["yes", "no", "not so"]
)
async def test_one_answer_lets_everything_go_at_once_whatever_it_waited_for(pool: Pool, outcome: Outcome) -> None:
    await publish(pool, 20)
    await end(pool, await claims(pool))
    await claims(pool)
    await pool.execute("update delivery set due_at = now() + interval '5 minutes'")
    await pool.execute(LATER)
    asks = await claims(pool)

    await end(pool, asks, outcome)

    assert len(asks) == 1
    assert len(await claims(pool)) == 20 - (outcome is not NOT_SO)
    assert not await is_away(pool)


async def test_what_the_platform_itself_declines_is_no_silence_though_it_is_tried_again(pool: Pool) -> None:
    await publish(pool, 20)
    for _ in range(2):
        calls = await claims(pool)
        assert len(calls) == 20
        await end(pool, calls, NOT_SO)
        assert not await pool.fetchval(TROUBLED)

    assert not await is_away(pool)


async def test_where_the_platform_itself_declined_the_last_calls_the_silence_before_them_is_over(pool: Pool) -> None:
    await publish(pool, 20)
    calls = await claims(pool)
    await end(pool, calls[CALLS:], NOT_SO)
    await end(pool, calls[:CALLS])
    await pool.execute("update attempt set started_at = started_at - interval '1 second' where outcome = 'failed'")

    assert len(await claims(pool)) == 20

    assert not await is_away(pool)
    assert not await pool.fetchval(TROUBLED)


async def test_an_answer_that_was_on_its_way_is_an_answer(pool: Pool) -> None:
    await publish(pool, 20)
    calls = await claims(pool)
    await end(pool, calls[: CALLS + 2])
    assert await claims(pool) == ()
    assert await is_away(pool)

    await end(pool, calls[CALLS + 2 :], Delivered(("7",)))

    assert len(await claims(pool)) == CALLS + 2
    assert not await is_away(pool)


async def test_a_channel_that_never_answers_says_nothing_about_the_others(pool: Pool) -> None:
    for slug in ("bad", "good", "fine"):
        await a_channel(pool, slug, areas=[slug])
    await accepted(pool, audience={"areas": ["bad"]})
    for _ in range(CALLS + 5):
        await end(pool, await claims(pool))

    await accepted(pool, audience={"areas": ["good", "fine"]})

    assert {call.owed.slug for call in await claims(pool)} == {"bad", "good", "fine"}
    assert not await is_away(pool)


async def test_where_there_is_one_channel_it_speaks_for_the_platform(pool: Pool) -> None:
    await publish(pool, 1)
    for _ in range(CALLS):
        await end(pool, await claims(pool))

    assert await claims(pool) == ()
    assert await is_away(pool)


async def test_addresses_that_have_nothing_in_common_are_judged_one_by_one(pool: Pool) -> None:
    await publish(pool, 20)
    await end(pool, await claims(pool, one_platform=False))

    assert len(await claims(pool, one_platform=False)) == 20
    assert not await is_away(pool)


async def test_something_urgent_asks_sooner(pool: Pool) -> None:
    await publish(pool, 20)
    await end(pool, await claims(pool))
    await claims(pool)
    await pool.execute("update pace set asked = 10, asked_at = now() - interval '6 seconds' where kind = 'telegram'")
    assert await claims(pool) == ()

    await accepted(pool, priority="urgent")

    (asks,) = await claims(pool)
    assert asks.owed.notice.priority == "urgent"


async def test_two_workers_ask_once_between_them(pool: Pool) -> None:
    await publish(pool, 20)
    await end(pool, await claims(pool))
    await claims(pool)
    await pool.execute(LATER)

    both = await asyncio.gather(*(claims(pool) for _ in range(8)))

    assert sum(len(calls) for calls in both) == 1


async def test_what_made_no_call_is_no_answer(pool: Pool) -> None:
    await opened(pool)
    await pool.execute(LATER)

    await end(pool, await claims(pool), Postponed(0, "its rest"), Wire.NONE)

    assert await claims(pool) == ()
    assert await is_away(pool)


async def test_a_doubt_rests_its_time_though_the_platform_is_back(pool: Pool) -> None:
    await opened(pool)
    await pool.execute("update delivery set state = 'in_doubt', due_at = now() + interval '1 minute' where id = 1")
    await pool.execute(LATER)

    await end(pool, await claims(pool), Delivered(("7",)))

    assert 1 not in {call.owed.id for call in await claims(pool)}
    assert not await is_away(pool)


async def test_what_can_never_be_answered_does_not_keep_the_others_waiting(pool: Pool) -> None:
    await opened(pool, channels=3)
    await a_channel(pool, "fine", areas=["fine"])
    await accepted(pool, audience={"areas": ["fine"]})
    asked = set()
    for _ in range(4):
        await pool.execute(LATER)
        asks = await claims(pool)
        asked |= {call.owed.slug for call in asks}
        for call in asks:
            await recorded(pool, call, NEVER_LEFT, Wire.NONE)
            await pool.execute("update delivery set due_at = now() + interval '1 hour' where id = $1", call.owed.id)

    assert "fine" in asked


async def test_what_waits_for_a_person_is_no_question(pool: Pool) -> None:
    await opened(pool)
    await pool.execute("update delivery set awaits = 'it', due_at = now() + interval '15 minutes'")
    await pool.execute(LATER)

    assert await claims(pool) == ()
    assert await is_away(pool)


async def test_with_nothing_to_ask_with_it_does_not_count_as_away_for_ever(pool: Pool) -> None:
    await opened(pool)
    await pool.execute("update delivery set state = 'delivered', settled_at = now()")
    await pool.execute("update pace set asked_at = asked_at - interval '3 minutes' where kind = 'telegram'")

    assert await claims(pool) == ()
    assert not await is_away(pool)


async def test_the_reason_why_the_account_is_refused_outlives_the_silence(pool: Pool) -> None:
    await opened(pool)
    await pool.execute(LATER)

    await end(pool, await claims(pool), Misconfigured("401: Unauthorized"))
    await claims(pool)

    row = await pool.fetchrow(PACE)
    assert row is not None
    assert (row["away"], row["blocked_reason"]) == (False, "401: Unauthorized")
