# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What `hold-overdue` leaves behind: who is asked, who waits for a person, and who needs neither."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from app.audit import Actor
from app.database import Pool
from app.domain.outcome import Absent, Delivered, Foreign, Outcome, Unclear
from app.outbox.record import TWICE
from app.restore import held_back
from tests.given import a_channel, accepted
from tests.outbox.conftest import claimed, deliveries, recorded

NOT_FOUND: dict[str, Sequence[Outcome]] = {
    "nothing there": [Absent(), Absent(), Absent()],
    "others there": [Foreign(), Absent(), Foreign()],
    "no answer": [Unclear("it could not be asked")],
}
OLD = "update delivery set ready_at = ready_at - interval '2 hours'"


async def restored(pool: Pool) -> tuple[int, int]:
    async with pool.acquire() as connection, connection.transaction():
        return await held_back(connection, timedelta(hours=1), Actor("cli:test"))


async def on_the_wire(pool: Pool, policy: str) -> None:
    """Leave what a backup holds that was made while a post was on its way behind the post 41."""
    await a_channel(pool, can_ask=True)
    await pool.execute("update channel set last_reference = '41'")
    await accepted(pool, in_doubt=policy)
    (call,) = (await claimed(pool)).calls
    assert call.intent.after == "41"


async def test_what_was_on_the_wire_is_asked_about_and_adopted_and_the_places_behind_stay_unknown(pool: Pool) -> None:
    await on_the_wire(pool, "hold")

    assert await restored(pool) == (0, 1)
    assert await restored(pool) == (0, 1)
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Delivered(("42",)))

    (row,) = await deliveries(pool)
    assert (call.intent.action, row["state"], '"42"' in row["posts"]) == ("probe", "delivered", True)
    assert await pool.fetchval("select last_reference from channel") is None


@pytest.mark.parametrize("answers", NOT_FOUND.values(), ids=NOT_FOUND.keys())
@pytest.mark.parametrize("policy", ["repeat", "hold", "drop"])
async def test_what_is_not_found_after_a_restore_is_a_persons_whatever_its_policy(
    pool: Pool, policy: str, answers: Sequence[Outcome]
) -> None:
    await on_the_wire(pool, policy)
    await restored(pool)

    for answer in answers:
        (call,) = (await claimed(pool)).calls
        await recorded(pool, call, answer)

    assert (await deliveries(pool))[0]["state"] == "held"
    assert (await claimed(pool)).calls == ()


async def test_a_board_of_our_own_was_restored_too_and_is_given_all_it_is_owed(pool: Pool) -> None:
    await a_channel(pool, kind="noticeboard", address="scuola")
    await accepted(pool)
    await pool.execute(OLD)

    assert await restored(pool) == (0, 0)

    assert (await deliveries(pool))[0]["state"] == "due"


async def test_what_goes_out_after_a_restore_may_stand_there_twice_and_says_so(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool)
    await accepted(pool, publish_at="2099-01-01T00:00:00Z")

    assert await restored(pool) == (0, 0)
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Delivered(("42",)))

    now, later = await deliveries(pool)
    assert (now["state"], now["doubted"], now["last_error"]) == ("delivered", True, TWICE)
    assert "repeated" not in TWICE  # it went out once that anybody knows of
    assert (later["state"], later["doubted"]) == ("due", False)


async def test_a_dead_letter_of_the_backup_may_have_been_redriven_since(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool)
    await pool.execute("update delivery set state = 'dead'")

    await restored(pool)

    assert (await deliveries(pool))[0]["doubted"]
