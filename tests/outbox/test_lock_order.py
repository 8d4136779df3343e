# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Whoever holds a channel and its deliveries has the channel first: a person and a worker never wait in a circle."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import Actor
from app.channels import channel_named, pause, retire
from app.database import Pool, driver_of, engine_to
from app.domain.outcome import Delivered, Gone
from app.outbox import Claimed, give_back, resume
from app.tables import Channel
from tests.given import a_channel, accepted
from tests.outbox.conftest import claimed, recorded
from tests.outbox.pausing import paused
from tests.reliability.ground import until

WAITED_FOR = """
select exists (
  select from pg_stat_activity where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0)
"""
ADMIN = Actor("admin")
Act = Callable[[AsyncSession, Channel], Awaitable[object]]
End = Callable[[Pool, Claimed], Awaitable[object]]


async def resumed(session: AsyncSession, channel: Channel) -> None:
    assert await resume(await driver_of(session), channel.id)


ACTS: dict[str, tuple[str, Act]] = {
    "a pause": ("-100", lambda session, channel: pause(session, channel, ADMIN)),
    "a resume": ("-100", resumed),
    "a retirement": ("-100", lambda session, channel: retire(session, channel, ADMIN)),
    "the end of a family's chat": ("100", lambda session, channel: retire(session, channel, ADMIN)),
}
ENDS: dict[str, End] = {
    "an outcome": lambda pool, call: recorded(pool, call, Delivered(("42",))),
    "an outcome for the whole channel": lambda pool, call: recorded(pool, call, Gone("the bot was removed")),
    "what was not sent": lambda pool, call: give_back(pool, [(call.owed.id, call.token)]),
}


async def is_waited_for(pool: Pool) -> bool:
    waits: bool = await pool.fetchval(WAITED_FOR)
    return waits


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("act", ACTS)
async def test_what_a_person_does_with_a_channel_and_what_a_worker_records_never_wait_in_a_circle(
    pool: Pool, database_url: str, act: str, end: str
) -> None:
    address, does = ACTS[act]
    await a_channel(pool, address=address)
    await accepted(pool)
    (call,) = (await claimed(pool, lease=3600)).calls
    if act == "a resume":
        await paused(database_url)
    engine = engine_to(database_url, {}, pool_size=1)  # both wait for as long as it takes

    async with (
        asyncpg.create_pool(database_url, min_size=0) as patient,
        asyncio.TaskGroup() as group,
        AsyncSession(engine) as session,
        session.begin(),
    ):
        channel = await channel_named(session, "scuola", for_update=True)
        group.create_task(ENDS[end](patient, call))  # type: ignore[arg-type]
        await until(lambda: is_waited_for(pool))
        await does(session, channel)
    await engine.dispose()

    assert await pool.fetchval("select not exists (select from delivery where lease_until is not null)")
