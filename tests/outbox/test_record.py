# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
import asyncio

import asyncpg
import pytest

from app.amend import Change, amend, withdraw, withdraw_within
from app.database import Pool
from app.domain.outcome import Absent, Delivered, Doubted, Failed, Misconfigured, Refused, Unclear, Wire
from app.domain.pace import Limits
from app.outbox import Claimed, decide, give_back, record, redrive, sweep
from app.outbox.record import OPEN
from app.routing import Routing
from tests.given import a_channel, a_notice, accepted
from tests.outbox.conftest import claimed, deliveries, ended, plain, recorded
from tests.reliability.ground import until

WAITED_FOR = """
select exists (
  select from pg_stat_activity where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0)
"""
LAPSE = "update delivery set lease_until = now() - interval '1 second' where lease_until is not null"


async def test_a_delivered_post_is_settled_with_its_reference_and_frees_the_channel(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool)
    (call,) = (await claimed(pool)).calls

    held = await recorded(pool, call, Delivered(("42",)))

    (row,) = await deliveries(pool)
    assert held == {call.owed.id}
    assert (row["state"], row["shown"], row["settled_at"] is not None) == ("delivered", 1, True)
    assert '"reference": "42"' in row["posts"]
    attempt = await pool.fetchrow("select * from attempt")
    assert attempt is not None
    assert (attempt["outcome"], attempt["wire"], attempt["reference"]) == ("delivered", "response", "42")
    assert await pool.fetchval("select turn_until is null from channel")


async def test_a_stale_worker_writes_nothing(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool)
    (call,) = (await claimed(pool)).calls
    await pool.execute(LAPSE)
    await sweep(pool)

    held = await recorded(pool, call, Delivered(("42",)))

    (row,) = await deliveries(pool)
    assert (held, row["state"], row["posts"]) == (set(), "in_doubt", "[]")


async def test_a_stale_outcome_beside_the_one_that_counts_writes_nothing(pool: Pool) -> None:
    stale, call = await claimed_twice(pool)

    both = [(stale, Delivered(("9",))), (call, Delivered(("7",)))]
    await record(pool, [ended(each, outcome) for each, outcome in both])

    (row,) = await deliveries(pool)
    assert '"reference": "7"' in row["posts"]
    assert await pool.fetchval("select last_reference from channel") == "7"
    assert [each["reference"] for each in await pool.fetch("select * from attempt order by token")] == [None, "7"]


async def test_a_stale_outcome_beside_the_one_that_counts_has_no_consequences(pool: Pool) -> None:
    stale, call = await claimed_twice(pool)

    written = await record(pool, [ended(stale, Misconfigured("401: Unauthorized")), ended(call, Delivered(("7",)))])

    assert await pool.fetch("select from pace where blocked_reason is not null") == []
    assert {claim: went.state for claim, went in written.items()} == {(call.owed.id, call.token): "delivered"}


async def claimed_twice(pool: Pool) -> tuple[Claimed, Claimed]:
    """Give two claims of one delivery: that of a worker whose lease is over, and the one that counts."""
    await a_channel(pool)
    await accepted(pool, in_doubt="repeat")
    (stale,) = (await claimed(pool)).calls
    await pool.execute(LAPSE)
    await sweep(pool)
    await pool.execute("update delivery set due_at = now()")
    await claimed(pool)  # nobody can be asked: it is due again
    await pool.execute("update delivery set due_at = now()")
    (call,) = (await claimed(pool)).calls
    return stale, call


async def test_recording_twice_changes_nothing(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool)
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Delivered(("42",)))

    assert not await recorded(pool, call, Refused("late"))
    assert (await deliveries(pool))[0]["state"] == "delivered"


async def test_a_lapsed_lease_is_a_doubt_and_the_channel_is_free_again(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool)
    await claimed(pool)
    await pool.execute(LAPSE)

    swept = await sweep(pool)

    (row,) = await deliveries(pool)
    assert (swept.lapsed, row["state"], row["crashes"]) == (1, "in_doubt", 1)
    assert await pool.fetchval("select outcome from attempt") == "crashed"
    assert await pool.fetchval("select turn_until is null from channel")


