# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a person chooses about a push while a worker takes the delivery: whoever has it first is not overruled."""

import asyncio

import asyncpg
import pytest

from app.database import Pool
from app.domain.outcome import Postponed
from app.pushes import Question, Verdict, ask, choose
from tests.given import a_channel, accepted
from tests.outbox.conftest import claimed, deliveries, recorded
from tests.outbox.test_record import is_waited_for
from tests.reliability.ground import until

LEASED = "update delivery set lease_until = now() + interval '30 seconds', token = token + 1"
UNDECIDED = "select decided_at is null and not send from choice"


async def asked(pool: Pool) -> int:
    """Have a notice wait for a person's choice."""
    await a_channel(pool)
    await accepted(pool)
    (call,) = (await claimed(pool)).calls
    await ask(pool, Question(call.owed.id, 1, "3 are left"))
    await recorded(pool, call, Postponed(0, "waits for a person"))
    return call.owed.id


@pytest.mark.parametrize("verdict", ["send", "leave"])
async def test_what_a_worker_takes_while_a_choice_waits_for_its_row_is_left_to_the_worker(
    pool: Pool, database_url: str, verdict: Verdict
) -> None:
    delivery = await asked(pool)

    patient = asyncpg.create_pool(database_url, min_size=0)  # however long it waits for the row
    async with patient, asyncio.TaskGroup() as group:
        async with pool.acquire() as worker, worker.transaction():
            await worker.execute(LEASED)
            (held,) = await worker.fetch("select token, state, last_error from delivery")
            choice = group.create_task(choose(patient, delivery, verdict, "operator"))
            await until(lambda: is_waited_for(pool))
        made = await choice

    (row,) = await deliveries(pool)
    assert (made, row["lease_until"] is not None) == (False, True)
    assert (row["token"], row["state"], row["last_error"]) == (held["token"], held["state"], held["last_error"])
    assert await pool.fetchval(UNDECIDED)


@pytest.mark.parametrize(("verdict", "state"), [("send", "due"), ("leave", "dead")])
async def test_of_two_choices_at_once_the_first_counts(
    pool: Pool, database_url: str, verdict: Verdict, state: str
) -> None:
    delivery = await asked(pool)

    patient = asyncpg.create_pool(database_url, min_size=0)
    async with patient, asyncio.TaskGroup() as group, pool.acquire() as somebody, somebody.transaction():
        assert await choose(somebody, delivery, verdict, "first")
        other = group.create_task(choose(patient, delivery, "leave" if verdict == "send" else "send", "second"))
        await until(lambda: is_waited_for(pool))

    assert not other.result()
    assert [row["state"] for row in await deliveries(pool)] == [state]
    assert await pool.fetchval("select decided_by from choice") == "first"
