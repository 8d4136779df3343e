# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A retired channel is owed nothing, whoever was accepting, correcting or redriving at that moment."""

import asyncpg
import pytest

from app.amend import Change, amend, withdraw
from app.database import Pool
from app.domain.outcome import Delivered, Refused
from app.outbox import redrive, sweep
from app.routing import Routing
from tests.given import a_channel, a_notice, accepted
from tests.outbox.conftest import claimed, deliveries, recorded
from tests.outbox.test_approval import CHINESE_FIRST, approved, shown, two_channels

RETIRE = "update channel set retired_at = now(), slug = slug || '~1' where slug = $1"


@pytest.mark.parametrize(("state", "parked"), [("due", False), ("due", True), ("in_doubt", False), ("held", False)])
async def test_what_a_race_left_owed_to_a_retired_channel_is_withdrawn(pool: Pool, state: str, *, parked: bool) -> None:
    await a_channel(pool)
    await accepted(pool)
    await pool.execute(RETIRE, "scuola")
    await pool.execute("update delivery set state = $1, parked = $2, intent = '{}'", state, parked)

    swept = await sweep(pool)

    (row,) = await deliveries(pool)
    assert (swept.retired, row["state"], row["parked"], row["last_error"]) == (
        1,
        "withdrawn",
        False,
        "the channel was retired",
    )
    assert (await sweep(pool)).retired == 0


async def test_a_channel_in_use_is_not_swept(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool)

    assert (await sweep(pool)).retired == 0


async def test_a_dead_letter_of_a_retired_channel_is_not_redriven(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool)
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Refused("no"))
    await pool.execute(RETIRE, "scuola")

    assert await redrive(pool, [call.owed.id]) == 0


async def test_corrections_and_withdrawals_leave_a_retired_channel_alone(pool: Pool) -> None:
    await a_channel(pool)
    number = (await accepted(pool, event_id="e1")).id
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Delivered(("42",)))
    await pool.execute(RETIRE, "scuola")

    change = Change(number, "mensa", "test", None)
    await amend(pool, Routing(), change, a_notice(event_id="e1"))
    await withdraw(pool, change, delete=True)

    (row,) = await deliveries(pool)
    assert (row["state"], row["wanted"], row["shown"]) == ("delivered", 1, 1)


async def test_two_channels_in_use_never_have_one_place_and_a_retired_one_does_not_count(pool: Pool) -> None:
    await a_channel(pool, "alt", address="-1001")
    await pool.execute(RETIRE, "alt")
    await a_channel(pool, "neu", address="-1001")

    with pytest.raises(asyncpg.UniqueViolationError):
        await a_channel(pool, "twin", address="-1001")


async def test_an_approval_leaves_what_a_retired_channel_shows_meanwhile_as_it_is(pool: Pool) -> None:
    await two_channels(pool, interim=True)
    number = (await accepted(pool, event_id="e1", texts=CHINESE_FIRST)).id
    await shown(pool)
    await pool.execute(RETIRE, "zh")

    await approved(pool, number)
    await sweep(pool)

    assert [(row["state"], row["last_error"]) for row in await deliveries(pool)] == [("delivered", None)] * 2
