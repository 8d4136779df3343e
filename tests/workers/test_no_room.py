# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-15 for workers: what cannot be written down beforehand is not sent, and goes out once when there is room again."""

from deploy.servers import Servers
from tests.full_disk import full, read_only
from tests.workers.conftest import City, until

RESUME = "with c as (update channel set paused_at = null) update delivery set parked = false"
SEEN = "select seen_at from worker"
REFUSED = "cannot execute SELECT FOR UPDATE in a read-only transaction"
"""What Postgres writes into its log for every claim that it refuses."""
OLDER = """
select exists (select from pg_stat_activity where datname = current_database() and xact_start < pg_conf_load_time()
                                              and pid not in (pg_backend_pid(), $1))
"""
"""Whether anybody else is in a transaction that began before Postgres was read-only, and may still write."""
LOOKS = 3
"""Turns that a worker is given to do something wrong in."""


async def test_a_worker_on_a_full_disk_sends_nothing_and_everything_when_there_is_room(city: City) -> None:
    url = str(city.settings.database_url)
    await city.channel()
    async with full(url, "attempt"):
        await city.accepts()
        for _ in range(LOOKS):  # each look of a worker begins with saying that it is there
            await looks_again(city)
        posted, states = city.posts(), await city.states()

    await city.settled()

    assert (posted, states) == ([], ["due"])
    assert len(city.posts()) == 1


async def test_a_worker_of_a_read_only_postgres_sends_nothing_and_everything_when_it_takes_something_again(
    city: City, servers: Servers
) -> None:
    await city.channel()
    await city.pool.execute("update channel set paused_at = now()")
    await city.accepts()
    async with city.pool.acquire() as connection:
        writing = connection.transaction()  # begun before, it may still write
        await writing.start()
        await connection.execute(RESUME)
        async with read_only(str(city.settings.database_url)):
            await until(lambda: all_have_begun_since(city, connection.get_server_pid()))
            await writing.commit()
            for _ in range(LOOKS):
                await claims_in_vain(city, servers)
            posted, states = city.posts(), await city.states()

    await city.settled()

    assert (posted, states) == ([], ["due"])
    assert len(city.posts()) == 1


async def all_have_begun_since(city: City, but: int) -> bool:
    return not await city.pool.fetchval(OLDER, but)


async def looks_again(city: City) -> None:
    """Wait until the worker has said once more that it is there, which it does at the beginning of each look."""
    before = await city.pool.fetchval(SEEN)

    async def has_looked() -> bool:
        return bool(await city.pool.fetchval(SEEN) != before)

    await until(has_looked)


async def claims_in_vain(city: City, servers: Servers) -> None:
    """Ring until Postgres has refused the worker one claim more; it asks for nothing else for update at each look."""
    before = refusals(servers)

    async def is_refused() -> bool:
        city.bell.ring()
        return refusals(servers) > before

    await until(is_refused)


def refusals(servers: Servers) -> int:
    return servers.postgres.log.read_bytes().count(REFUSED.encode())
