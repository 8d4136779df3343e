# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-22: a migration is made, taken back and made again while notices are accepted."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

import asyncpg
import pytest
from alembic import command
from pydantic_core import Url
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from app.database import SERVER_SETTINGS, Pool
from app.intake import Origin, accept
from app.migrate import configuration, engine_for, migrate, newest, patiently, present
from app.routing import Routing
from app.running import PostgresAwayError
from app.settings import Settings
from tests.given import a_channel, a_notice, accepted
from tests.outbox.conftest import claimed
from tests.reliability.ground import until

BEFORE, AFTER = "0031", "0033"
"""Two revisions between which the statement that accepts is the same; workers begin after."""
ACCEPTED = "select count(*) from notice"
OWED = "select count(*) from delivery where state = 'due'"
MORE = 10
TICK, STALL = 0.05, 1.0
"""Seconds: how often it is looked whether this process goes on, and how long it stood still where that is to blame."""
STATES = {
    "dead": ("doubted", None, True),
    "due": ("crashed", None, True),
    "expired": ("doubted", None, True),
    "failed": ("failed", None, False),
    "seen": ("doubted", 1, False),
}
"""What became of the post of a channel's delivery, what it shows, and whether a post may stand there unknown."""
BECAME = """
with changed as (
  update delivery d
     set state = case when c.slug in ('dead', 'expired') then c.slug else 'due' end, token = 2, shown = $3
    from channel c where c.id = d.channel_id and c.slug = $1
  returning d.id
)
insert into attempt (delivery_id, token, action, part, revision, outcome)
select id, 1, 'post', 0, 1, $2 from changed
union all
select id, 2, 'probe', 0, 1, 'delivered' from changed where $3 is not null
"""
REFUSE = """
create function refuse() returns trigger language plpgsql as $$ begin raise 'no row is changed'; end $$;
create trigger refuse before update on delivery for each row execute function refuse()
"""
READ = "select from delivery"
WAITS = """
select exists (
  select from pg_locks join pg_database b on b.oid = database
   where datname = current_database() and mode = 'AccessExclusiveLock' and not granted)
"""
MARKED = "select c.slug, d.doubted from delivery d join channel c on c.id = d.channel_id"


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with asyncpg.create_pool(database_url, min_size=0, max_size=10, server_settings=SERVER_SETTINGS) as opened:
        yield opened


@dataclass
class Callers:
    """Sources that hand in notices until they are stopped; what goes wrong for one of them is the test's."""

    pool: Pool
    routing: Routing = field(default_factory=Routing)
    told: set[UUID] = field(default_factory=set)
    stopped: bool = False
    stood_still: float = 0.0

    async def hand_in(self) -> None:
        while not self.stopped:
            notice, still = a_notice(), self.stood_still
            try:
                self.told.add((await accept(self.pool, self.routing, notice, Origin("mensa", "test"))).id)
            except asyncpg.LockNotAvailableError:
                await asyncio.sleep(2 * TICK)
                if self.stood_still - still < STALL:
                    raise
            await asyncio.sleep(0.01)

    async def watch(self) -> None:
        """Add up for how long this process, in which the migration is made, has stood still."""
        while not self.stopped:
            begun = time.monotonic()
            await asyncio.sleep(TICK)
            self.stood_still += max(0.0, time.monotonic() - begun - 2 * TICK)

    async def go_on(self) -> None:
        """Wait until more has been accepted."""
        enough = len(self.told) + MORE

        async def is_enough() -> bool:
            return len(self.told) >= enough

        await until(is_enough)


