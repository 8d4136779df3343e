# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""More than can be done: some is refused in good order, all that is urgent is taken, and nothing taken is lost."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.database import SERVER_SETTINGS, Pool
from app.settings import Settings
from deploy.bench.figure import quantile
from deploy.bench.ground import ground
from deploy.bench.overload import flooded
from tests.api.calling import Answer, Caller, served, some_settings

GOOD, REFUSED = 202, {429, 503}


@pytest.fixture
async def narrow(settings: Settings, pool: Pool) -> AsyncIterator[Caller]:
    """An API with little patience, which more callers ask than it can serve."""
    short = some_settings(str(settings.database_url), str(settings.redis_url), shed_after=0.05)
    async with served(short, pool) as operator:
        yield operator


async def flood(source: Caller, priority: str, until: float) -> list[Answer]:
    """Call again and again; an urgent caller takes its time, the others do not."""
    answers: list[Answer] = []
    while time.monotonic() < until:
        answers.append(await source.hand_in(priority=priority))
        await asyncio.sleep(0.05 if priority == "urgent" else 0)
    return answers


async def overloaded(operator: Caller, seconds: float, callers: int) -> dict[str, list[Answer]]:
    source = await operator.a_source()
    until = time.monotonic() + seconds
    lanes = ["urgent", *["normal"] * (callers // 2), *["bulk"] * (callers // 2)]
    done = await asyncio.gather(*(flood(source, lane, until) for lane in lanes))
    found: dict[str, list[Answer]] = {"urgent": [], "normal": [], "bulk": []}
    for lane, answers in zip(lanes, done, strict=True):
        found[lane] += answers
    accepted = {answer.body["id"] for answers in found.values() for answer in answers if answer.status == GOOD}
    stored = await source.pool.fetch("select id::text as id from notice where source = $1", source.slug)
    assert {row["id"] for row in stored} == accepted, "what was answered with 202 is there, and nothing else"
    return found


def statuses(answers: list[Answer]) -> Counter[int]:
    return Counter(answer.status for answer in answers)


async def test_under_too_much_load_all_that_is_urgent_is_taken_and_nothing_taken_is_lost(narrow: Caller) -> None:
    found = await overloaded(narrow, 2, 60)

    assert statuses(found["urgent"]).keys() == {GOOD}
    assert {status for answers in found.values() for status in statuses(answers)} <= {GOOD, *REFUSED}
    refused = [answer for answers in found.values() for answer in answers if answer.status == 503]
    assert {answer.problem for answer in refused} <= {"temporary-reduced-capacity", "unavailable"}
    assert all(5 <= int(answer.headers["Retry-After"]) <= 30 for answer in refused)


@pytest.mark.nightly
@pytest.mark.timeout(600)
def test_a_minute_at_three_times_what_can_be_done() -> None:
    """The callers, the API and Postgres are processes of their own, as in the bench, and share this machine."""
    with ground() as made:
        found = asyncio.run(flooded(made, 60))

    assert found.unanswered == 0
    assert found.counts.keys() <= {"202", "429", "503"}
    assert found.statuses["urgent"].keys() == {"202"}
    assert found.lost == 0
    assert found.counts["202"] > 1000
    assert quantile(found.accepted, 0.99) <= max(1.0, 20 * found.usual)
    before, most = found.memory
    assert most <= 1.25 * before


READ_ONLY = "alter database {} set default_transaction_read_only = {}"
END_OTHERS = """
select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
"""
FULL = """
create function full_disk() returns trigger language plpgsql as
  $$ begin raise exception 'could not extend file' using errcode = 'disk_full'; end $$;
create trigger full_disk before insert on revision for each statement execute function full_disk();
"""


@pytest.fixture
async def lonely(database_url: str, redis_url: str) -> AsyncIterator[Caller]:
    """A source whose Postgres may be spoilt."""
    async with (
        asyncpg.create_pool(database_url, min_size=0, server_settings=SERVER_SETTINGS) as pool,
        served(some_settings(database_url, redis_url), pool) as operator,
    ):
        yield await operator.a_source()


async def until_accepted(source: Caller, event_id: str) -> Answer:
    """Send the same notice until it is taken; on the way there may only be 503."""
    async with asyncio.timeout(60):
        while True:
            answer = await source.hand_in(event_id=event_id)
            if answer.status == GOOD:
                return answer
            assert answer.status == 503
            await asyncio.sleep(0.05)


async def test_a_database_that_only_reads_refuses_and_takes_again_without_a_restart(
    lonely: Caller, database_url: str
) -> None:
    name = database_url.rpartition("/")[2].partition("?")[0]
    keeper = await asyncpg.connect(database_url)
    await keeper.execute(READ_ONLY.format(name, "on"))
    await keeper.execute(END_OTHERS)
    refused = [await lonely.hand_in(event_id="sola-lettura/1") for _ in range(3)]
    read = await lonely.get("/v1/notices")
    await keeper.execute("set default_transaction_read_only = off")
    await keeper.execute(READ_ONLY.format(name, "off"))
    await keeper.execute(END_OTHERS)

    accepted = await until_accepted(lonely, "sola-lettura/1")

    assert {(answer.status, answer.problem) for answer in refused} == {(503, "unavailable")}
    assert read.status in (200, 503)
    assert "Idempotent-Replayed" not in accepted.headers
    assert await keeper.fetchval("select count(*) from notice") == 1
    await keeper.close()


async def test_a_full_disk_refuses_and_takes_again_without_a_restart(lonely: Caller) -> None:
    await lonely.pool.execute(FULL)
    refused = [await lonely.hand_in(event_id="disco-pieno/1") for _ in range(3)]
    kept = await lonely.pool.fetchval("select count(*) from notice")
    await lonely.pool.execute("drop trigger full_disk on revision")

    accepted = await until_accepted(lonely, "disco-pieno/1")

    assert {(answer.status, answer.problem) for answer in refused} == {(503, "unavailable")}
    assert kept == 0
    assert "Idempotent-Replayed" not in accepted.headers