@pytest.mark.parametrize(("policy", "state", "calls"), [("repeat", "due", 1), ("hold", "held", 0), ("drop", "dead", 0)])
async def test_a_doubt_where_nobody_can_be_asked_follows_the_policy(
    pool: Pool, policy: str, state: str, calls: int
) -> None:
    await a_channel(pool)
    await accepted(pool, in_doubt=policy)
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Doubted("reset"), Wire.BODY)
    await pool.execute("update delivery set due_at = now()")

    taken = await claimed(pool)

    assert [settlement.state for _, settlement in taken.ended] == [state]
    assert len((await claimed(pool)).calls) == calls


async def test_an_urgent_notice_that_was_withdrawn_while_in_doubt_is_not_silently_called_withdrawn(pool: Pool) -> None:
    await a_channel(pool)
    notice = await accepted(pool, priority="urgent")
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Doubted("reset"), Wire.BODY)
    await withdraw(pool, Change(notice.id, "mensa", "test", None))
    await pool.execute("update delivery set due_at = now()")

    taken = await claimed(pool)
    (row,) = await deliveries(pool)
    decided = await decide(pool, row["id"], "not_sent")
    await claimed(pool)

    assert (taken.calls, row["state"], row["last_error"]) == ((), "held", "nobody can tell whether it arrived")
    assert (decided, (await deliveries(pool))[0]["state"]) == (True, "withdrawn")


async def test_what_is_withdrawn_while_it_is_asked_about_is_held_where_the_answer_tells_nothing(pool: Pool) -> None:
    await a_channel(pool, can_ask=True)
    await pool.execute("update channel set last_reference = '41'")
    notice = await accepted(pool, in_doubt="repeat")
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Doubted("reset"), Wire.BODY)
    await pool.execute("update delivery set due_at = now()")
    (question,) = (await claimed(pool)).calls
    await withdraw(pool, Change(notice.id, "mensa", "test", None))

    await recorded(pool, question, Unclear("protected"))

    (row,) = await deliveries(pool)
    assert (row["state"], row["last_error"]) == ("held", OPEN)


async def test_what_is_wished_while_an_outcome_waits_for_its_row_is_seen(pool: Pool, database_url: str) -> None:
    await a_channel(pool)
    notice = await accepted(pool)
    (call,) = (await claimed(pool)).calls

    patient = asyncpg.create_pool(database_url, min_size=0)  # however long it waits for the row
    async with patient, asyncio.TaskGroup() as group, pool.acquire() as somebody, somebody.transaction():
        await withdraw_within(somebody, Change(notice.id, "mensa", "test", None))
        group.create_task(recorded(patient, call, Delivered(("42",))))
        await until(lambda: is_waited_for(pool))

    (row,) = await deliveries(pool)
    assert (row["state"], row["settled_at"], row["posts"] == "[]") == ("due", None, False)


async def is_waited_for(pool: Pool) -> bool:
    waits: bool = await pool.fetchval(WAITED_FOR)
    return waits


async def test_a_channel_that_can_be_asked_is_asked_and_what_is_found_is_adopted(pool: Pool) -> None:
    await a_channel(pool, can_ask=True)
    await pool.execute("update channel set last_reference = '41'")
    await accepted(pool, in_doubt="hold")
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Doubted("reset"), Wire.BODY)
    await pool.execute("update delivery set due_at = now()")

    (question,) = (await claimed(pool)).calls
    await recorded(pool, question, Delivered(("42",)))

    (row,) = await deliveries(pool)
    assert (question.intent.action, question.intent.after) == ("probe", "41")
    assert (row["state"], row["attempts"]) == ("delivered", 2)
    assert await pool.fetchval("select last_reference from channel") == "42"


async def test_a_doubted_post_that_is_not_there_is_posted_again(pool: Pool) -> None:
    await a_channel(pool, can_ask=True)
    await pool.execute("update channel set last_reference = '41'")
    await accepted(pool)
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Doubted("reset"), Wire.BODY)
    for _ in range(2):
        await pool.execute("update delivery set due_at = now()")
        (question,) = (await claimed(pool)).calls
        await recorded(pool, question, Absent())

    (again,) = (await claimed(pool)).calls

    assert again.intent.action == "post"


