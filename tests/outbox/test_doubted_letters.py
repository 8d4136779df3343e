# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Of a dead letter it stays known that a post of it may stand in the channel, until that is known for certain."""

from dataclasses import replace

import pytest

from app.amend import Change, amend, withdraw
from app.database import Pool
from app.domain.decision import Decision
from app.domain.delivery import Action, Progress
from app.domain.outcome import Delivered, Doubted, Failed, Outcome, Refused, Throttled
from app.outbox import claim, decide, redrive, sweep
from app.outbox.owed import progress_of
from app.outbox.record import OPEN, TWICE
from app.routing import Routing
from tests.given import a_channel, a_notice, accepted
from tests.outbox.conftest import TURN, claimed, deliveries, plain, recorded

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


async def given_up(pool: Pool, policy: str) -> int:
    """Give a dead letter that may have arrived."""
    number = await doubted(pool, policy)
    await ends_in(pool)
    await decide(pool, number, "give_up")
    return number


async def corrected(pool: Pool, **members: str) -> None:
    (row,) = await pool.fetch("select id, event_id from notice")
    notice = a_notice(event_id=row["event_id"], texts={"it": {"title": "Corretto"}}, **members)
    await amend(pool, Routing(), Change(row["id"], "mensa", "test", None), notice)


async def the_next(pool: Pool) -> Progress:
    """Give the delivery as the next claim would see it."""
    (row,) = await pool.fetch("select d.*, n.policy from delivery d join notice n on n.id = d.notice_id")
    return progress_of(row)


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


async def test_who_claims_is_told_where_an_end_went_and_why(pool: Pool) -> None:
    await doubted(pool, "drop")
    await ends_in(pool)
    await taken_back(pool)

    taken = await claimed(pool)

    assert [(settlement.state, settlement.error) for _, settlement in taken.ended] == [("held", OPEN)]


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


async def test_what_arrived_when_it_was_repeated_may_stand_there_twice_and_says_so(pool: Pool) -> None:
    await doubted(pool, "repeat")
    before = await ends_in(pool)
    (call,) = (await claimed(pool)).calls

    await recorded(pool, call, Delivered(("42",)))

    (row,) = await deliveries(pool)
    assert (before, row["state"], row["doubted"], row["last_error"]) == (("due", True), "delivered", True, TWICE)


@pytest.mark.parametrize(
    ("decision", "places", "ends"), [("sent", ["41"], "41"), ("not_sent", [], None), ("give_up", [], None)]
)
async def test_of_what_may_stand_there_twice_one_is_taken_back_and_the_other_is_a_persons(
    pool: Pool, decision: Decision, places: list[str], ends: str | None
) -> None:
    number = await doubted(pool, "repeat")
    await ends_in(pool)
    (again,) = (await claimed(pool)).calls
    await recorded(pool, again, Delivered(("42",)))

    await taken_back(pool)
    (struck,) = (await claimed(pool)).calls
    await recorded(pool, struck, Delivered(("42",)))
    (row,) = await deliveries(pool)
    decided = await decide(pool, number, decision, places)

    assert (struck.intent.action, struck.intent.reference) == (Action.EDIT, "42")
    assert (row["state"], row["last_error"], decided) == ("held", OPEN, True)
    assert [post.reference for post in (await the_next(pool)).posts] == ["42", *([ends] if ends else [])]


@pytest.mark.parametrize("policy", ["hold", "drop"])
async def test_what_is_corrected_after_its_doubt_ended_is_not_posted_without_a_person(pool: Pool, policy: str) -> None:
    number = await given_up(pool, policy)

    await corrected(pool, in_doubt=policy)

    assert await ends_in(pool) == ("held", True)
    await decide(pool, number, "not_sent")
    (call,) = (await claimed(pool)).calls
    assert (call.intent.action, call.intent.revision) == (Action.POST, 2)


async def test_what_a_person_finds_of_an_earlier_revision_is_corrected_there(pool: Pool) -> None:
    number = await given_up(pool, "hold")
    await corrected(pool, in_doubt="hold")
    await ends_in(pool)

    await decide(pool, number, "sent", ["42"])

    (call,) = (await claimed(pool)).calls
    assert (call.intent.action, call.intent.reference, call.intent.revision) == (Action.EDIT, "42", 2)


async def test_what_a_person_saw_of_an_earlier_revision_without_its_place_is_not_called_corrected(pool: Pool) -> None:
    number = await given_up(pool, "hold")
    await corrected(pool, in_doubt="hold")
    await ends_in(pool)

    await decide(pool, number, "sent")

    assert await ends_in(pool) == ("held", False)


async def test_what_is_repeated_is_posted_in_its_corrected_form_at_once(pool: Pool) -> None:
    await given_up(pool, "hold")

    await corrected(pool, in_doubt="repeat")

    (call,) = (await claimed(pool)).calls
    assert (call.intent.action, call.intent.revision) == (Action.POST, 2)


async def test_what_is_told_in_its_own_place_needs_nobody_to_look(pool: Pool) -> None:
    await given_up(pool, "hold")
    await corrected(pool, in_doubt="hold")
    kind = replace(plain(), once_key=True, in_place=True)

    await claim(pool, kind, TURN)

    (call,) = (await claim(pool, kind, TURN)).calls
    assert (call.intent.action, call.intent.revision) == (Action.POST, 2)


async def test_what_is_withdrawn_before_a_person_was_asked_is_a_persons(pool: Pool) -> None:
    await given_up(pool, "hold")
    await corrected(pool, in_doubt="hold")

    await taken_back(pool)

    assert await ends_in(pool) == ("held", True)


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
