# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""An API that is killed in the middle of storing leaves neither a notice, nor its key, nor a part of what it owes."""

import asyncio
from contextlib import suppress
from uuid import UUID

import asyncpg
import pytest

from tests.given import notice_json
from tests.reliability import mutants
from tests.reliability.counters import AGAIN, Counters, follow, stored
from tests.reliability.ground import until

SLOW = """
create function slow() returns trigger language plpgsql as
$$ begin perform pg_sleep(1.5); return new; end $$;
create trigger slow before insert on {table} for each row execute function slow();
"""
QUICK = "drop trigger slow on {table}"
KEYED = {"Idempotency_Key": "one-and-the-same"}
STORING = "select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'"


async def keeps_its_word(counters: Counters, url: str, table: str, **headers: str) -> None:
    """Kill one API while it fills a table; the same request at the other is answered: one notice is there, whole."""
    await follow(url)
    connection = await asyncpg.connect(url)
    body = notice_json()

    async def is_storing() -> bool:
        return bool(await connection.fetchval(STORING))

    await connection.execute(SLOW.format(table=table))
    lost = asyncio.create_task(counters.call(counters.ports[0], "notices", body, **headers))
    await until(is_storing)
    counters.kill(0)
    with suppress(*AGAIN):
        await lost
    await connection.execute(QUICK.format(table=table))  # waits until nobody stores any more
    await connection.close()
    status, answer = await counters.call(counters.ports[1], "notices", body, **headers)

    assert status == 202, answer
    assert await stored(url, [UUID(answer["id"])]) == {UUID(answer["id"])}


@pytest.mark.parametrize("table", ["notice", "delivery"])
@pytest.mark.parametrize("headers", [{}, KEYED], ids=["plain", "with a key"])
async def test_an_api_killed_while_it_stores_leaves_nothing_half_done(
    counters: Counters, database_url: str, table: str, headers: dict[str, str]
) -> None:
    await keeps_its_word(counters, database_url, table, **headers)


@pytest.mark.parametrize("code", [mutants.KEY_OUTSIDE], indirect=True, ids=str)
async def test_a_key_written_outside_the_transaction_of_its_notice_is_noticed(
    counters: Counters, database_url: str
) -> None:
    with pytest.raises(AssertionError, match="request-in-progress"):
        await keeps_its_word(counters, database_url, "notice", **KEYED)


@pytest.mark.parametrize("code", [mutants.OWED_LATER], indirect=True, ids=str)
async def test_a_notice_stored_before_what_it_owes_is_noticed(counters: Counters, database_url: str) -> None:
    with pytest.raises(AssertionError, match="I1 whatever is accepted is owed"):
        await keeps_its_word(counters, database_url, "notice")