async def test_a_doubt_whose_question_is_refused_is_over_also_for_a_revision_that_came_meanwhile(pool: Pool) -> None:
    await a_channel(pool, can_ask=True)
    await pool.execute("update channel set last_reference = '41'")
    notice = await accepted(pool, in_doubt="hold", event_id="mensa/1")
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Doubted("reset"), Wire.BODY)
    await pool.execute("update delivery set due_at = now()")
    (question,) = (await claimed(pool)).calls
    corrected = a_notice(in_doubt="hold", event_id="mensa/1", texts={"it": {"title": "Corretto"}})
    await amend(pool, Routing(), Change(notice.id, "mensa", "test", None), corrected)

    await recorded(pool, question, Refused("too large"))

    (row,) = await deliveries(pool)
    assert (question.intent.action, row["state"], row["settled_at"] is not None) == ("probe", "dead", True)


async def test_a_doubt_survives_the_worker_that_asked(pool: Pool) -> None:
    await a_channel(pool, can_ask=True)
    await pool.execute("update channel set last_reference = '41'")
    await accepted(pool)
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Doubted("reset"), Wire.BODY)
    await pool.execute("update delivery set due_at = now()")
    await claimed(pool)
    await pool.execute(LAPSE)
    await sweep(pool)
    await pool.execute("update delivery set due_at = now()")

    (question,) = (await claimed(pool)).calls

    assert (question.intent.action, question.intent.digest) == ("probe", call.intent.digest)


async def test_what_was_given_back_is_as_if_never_taken(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool)
    (call,) = (await claimed(pool)).calls

    await give_back(pool, plain(), call)

    (row,) = await deliveries(pool)
    assert (row["state"], row["attempts"], row["intent"]) == ("due", 0, None)
    assert len((await claimed(pool)).calls) == 1


async def test_a_claim_that_is_given_back_costs_its_channel_nothing(pool: Pool) -> None:
    """One a minute: what was never sent does not make the next one wait for a minute."""
    await a_channel(pool)
    await accepted(pool)
    limits = Limits(0, 1, 1)
    (call,) = (await claimed(pool, limits=limits)).calls

    await give_back(pool, plain(limits), call)

    assert await pool.fetchval("select cardinality(sent) from channel") == 0
    assert len((await claimed(pool, limits=limits)).calls) == 1


async def test_expired_deliveries_are_swept_even_in_a_paused_channel(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool, expires_at="2020-01-01T00:00:00Z")
    await pool.execute("update channel set paused_at = now()")

    swept = await sweep(pool)

    assert (swept.expired, (await deliveries(pool))[0]["state"]) == (1, "expired")


async def test_a_dead_letter_gets_a_fresh_start(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool)
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Refused("no"))

    redriven = await redrive(pool, [call.owed.id])

    assert redriven == 1
    assert len((await claimed(pool)).calls) == 1


async def test_what_a_person_lets_go_out_is_tried_as_long_as_what_is_new(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool)
    worn = "update delivery set state = 'held', give_up_at = now() - interval '1 hour', failures = 9, crashes = 5"
    await pool.execute(worn)
    (row,) = await deliveries(pool)

    await decide(pool, row["id"], "not_sent")
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Failed("no connection"))

    (row,) = await deliveries(pool)
    assert (row["state"], row["failures"], row["crashes"]) == ("due", 1, 0)


@pytest.mark.parametrize(
    ("decision", "state", "calls"), [("sent", "delivered", 0), ("not_sent", "due", 1), ("give_up", "dead", 0)]
)
async def test_a_person_decides_what_is_held(pool: Pool, decision: str, state: str, calls: int) -> None:
    await a_channel(pool)
    await accepted(pool)
    await pool.execute("update delivery set state = 'held'")
    (row,) = await deliveries(pool)

    assert await decide(pool, row["id"], decision)  # type: ignore[arg-type]  # one of the three words

    assert (await deliveries(pool))[0]["state"] == state
    assert len((await claimed(pool)).calls) == calls
    assert not await decide(pool, row["id"], "sent")
