# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A worker ends as in a power cut between the claim of a posting and its record: the board shows the notice once."""

from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.database import SERVER_SETTINGS, Pool
from tests.given import a_channel, accepted
from tests.reliability.ground import until
from tests.reliability.processes import Nursery, Processes

GATE = """
create table gate (opened boolean);
create function wait_at_the_gate() returns trigger language plpgsql as $$
begin
  while not exists (select from gate) loop
    perform pg_sleep(0.02);
  end loop;
  return new;
end $$;
create trigger gate before insert on posting for each row execute function wait_at_the_gate();
"""
WRITING = "select pid from pg_stat_activity where wait_event = 'PgSleep' and query like '%insert into posting%'"
LAPSE = "update delivery set lease_until = now() - interval '1 second' where lease_until is not null"
NOW = "update delivery set due_at = now() where state = 'in_doubt'"


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with asyncpg.create_pool(database_url, min_size=0, max_size=5, server_settings=SERVER_SETTINGS) as opened:
        yield opened


@pytest.fixture
def workers(nursery: Nursery, database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Processes]:
    environment = {
        "CAMPANELLA_DATABASE_URL": database_url,
        "CAMPANELLA_REDIS_URL": redis_url,
        "CAMPANELLA_KINDS": "noticeboard",
        "CAMPANELLA_WORKER_PORT": "0",
    }
    made = Processes(nursery, environment, tmp_path / "workers.log")
    yield made
    made.close()


async def has_begun(pool: Pool) -> bool:
    return bool(await pool.fetchval("select count(*) from worker"))


async def killed_while_writing(pool: Pool, workers: Processes) -> int:
    """Kill the worker when Postgres has its posting in hand; give the number of the server's process."""
    found: list[int] = []

    async def writes() -> bool:
        found[:] = [row["pid"] for row in await pool.fetch(WRITING)]
        return bool(found)

    await until(writes)
    workers.kill(workers.running[0])
    return found[0]


async def shown(pool: Pool) -> list[dict[str, Any]]:
    return [dict(row) for row in await pool.fetch("select revision, state from posting")]


async def goes_on(pool: Pool, workers: Processes) -> asyncpg.Record:
    """Let the lease lapse, put another worker in its place, and give what became of the delivery."""
    await pool.execute(LAPSE)
    workers.start()

    async def delivered() -> bool:
        await pool.execute(NOW)
        return bool(await pool.fetchval("select bool_and(state = 'delivered') from delivery"))

    await until(delivered)
    row = await pool.fetchrow("select attempts, crashes, posts from delivery")
    assert row is not None
    return row


@pytest.mark.parametrize("arrives", [True, False], ids=["it was written", "it was not written"])
async def test_a_posting_whose_worker_was_killed_stands_there_once(
    pool: Pool, workers: Processes, *, arrives: bool
) -> None:
    await a_channel(pool, "bacheca", kind="noticeboard", address="scuola")
    await pool.execute(GATE)
    workers.start()
    await until(partial(has_begun, pool))
    await accepted(pool, in_doubt="hold")
    backend = await killed_while_writing(pool, workers)
    if not arrives:
        await pool.execute("select pg_terminate_backend($1)", backend)
    await pool.execute("insert into gate values (true)")

    async def is_settled() -> bool:
        left = await pool.fetchval("select count(*) from pg_stat_activity where pid = $1 and state = 'active'", backend)
        return not left

    await until(is_settled)
    before, open_then = await shown(pool), await pool.fetchval("select lease_until is not null from delivery")
    row = await goes_on(pool, workers)

    assert (before, open_then) == ([{"revision": 1, "state": "current"}] if arrives else [], True)
    assert await shown(pool) == [{"revision": 1, "state": "current"}]
    assert row["attempts"] == 2
    outcomes = [each["outcome"] for each in await pool.fetch("select outcome from attempt order by token")]
    assert outcomes == ["crashed", "delivered"]
