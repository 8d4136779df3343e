# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A redrive and an amendment of the same notice wait for each other, but never in a circle."""

import asyncio
import json

import asyncpg

from app.amend import Change, amend_within
from app.database import Pool
from app.domain.outcome import Delivered, Lost, Outcome, Refused
from app.outbox import redrive
from app.routing import Routing
from tests.given import a_channel, a_notice, accepted
from tests.outbox.conftest import claimed, deliveries, recorded
from tests.outbox.test_lock_order import is_waited_for
from tests.reliability.ground import until

TOUCH = "select from delivery where id = $1 for no key update"


async def both(pool: Pool, *outcomes: Outcome) -> list[int]:
    """Let two deliveries of one notice come to this, one after the other; returns their ids."""
    calls = sorted((await claimed(pool)).calls, key=lambda call: call.owed.id)
    for call, outcome in zip(calls, outcomes, strict=True):
        await recorded(pool, call, outcome)
    return [call.owed.id for call in calls]


async def test_a_redrive_that_forgets_posts_holds_none_while_it_waits_for_an_amendment(
    pool: Pool, database_url: str
) -> None:
    for slug in ("scuola", "mensa"):
        await a_channel(pool, slug)
    notice = await accepted(pool, event_id="e1")
    await both(pool, Delivered(("41",)), Delivered(("42",)))
    change = Change(notice.id, "mensa", "test", None)
    snapshot = await Routing().refresh(pool)
    async with pool.acquire() as connection, connection.transaction():
        await amend_within(connection, snapshot, change, a_notice(event_id="e1", texts={"it": {"title": "Giusto"}}))
    first, second = await both(pool, Refused("too long"), Lost("message to edit not found"))

    async with (
        asyncpg.create_pool(database_url, min_size=0) as patient,
        asyncio.TaskGroup() as group,
        pool.acquire() as other,
        other.transaction(),
    ):
        await other.execute(TOUCH, first)  # what an amendment that comes beside has come to
        group.create_task(in_one(patient, [second, first]))
        await until(lambda: is_waited_for(pool))
        await amend_within(other, snapshot, change, a_notice(event_id="e1", texts={"it": {"title": "Giusto!"}}))

    rows = await deliveries(pool)
    assert [(row["state"], row["wanted"]) for row in rows] == [("due", 3)] * 2
    assert [json.loads(row["posts"])[0]["reference"] for row in rows] == ["41", "42"]


async def in_one(pool: Pool, ids: list[int]) -> int:
    async with pool.acquire() as connection, connection.transaction():
        return await redrive(connection, ids)