async def test_a_migration_is_made_and_taken_back_while_notices_are_accepted(pool: Pool, database_url: str) -> None:
    """Postgres gives a statement two seconds for a lock and five in all: one that waits longer is an error here.

    But where this process stands still amid a migration its locks stay, and who waits for them knows nothing of it.
    """
    await a_channel(pool)
    engine = engine_for(Settings(database_url=Url(database_url), redis_url=Url("redis://127.0.0.1")))
    callers = Callers(pool)
    async with asyncio.TaskGroup() as group, engine.connect() as connection:
        await connection.run_sync(to(command.downgrade, BEFORE))
        for each in (callers.watch, *[callers.hand_in] * 3):
            group.create_task(each())
        await callers.go_on()
        for _ in range(2):
            await patiently(connection, to(command.upgrade, AFTER))
            await callers.go_on()
            await patiently(connection, to(command.downgrade, BEFORE))
            await callers.go_on()
        callers.stopped = True
    async with engine.connect() as connection:
        await connection.run_sync(to(command.upgrade, "head"))
        found = await connection.run_sync(present)
    await engine.dispose()

    assert found == newest()
    assert await pool.fetchval(ACCEPTED) == await pool.fetchval(OWED) == len(callers.told)
    assert len((await claimed(pool)).calls) == 1


async def test_nobody_waits_long_behind_a_migration_that_waits_for_a_reader(pool: Pool, database_url: str) -> None:
    """A backup reads for an hour: the migration lets go and comes back, and callers pass in between."""
    await a_channel(pool)
    settings = Settings(database_url=Url(database_url), redis_url=Url("redis://127.0.0.1"))
    engine = engine_for(settings)
    async with engine.connect() as connection:
        await connection.run_sync(to(command.downgrade, BEFORE))
        bound = (await connection.execute(text("show lock_timeout"))).scalar()
    callers, reader = Callers(pool), await asyncpg.connect(database_url)
    async with asyncio.TaskGroup() as group, reader.transaction():
        await reader.execute(READ)
        for each in (callers.watch, *[callers.hand_in] * 3):
            group.create_task(each())
        migrating = group.create_task(migrate(settings))
        for waits in (True, False):
            await until(partial(it_waits, pool, waits))
        await callers.go_on()
        is_done, callers.stopped = migrating.done(), True
        with pytest.raises(PostgresAwayError, match="Somebody holds a table"):
            async with engine.connect() as connection:
                await patiently(connection, to(command.upgrade, AFTER), tries=1)
    await migrating
    await reader.close()
    async with engine.connect() as connection:
        found = await connection.run_sync(present)
    await engine.dispose()

    assert (bound, is_done, found) == ("500ms", False, newest())
    assert await pool.fetchval(ACCEPTED) == len(callers.told)


async def it_waits(pool: Pool, waits: bool) -> bool:  # noqa: FBT001 - both are waited for
    return bool(await pool.fetchval(WAITS)) == waits


async def test_doubts_from_before_are_marked_after_the_lock_of_the_new_column_was_let_go(
    pool: Pool, database_url: str
) -> None:
    for slug in STATES:
        await a_channel(pool, slug)
    await accepted(pool)
    engine = engine_for(Settings(database_url=Url(database_url), redis_url=Url("redis://127.0.0.1")))
    async with engine.connect() as connection:
        await connection.run_sync(to(command.downgrade, BEFORE))
    for slug, (outcome, shown, _) in STATES.items():
        await pool.execute(BECAME, slug, outcome, shown)

    await pool.execute(REFUSE)
    with pytest.raises(DBAPIError, match="no row is changed"):
        async with engine.connect() as connection:
            await connection.run_sync(to(command.upgrade, AFTER))
    async with engine.connect() as connection:
        between = await connection.run_sync(present)
    await pool.execute("drop trigger refuse on delivery")
    async with engine.connect() as connection:
        await connection.run_sync(to(command.upgrade, AFTER))
    await engine.dispose()

    assert between == "0032"
    marked = {row["slug"]: row["doubted"] for row in await pool.fetch(MARKED)}
    assert marked == {slug: unknown for slug, (*_, unknown) in STATES.items()}


def to(way: Callable[..., None], revision: str) -> Callable[[Connection], None]:
    return lambda there: way(configuration(there), revision)
