# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-15: a Postgres that is read-only, or whose disk is full, answers no false 202, and goes on by itself afterwards."""

import asyncpg

from tests.api.calling import Answer, a_notice, served, some_settings
from tests.full_disk import full, read_only

STORED = """
select (select count(*) from notice) + (select count(*) from revision) + (select count(*) from delivery)
       + (select count(*) from idempotency_key)
"""


def is_a_refusal(answer: Answer) -> bool:
    return (answer.status, answer.problem) == (503, "unavailable") and 5 <= int(answer.headers["Retry-After"]) <= 30


async def test_a_read_only_postgres_takes_nothing_says_so_and_goes_on_without_a_restart(
    database_url: str, redis_url: str
) -> None:
    settings = some_settings(database_url, redis_url)
    async with asyncpg.create_pool(database_url, min_size=0) as pool, served(settings, pool) as operator:
        source, notice = await operator.a_source(), a_notice()
        before = await pool.fetchval(STORED)
        async with read_only(database_url):
            refused = [await source.post("/v1/notices", notice, Idempotency_Key='"once"') for _ in range(2)]
            made = await operator.post("/v1/sources", {"slug": "altra", "name": "Altra"})
            shown = await source.get("/v1/notices")
            ready = await operator.get("/readyz")
            stored = await pool.fetchval(STORED)
        accepted = await source.post("/v1/notices", notice, Idempotency_Key='"once"')
        back = await operator.get("/readyz")

    assert all(map(is_a_refusal, (*refused, made)))
    assert (shown.status, stored) == (200, before)
    assert ready.status == 503
    assert "read-only" in ready.body["checks"]["postgres:responseTime"][0]["output"]
    assert (accepted.status, "Idempotent-Replayed" in accepted.headers, back.status) == (202, False, 200)


async def test_a_full_disk_takes_nothing_leaves_nothing_half_stored_and_goes_on_when_there_is_room(
    database_url: str, redis_url: str
) -> None:
    settings = some_settings(database_url, redis_url)
    async with asyncpg.create_pool(database_url, min_size=0) as pool, served(settings, pool) as operator:
        source, notice = await operator.a_source(), a_notice()
        before = await pool.fetchval(STORED)
        async with full(database_url, "revision"):
            refused = [await source.post("/v1/notices", notice, Idempotency_Key='"once"') for _ in range(2)]
            shown = [await source.get(path) for path in ("/v1/notices", "/livez")]
            stored = await pool.fetchval(STORED)
        accepted = await source.post("/v1/notices", notice, Idempotency_Key='"once"')

    assert all(map(is_a_refusal, refused))
    assert [answer.status for answer in shown] == [200, 200]
    assert stored == before
    assert (accepted.status, "Idempotent-Replayed" in accepted.headers) == (202, False)
