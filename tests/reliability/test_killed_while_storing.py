# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""An API that is killed in the middle of storing a notice leaves neither the notice nor its Idempotency-Key behind."""

import asyncio
from contextlib import suppress

import asyncpg
import pytest

from tests.given import notice_json
from tests.reliability import mutants
from tests.reliability.counters import AGAIN, Counters
from tests.reliability.ground import until

SLOW = """
create function slow() returns trigger language plpgsql as
$$ begin perform pg_sleep(1.5); return new; end $$;
create trigger slow before insert on notice for each row execute function slow();
"""
QUICK = "drop trigger slow on notice"
STORING = "select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'"


async def keeps_its_word(counters: Counters, url: str) -> None:
    """Kill one API while it stores; the same request at the other is the first that is answered, and is new."""
    connection = await asyncpg.connect(url)
    body, key = notice_json(), "one-and-the-same"

    async def is_storing() -> bool:
        return bool(await connection.fetchval(STORING))

    await connection.execute(SLOW)
    lost = asyncio.create_task(counters.call(counters.ports[0], "notices", body, Idempotency_Key=key))
    await until(is_storing)
    counters.kill(0)
    with suppress(*AGAIN):
        await lost
    await connection.execute(QUICK)  # waits until nobody stores any more
    status, answer = await counters.call(counters.ports[1], "notices", body, Idempotency_Key=key)
    stored = [str(row["id"]) for row in await connection.fetch("select id from notice")]
    await connection.close()

    assert status == 202, answer
    assert stored == [answer["id"]]


async def test_an_api_killed_while_it_stores_leaves_no_key_without_its_notice(
    counters: Counters, database_url: str
) -> None:
    await keeps_its_word(counters, database_url)


@pytest.mark.parametrize("code", [mutants.KEY_OUTSIDE], indirect=True, ids=str)
async def test_a_key_written_outside_the_transaction_of_its_notice_is_noticed(
    counters: Counters, database_url: str
) -> None:
    with pytest.raises(AssertionError, match="request-in-progress"):
        await keeps_its_word(counters, database_url)
