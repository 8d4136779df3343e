# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Of a dead letter it stays known that a post of it may stand in the channel, until that is known for certain."""

import pytest

from app.amend import Change, withdraw
from app.database import Pool
from app.domain.delivery import Action
from app.domain.outcome import Delivered, Doubted, Failed, Outcome, Refused, Throttled
from app.outbox import decide, redrive, sweep
from tests.given import a_channel, accepted
from tests.outbox.conftest import claimed, deliveries, recorded

DUE = "update delivery set due_at = now() where state = 'in_doubt'"
LAPSE = "update delivery set lease_until = now() - interval '1 second' where lease_until is not null"
OVER = "update delivery set expires_at = now() - interval '1 hour'"


async def ends_in(pool: Pool) -> tuple[str, bool]:
    """Let what needs no call end; give the state, and whether a post may stand there."""
    await pool.execute(DUE)
    await claimed(pool)
    (row,) = await deliveries(pool)
    return row["state"], row["doubted"]


async def doubted(pool: Pool, policy: str) -> int:
    await a_channel(pool)
    await accepted(pool, in_doubt=policy)
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Doubted("the answer was lost"))
    return call.owed.id


async def test_a_doubt_that_is_dropped_may_have_arrived(pool: Pool) -> None:
    await doubted(pool, "drop")

    assert await ends_in(pool) == ("dead", True)


async def test_a_refusal_is_no_doubt(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool)
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Refused("never"))

    assert await ends_in(pool) == ("dead", False)


async def test_what_was_repeated_after_a_doubt_and_then_refused_may_have_arrived(pool: Pool) -> None:
    await doubted(pool, "repeat")
    await ends_in(pool)
    (call,) = (await claimed(pool)).calls

    await recorded(pool, call, Refused("never"))

    assert await ends_in(pool) == ("dead", True)


async def test_a_post_whose_workers_died_may_have_arrived(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool, in_doubt="drop")
    await claimed(pool)
    await pool.execute(LAPSE)
    await sweep(pool)

    assert await ends_in(pool) == ("dead", True)


@pytest.mark.parametrize(("decision", "stays"), [("give_up", True), ("not_sent", False), ("sent", False)])
async def test_a_person_who_has_looked_ends_the_doubt_and_one_who_gives_up_does_not(
    pool: Pool, decision: str, *, stays: bool
) -> None:
    number = await doubted(pool, "hold")
    await ends_in(pool)

    await decide(pool, number, decision, ["42"] if decision == "sent" else [])  # type: ignore[arg-type]

    assert [row["doubted"] for row in await deliveries(pool)] == [stays]


async def taken_back(pool: Pool) -> None:
    await withdraw(pool, Change(await pool.fetchval("select id from notice"), "mensa", "test", None))


@pytest.mark.parametrize("policy", ["drop", "repeat"])
async def test_what_is_withdrawn_after_its_doubt_ended_is_a_persons(pool: Pool, policy: str) -> None:
    number = await doubted(pool, policy)
    await ends_in(pool)
    await taken_back(pool)
    before = await ends_in(pool)

    await decide(pool, number, "sent", ["42"])

    (call,) = (await claimed(pool)).calls
    assert (before, call.intent.action, call.intent.reference) == (("held", True), Action.EDIT, "42")


@pytest.mark.parametrize("outcome", [Failed("never left"), Refused("never"), Throttled(1)])
async def test_what_is_withdrawn_while_it_is_repeated_is_a_persons_too(pool: Pool, outcome: Outcome) -> None:
    await doubted(pool, "repeat")
    await ends_in(pool)
    (call,) = (await claimed(pool)).calls
    await taken_back(pool)

    await recorded(pool, call, outcome)

    await pool.execute("update delivery set due_at = now()")
    await pool.execute("update channel set free_at = now()")
    assert await ends_in(pool) == ("held", True)


async def test_what_expired_after_its_doubt_and_is_withdrawn_is_a_persons_too(pool: Pool) -> None:
    await doubted(pool, "repeat")
    await ends_in(pool)
    await pool.execute(OVER)
    expired = await ends_in(pool)

    await taken_back(pool)

    assert (expired, await ends_in(pool)) == (("expired", True), ("held", True))


async def test_what_a_person_did_not_find_is_withdrawn_then(pool: Pool) -> None:
    number = await doubted(pool, "drop")
    await ends_in(pool)
    await taken_back(pool)
    await ends_in(pool)

    await decide(pool, number, "not_sent")

    assert await ends_in(pool) == ("withdrawn", False)


async def test_what_is_delivered_after_all_is_in_doubt_no_more(pool: Pool) -> None:
    await doubted(pool, "repeat")
    before = await ends_in(pool)
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Delivered(("42",)))

    assert (before, await ends_in(pool)) == (("due", True), ("delivered", False))


async def test_a_dead_withdrawal_of_what_is_over_is_given_a_fresh_start_and_a_dead_post_is_not(pool: Pool) -> None:
    for slug in ("shows", "nothing"):
        await a_channel(pool, slug)
    number = (await accepted(pool)).id
    calls = {call.owed.slug: call for call in (await claimed(pool)).calls}
    await recorded(pool, calls["shows"], Delivered(("42",)))
    await withdraw(pool, Change(number, "mensa", "test", None))
    (edit,) = (await claimed(pool)).calls
    await recorded(pool, edit, Refused("never"))
    await recorded(pool, calls["nothing"], Refused("never"))
    await pool.execute("update delivery set wanted = 1, state = 'dead' where id = $1", calls["nothing"].owed.id)
    await pool.execute(OVER)

    redriven = await redrive(pool, [call.owed.id for call in calls.values()])

    assert redriven == 1
    assert [(call.owed.slug, call.intent.action) for call in (await claimed(pool)).calls] == [("shows", "edit")]
