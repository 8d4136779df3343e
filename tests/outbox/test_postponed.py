# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A notice is put off, brought forward, and taken back at once wherever its date lies."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.amend import Change, amend, withdraw
from app.database import Pool
from app.domain.outcome import Absent, Delivered, Doubted
from app.routing import Routing
from tests.given import a_channel, a_notice, accepted
from tests.outbox.conftest import claimed, deliveries, recorded

MONDAY = (datetime.now(UTC) + timedelta(days=3)).isoformat()


async def corrected(pool: Pool, number: UUID, event: str = "e1", **members: object) -> None:
    await amend(pool, Routing(), Change(number, "mensa", "test", None), a_notice(event_id=event, **members))


async def withdrawn(pool: Pool, number: UUID) -> None:
    await withdraw(pool, Change(number, "mensa", "test", None))


async def told(pool: Pool, reference: str = "42") -> list[str]:
    """Carry out what may go now; give what was done."""
    done = []
    for call in (await claimed(pool)).calls:
        done.append(f"{call.intent.action} {call.owed.notice.event_id}")
        await recorded(pool, call, Delivered((reference,)))
    return done


@pytest.mark.parametrize(
    "sooner", [None, (datetime.now(UTC) - timedelta(hours=1)).isoformat()], ids=["never", "an-hour-ago"]
)
async def test_what_is_planned_for_monday_goes_out_at_once_when_it_is_brought_forward(
    pool: Pool, sooner: str | None
) -> None:
    await a_channel(pool)
    number = (await accepted(pool, event_id="e1", publish_at=MONDAY)).id
    before = await told(pool)

    await corrected(pool, number, publish_at=sooner, priority="urgent")

    (row,) = await deliveries(pool)
    late = datetime.now(UTC) - row["ready_at"]
    assert (before, await told(pool)) == ([], ["post e1"])
    assert late < timedelta(minutes=30)  # it was owed from now on, so that no alarm calls it late by days


async def test_a_correction_of_a_post_waits_for_its_date_and_its_withdrawal_does_not(pool: Pool) -> None:
    await a_channel(pool)
    number = (await accepted(pool, event_id="e1")).id
    await told(pool)
    await corrected(pool, number, publish_at=MONDAY)
    waits = await told(pool)

    await withdrawn(pool, number)

    assert (waits, await told(pool)) == ([], ["edit e1"])
    assert [row["state"] for row in await deliveries(pool)] == ["withdrawn"]


async def test_a_withdrawal_does_not_queue_behind_what_its_date_put_it(pool: Pool) -> None:
    await a_channel(pool)
    number = (await accepted(pool, event_id="e1")).id
    await told(pool)
    await corrected(pool, number, publish_at=MONDAY)

    await withdrawn(pool, number)
    await accepted(pool, event_id="e2")

    assert await told(pool) == ["edit e1"]


async def test_what_is_withdrawn_before_its_date_has_ended_at_once(pool: Pool) -> None:
    await a_channel(pool)
    number = (await accepted(pool, event_id="e1", publish_at=MONDAY)).id

    await withdrawn(pool, number)

    assert await told(pool) == []
    assert [row["state"] for row in await deliveries(pool)] == ["withdrawn"]


async def test_what_waits_for_its_turn_keeps_its_place_when_it_is_corrected(pool: Pool) -> None:
    await a_channel(pool)
    number = (await accepted(pool, event_id="e1")).id
    await accepted(pool, event_id="e2")

    await corrected(pool, number)

    assert [await told(pool) for _ in range(2)] == [["post e1"], ["post e2"]]


async def test_a_doubt_is_asked_about_although_its_notice_is_put_off_and_keeps_no_other_waiting(pool: Pool) -> None:
    await a_channel(pool, can_ask=True)
    await pool.execute("update channel set last_reference = '41'")
    number = (await accepted(pool, event_id="e1")).id
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Doubted("?"))
    await corrected(pool, number, publish_at=MONDAY)
    await accepted(pool, event_id="e2")
    await pool.execute("update delivery set due_at = now() where state = 'in_doubt'")

    for _ in range(2):
        (call,) = (await claimed(pool)).calls
        assert (call.intent.action, call.owed.notice.event_id) == ("probe", "e1")
        await recorded(pool, call, Absent())

    assert await told(pool, "43") == ["post e2"]
    assert await told(pool) == []
