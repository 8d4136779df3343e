# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A notice accepted in the very moment in which its channel is resumed keeps its place in front of later ones."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from app.database import Pool
from app.domain.outcome import Delivered
from app.intake import Accepted, Origin, accept_all, wish_for
from app.outbox import resume, sweep
from app.routing import Routing
from tests.given import a_channel, a_notice, accepted
from tests.outbox.conftest import claimed, recorded
from tests.outbox.pausing import paused
from tests.outbox.test_due import much_waits

HERE = {"areas": ["here"]}
Beside = Callable[[Pool, UUID], Awaitable[UUID]]


async def resumed_within_the_acceptance(pool: Pool, channel: UUID) -> UUID:
    """The acceptance has seen the pause, and is over after the resume."""
    async with pool.acquire() as giver, giver.transaction():
        wish = wish_for(a_notice(audience=HERE), Origin("mensa", "test"))
        (stored,) = await accept_all(pool, giver, Routing(), [wish])
        assert await resume(pool, channel)
    assert isinstance(stored, Accepted)
    return stored.id


async def accepted_within_the_resume(pool: Pool, channel: UUID) -> UUID:
    """The resume has freed what it saw, and is over after the acceptance: as PATCH /v1/channels/{slug} does it."""
    async with pool.acquire() as person, person.transaction():
        assert await resume(person, channel)
        return (await accepted(pool, audience=HERE)).id


@pytest.mark.parametrize("behind", ["little", "much"])
@pytest.mark.parametrize("beside", [resumed_within_the_acceptance, accepted_within_the_resume])
async def test_what_the_resume_did_not_see_goes_before_what_is_accepted_later(
    pool: Pool, database_url: str, *, beside: Beside, behind: str
) -> None:
    if behind == "much":
        await much_waits(pool)
    channel = await a_channel(pool, areas=["here"])
    await paused(database_url)
    first = await beside(pool, channel)
    assert await pool.fetchval("select parked from delivery where (notice_id, channel_id) = ($1, $2)", first, channel)
    second = (await accepted(pool, audience=HERE)).id
    urgent = (await accepted(pool, priority="urgent", audience=HERE)).id

    posted: list[UUID] = []
    for _ in range(2):  # before the sweep, and after it
        while calls := (await claimed(pool)).calls:
            for call in calls:
                posted.append(call.owed.notice_id)
                await recorded(pool, call, Delivered((str(len(posted)),)))
        if posted == [urgent]:
            await sweep(pool)

    assert posted == [urgent, first, second]
