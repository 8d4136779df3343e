# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A correction reaches what was posted before it, also where its time is over before the rest could be."""

import pytest

from app.database import Pool
from app.outbox import sweep
from tests.given import a_channel, accepted
from tests.outbox.conftest import deliveries
from tests.outbox.test_amend import corrected
from tests.outbox.test_superseded_rest import goes_out

OVER = "update delivery set expires_at = now() - interval '1 second'"
PAUSE = "update channel set paused_at = now()"
RESUME = "update channel set paused_at = null"


@pytest.mark.parametrize("paused", [False, True])
async def test_what_stands_of_a_notice_is_corrected_before_its_time_ends_it(pool: Pool, *, paused: bool) -> None:
    """A sweep comes first where the channel rests, is paused, or the correction waits for its media."""
    await a_channel(pool)
    number = (await accepted(pool, event_id="e1")).id
    assert await goes_out(pool) == ("e1", "post", 0)
    if paused:
        await pool.execute(PAUSE)
    await corrected(pool, number)
    await pool.execute(OVER)

    assert (await sweep(pool)).expired == 0

    await pool.execute(RESUME)
    await sweep(pool)
    assert [await goes_out(pool) for _ in range(2)] == [("e1", "edit", 0), None]
    assert [row["state"] for row in await deliveries(pool)] == ["expired"]


async def test_what_was_corrected_before_anything_was_posted_ends_at_its_time(pool: Pool) -> None:
    await a_channel(pool)
    await corrected(pool, (await accepted(pool, event_id="e1")).id)
    await pool.execute(OVER)

    assert (await sweep(pool)).expired == 1
