# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""When a delivery is given up, how often what is in doubt is repeated until then, and what is known of it then."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from app.amend import Change, withdraw
from app.database import Pool
from app.domain.backoff import DOUBT_RESTS, GIVE_UP
from app.domain.outcome import Doubted, Failed, Outcome, Refused, Throttled, Wire
from app.domain.pace import Limits
from app.domain.settle import settle
from app.outbox import ChannelKind, Claimed, Done, claim, record
from tests.given import a_channel, accepted
from tests.outbox.conftest import TURN, claimed, deliveries, plain, plainly, recorded

DUE = "update delivery set due_at = now()"
LONG_WAITED = "update delivery set ready_at = now() - interval '3 days', give_up_at = now() - interval '1 hour'"
WORN = "update delivery set failures = 7, give_up_at = now() - interval '1 hour'"


async def in_doubt_again(pool: Pool) -> timedelta:
    """Post without an answer, and decide by the policy; gives how long the repetition waits."""
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Doubted("no answer"), Wire.HEADERS)
    await pool.execute(DUE)
    ((_, end),) = (await claimed(pool)).ended
    await pool.execute(DUE)
    return end.wait


async def test_what_is_in_doubt_each_time_is_repeated_at_once_and_then_ever_more_seldom(pool: Pool) -> None:
    """Where requests arrive and no answer does, each repetition is one more post in a family's chat."""
    await a_channel(pool, address="77")
    await accepted(pool, priority="urgent", in_doubt="repeat")

    waits = [await in_doubt_again(pool) for _ in range(12)]

    assert waits[:4] == [timedelta(0), DOUBT_RESTS * 2, DOUBT_RESTS * 4, DOUBT_RESTS * 8]
    assert sum(waits, timedelta(0)) > GIVE_UP[0] / 4
    assert (await deliveries(pool))[0]["state"] == "due"


async def test_a_receiver_that_asks_to_wait_again_and_again_makes_nothing_younger(pool: Pool) -> None:
    """An account of its own: a receiver that always answers 429 would else keep its channel's line for ever."""
    await a_channel(pool)
    await accepted(pool, priority="urgent")
    ages = []

    for _ in range(3):
        (call,) = (await claimed(pool)).calls
        await recorded(pool, call, Throttled(60, alone=True))
        await pool.execute("update delivery set due_at = now(), give_up_at = give_up_at - interval '1 hour'")
        await pool.execute("update channel set free_at = now()")
        ages.append((await deliveries(pool))[0]["give_up_at"])

    assert [earlier - later for earlier, later in pairwise(ages)] == [timedelta(hours=1)] * 2
    assert ages[-1] < datetime.now(UTC)


@pytest.mark.parametrize("outcome", [Failed("never left"), Doubted("no answer")])
async def test_what_nobody_could_try_has_as_long_from_its_first_try_as_what_is_new(
    pool: Pool, outcome: Outcome
) -> None:
    """A machine that was off for a night tries before it has a network."""
    await a_channel(pool, address="77")
    await accepted(pool, in_doubt="repeat")
    await pool.execute(LONG_WAITED)

    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, outcome)
    await pool.execute(DUE)
    await claimed(pool)

    (row,) = await deliveries(pool)
    assert row["state"] == "due"
    assert timedelta(hours=11) < row["give_up_at"] - datetime.now(UTC) < timedelta(hours=13)


async def test_what_fails_is_given_up_by_its_age_however_old_it_was_when_it_failed_first(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool)
    await pool.execute(WORN)

    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Failed("never left"))

    assert (await deliveries(pool))[0]["state"] == "dead"


async def told(pool: Pool, call: Claimed, outcome: Outcome) -> None:
    settlement = settle(call.owed.progress, call.intent, outcome, datetime.now(UTC), 0.0)
    await record(pool, [Done(call.owed, call.intent, call.token, outcome, settlement, Wire.BODY, in_place=True)])


async def test_who_may_have_heard_the_last_try_is_not_called_told_of_nothing(pool: Pool) -> None:
    """The receiver may show it as if it held: whoever withdraws it then must be told that nobody knows."""
    kind = ChannelKind("webhook", Limits(0, 0, 0), plainly, once_key=True, in_place=True)
    await a_channel(pool, kind="webhook", address="https://example.org/hook")
    notice = (await accepted(pool)).id
    await pool.execute(WORN)
    await claim(pool, kind, TURN)  # makes the row of the pace
    (call,) = (await claim(pool, kind, TURN)).calls

    await told(pool, call, Doubted("no answer"))
    given_up = await deliveries(pool)
    await withdraw(pool, Change(notice, "mensa", "test", None))
    await claim(pool, kind, TURN)

    assert [(row["state"], row["doubted"]) for row in given_up] == [("dead", True)]
    assert [row["state"] for row in await deliveries(pool)] == ["held"]


async def test_what_no_form_can_be_found_for_in_the_middle_of_a_doubt_is_known_to_stand_there_perhaps(
    pool: Pool,
) -> None:
    """What was doubted is an earlier form, which could be posted: a withdrawal must not say that nothing stands."""
    await a_channel(pool, can_ask=True)
    await pool.execute("update channel set last_reference = '41'")
    notice = (await accepted(pool)).id
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Doubted("no answer"), Wire.HEADERS)
    await pool.execute(DUE)

    await claim(pool, replace(plain(), render=lambda _: Refused("too long")), TURN)
    given_up = await deliveries(pool)
    known = await pool.fetchval("select last_reference from channel")
    await withdraw(pool, Change(notice, "mensa", "test", None))
    await claimed(pool)

    assert [(row["state"], row["doubted"], known) for row in given_up] == [("dead", True, None)]
    assert [row["state"] for row in await deliveries(pool)] == ["held"]
