# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-13: where a worker ended without a word, what is about to be rendered is counted before."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import asyncpg
import pytest

from app.database import SERVER_SETTINGS, Pool
from app.domain.backoff import CRASHES
from app.domain.delivery import Part
from app.outbox import ChannelKind, Owed, Taken, claim
from tests.given import a_channel, accepted
from tests.outbox.conftest import TURN, deliveries, plain, plainly

CAREFUL = replace(TURN, careful=True)
# What the end of the first of the two transactions brings with it: nothing is locked between them.
BETWEEN = """
create function meanwhile() returns trigger language plpgsql as $$ begin {0}; return null; end $$;
create constraint trigger meanwhile after update of crashes on delivery deferrable initially deferred
   for each row when (new.crashes > old.crashes) execute function meanwhile()
"""
MEANWHILE = {
    "put off": "update delivery set ready_at = now() + interval '3 days', due_at = now() where id = new.id",
    "waits for its picture": "update delivery set due_at = now() + interval '1 hour' where id = new.id",
    "a doubt": "update delivery set state = 'in_doubt' where id <> new.id",
    "more urgent": "update delivery set rank = new.rank - interval '1 day' where id <> new.id",
}
# The claim's transaction waits after it has locked what it takes, and again at its end.
STANDS = """
create function stands() returns trigger language plpgsql as
  $$ begin perform pg_advisory_xact_lock(tg_argv[0]::int); return null; end $$;
create trigger stands_within after insert on attempt for each row execute function stands(1);
create constraint trigger stands_at_its_end after insert on attempt deferrable initially deferred
   for each row execute function stands(2)
"""
WAITS = """
select exists (select from pg_locks l join pg_database d on d.oid = l.database
                where d.datname = current_database() and l.locktype = 'advisory' and not l.granted and l.objid = $1)
"""
TIMEOUTS = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
PATIENT = SERVER_SETTINGS | dict.fromkeys(TIMEOUTS, "90000")


class PowerCut(BaseException):
    """What ends a process runs past everything that would put it right."""


def deadly(owed: Owed) -> Sequence[Part]:
    if owed.slug == "bad":
        raise PowerCut
    return plainly(owed)


async def taken(pool: Pool, kind: ChannelKind) -> Taken:
    await pool.execute(
        "update delivery set due_at = now() where due_at > now()"
    )  # what it rests need not be waited for
    return await claim(pool, kind, CAREFUL)


async def crashes(pool: Pool) -> list[int]:
    return [row["crashes"] for row in await deliveries(pool)]


async def test_a_claim_with_care_takes_what_any_claim_takes_and_leaves_no_trace(pool: Pool) -> None:
    await a_channel(pool, "one")
    await a_channel(pool, "two")
    await accepted(pool)

    claimed = await claim(pool, plain(), CAREFUL)

    assert [call.owed.slug for call in claimed.calls] == ["one", "two"]
    assert [call.owed.progress.crashes for call in claimed.calls] == [0, 0]
    rows = await deliveries(pool)
    assert [(row["crashes"], row["attempts"], row["lease_until"] is not None) for row in rows] == [(0, 1, True)] * 2
    assert await pool.fetchval("select bool_and(due_at <= now()) from delivery")
    assert (await claim(pool, plain(), CAREFUL)).calls == ()


async def test_what_ends_its_process_while_it_is_rendered_is_set_aside_after_five(pool: Pool) -> None:
    await a_channel(pool, "bad")
    await a_channel(pool, "good")
    await accepted(pool)
    kind = replace(plain(), render=deadly)

    counted = []
    for _ in range(CRASHES):
        with pytest.raises(PowerCut):
            await taken(pool, kind)
        counted.append(await crashes(pool))
    last = await taken(pool, kind)
    then = await taken(pool, kind)

    assert counted == [[1, 1], [2, 2], [3, 2], [4, 2], [5, 2]]  # from the third on it is alone
    assert [(work.slug, step.state, step.error) for work, step in last.ended] == [
        ("bad", "dead", "5 attempts ended without any outcome")
    ]
    assert [call.owed.slug for call in then.calls] == ["good"]


async def test_a_claim_that_fails_takes_its_count_back(pool: Pool) -> None:
    await a_channel(pool, "good")
    await accepted(pool)
    await pool.execute("alter table attempt add constraint nothing check (false)")
    try:
        with pytest.raises(Exception, match="nothing"):
            await claim(pool, plain(), CAREFUL)
    finally:
        await pool.execute("alter table attempt drop constraint nothing")

    assert await crashes(pool) == [0]
    assert len((await claim(pool, plain(), CAREFUL)).calls) == 1


@pytest.mark.parametrize("meanwhile", MEANWHILE)
async def test_what_may_no_longer_go_out_after_it_was_noted_is_left_and_leaves_no_trace(
    pool: Pool, meanwhile: str
) -> None:
    await a_channel(pool, "one", can_ask=True)
    await accepted(pool)
    await accepted(pool)
    await pool.execute(BETWEEN.format(MEANWHILE[meanwhile]))

    assert (await claim(pool, plain(), CAREFUL)).calls == ()
    assert await crashes(pool) == [0, 0]


async def test_what_is_due_at_once_after_it_was_noted_is_taken_as_well(pool: Pool) -> None:
    await a_channel(pool, "one", can_ask=True)
    await accepted(pool)
    await accepted(pool)
    await pool.execute(BETWEEN.format("update delivery set due_at = now() where id = new.id"))

    assert len((await claim(pool, plain(), CAREFUL)).calls) == 1


async def test_what_somebody_holds_is_not_waited_for_and_its_count_is_taken_back_after_the_claim(
    database_url: str, pool: Pool
) -> None:
    await a_channel(pool, "one")
    await a_channel(pool, "two")
    await accepted(pool)
    await pool.execute(BETWEEN.format("update delivery set parked = true where id = new.id and id % 2 = 0"))
    await pool.execute(STANDS)
    parked = "select from delivery where parked for no key update"
    async with (
        asyncpg.create_pool(database_url, min_size=0, server_settings=PATIENT) as patient,
        pool.acquire() as gate,
        patient.acquire() as other,
    ):
        await gate.execute("select pg_advisory_lock(1), pg_advisory_lock(2)")
        claiming = asyncio.create_task(claim(patient, plain(), CAREFUL))
        await reaches(pool, claiming, 1)
        async with other.transaction():
            await other.execute(parked)
            await gate.execute("select pg_advisory_unlock(1)")
            await reaches(pool, claiming, 2)
        await gate.execute("select pg_advisory_unlock(2)")
        claimed = await claiming

    assert [call.owed.slug for call in claimed.calls] == ["one"]
    assert await crashes(pool) == [0, 0]


async def reaches(pool: Pool, claiming: asyncio.Task[Taken], place: int) -> None:
    async with asyncio.timeout(60):
        while not await pool.fetchval(WAITS, place):
            assert not claiming.done(), claiming
            await asyncio.sleep(0.02)
