# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What an outcome means for others is recorded with it or not at all; faults of ours stop nobody else."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from app.database import Pool, is_away
from app.domain.delivery import Part
from app.domain.outcome import Delivered, Gone, Misconfigured, Moved, Outcome, Throttled, Wire, WithoutMedia
from app.domain.settle import settle
from app.outbox import Claimed, Done, Owed, Turn, claim, record
from tests.given import a_channel, accepted
from tests.outbox.conftest import TURN, claimed, deliveries, plain, plainly, recorded
from workers.recorder import Recorder

BROKEN = """
create function broken() returns trigger language plpgsql as $$ begin raise exception 'the power is cut'; end $$
"""
TOUCH = """
update delivery set rank = rank from (select id from delivery order by id for no key update) d where d.id = delivery.id
"""


def done(call: Claimed, outcome: Outcome) -> Done:
    settlement = settle(call.owed.progress, call.intent, outcome, datetime.now(UTC), 0.0)
    return Done(call.owed, call.intent, call.token, outcome, settlement, Wire.RESPONSE)


@pytest.mark.parametrize(
    ("outcome", "table"),
    [
        (Gone("kicked"), "delivery"),
        (Throttled(30), "pace"),
        (Misconfigured("401"), "pace"),
        (WithoutMedia("no picture"), "media"),
    ],
)
async def test_an_outcome_is_recorded_with_all_that_follows_from_it_or_not_at_all(
    pool: Pool, outcome: Outcome, table: str
) -> None:
    await a_channel(pool)
    await accepted(pool, attachments=[{"title": "a", "href": "https://example.org/a.png"}])
    await accepted(pool)
    await pool.execute("update media set state = 'ready', kind = 'photo', content = 'png'")
    await pool.execute("update delivery set due_at = now()")
    (call,) = (await claimed(pool)).calls
    when = "when (new.parked)" if table == "delivery" else ""
    await pool.execute(BROKEN)
    await pool.execute(f"create trigger cut before update on {table} for each row {when} execute function broken()")

    with pytest.raises(asyncpg.RaiseError):
        await recorded(pool, call, outcome)
    lost = (await deliveries(pool))[0]
    await pool.execute(f"drop trigger cut on {table}")

    assert (lost["lease_until"] is not None, await pool.fetchval("select outcome from attempt")) == (True, None)
    assert await recorded(pool, call, outcome) == {call.owed.id}


async def test_a_channel_that_moved_to_where_another_is_already_pauses(pool: Pool) -> None:
    await a_channel(pool, "heir", address="-10077")
    await a_channel(pool, "classe", address="-77")
    await accepted(pool)
    calls = {call.owed.slug: call for call in (await claimed(pool)).calls}

    await recorded(pool, calls["classe"], Moved("-10077"))

    row = await pool.fetchrow("select address, paused_reason from channel where slug = 'classe'")
    assert row is not None
    assert row["address"] == "-77"
    assert "heir" in row["paused_reason"]


async def test_at_its_new_address_a_channel_is_not_asked_after_numbers_of_the_old_one(pool: Pool) -> None:
    await a_channel(pool, "classe", address="-77", can_ask=True)
    await pool.execute("update channel set last_reference = '41'")
    await accepted(pool)
    (call,) = (await claimed(pool)).calls

    await recorded(pool, call, Moved("-10077"))

    row = await pool.fetchrow("select address, can_ask, last_reference from channel")
    assert row is not None
    assert tuple(row) == ("-10077", False, None)


async def test_a_notice_on_which_our_own_code_breaks_is_set_aside_and_delays_no_other(pool: Pool) -> None:
    await a_channel(pool, "a")
    await a_channel(pool, "b")
    await accepted(pool)

    def spoiled(owed: Owed) -> Sequence[Part]:
        return [Part("d", "\ud800")] if owed.slug == "a" else plainly(owed)

    taken = await claim(pool, replace(plain(), render=spoiled), TURN)

    states = {row["state"]: row["last_error"] for row in await deliveries(pool)}
    assert [call.owed.slug for call in taken.calls] == ["b"]
    assert states.keys() == {"dead", "due"}
    assert "a fault of ours (UnicodeEncodeError at step.py:" in states["dead"]


async def test_an_outcome_that_postgres_refuses_is_lost_alone_and_the_recorder_goes_on(pool: Pool) -> None:
    await a_channel(pool, "a")
    await a_channel(pool, "b")
    await accepted(pool)
    calls = {call.owed.slug: call for call in (await claim(pool, plain(), Turn(9, TURN.horizon, TURN.lease))).calls}
    recorder = Recorder(pool)
    writing = asyncio.create_task(recorder.run())

    ended = [done(calls["a"], Delivered(("\ud800",))), done(calls["b"], Delivered(("42",)))]
    await asyncio.gather(*(recorder.record(one) for one in ended))
    writing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await writing

    rows = await pool.fetch("select slug, state, lease_until from delivery d join channel c on c.id = d.channel_id")
    assert {(row["slug"], row["state"], row["lease_until"] is None) for row in rows} == {
        ("a", "due", False),
        ("b", "delivered", True),
    }


async def test_a_value_that_postgres_cannot_take_is_a_fault_of_ours_and_not_postgres_being_away(pool: Pool) -> None:
    with pytest.raises(asyncpg.DataError) as wrong:
        await pool.fetchval("select $1::text", "\ud800")

    assert not is_away(wrong.value)
    assert not is_away(asyncpg.exceptions._base.DataError("a value"))
    assert is_away(asyncpg.InterfaceError("connection is closed"))


async def test_recording_for_many_and_amending_never_wait_for_each_other(pool: Pool) -> None:
    for slug in ("a", "b", "c"):
        await a_channel(pool, slug)
    for _ in range(5):
        await accepted(pool)
    taken = await claimed(pool)

    outcomes = [done(call, Gone("kicked")) for call in taken.calls]
    held, *_ = await asyncio.gather(record(pool, outcomes), *(pool.execute(TOUCH) for _ in range(5)))

    assert len(held) == 3
    assert all(row["parked"] for row in await deliveries(pool))


async def test_a_delivery_without_an_outcome_five_times_is_given_up(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool, in_doubt="repeat")
    await pool.execute("update delivery set crashes = 5, due_at = now() - interval '1 second'")

    taken = await claim(pool, plain(), Turn(9, timedelta(seconds=1), TURN.lease))

    assert [settlement.state for _, settlement in taken.ended] == ["dead"]
