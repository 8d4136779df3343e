# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Postgres or Redis away: the caller is told to come back, and nothing is half stored."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.settings import Settings
from deploy.servers import Servers
from tests.api.calling import Caller, a_notice, served, some_settings


@pytest.fixture
async def lonely(database_url: str, redis_url: str) -> AsyncIterator[Caller]:
    """A caller of an API whose servers may be stopped."""
    settings = some_settings(database_url, redis_url)
    async with asyncpg.create_pool(database_url, min_size=0) as pool, served(settings, pool) as operator:
        yield await operator.a_source()


async def test_without_postgres_a_notice_is_refused_and_accepted_when_it_is_back(
    lonely: Caller, servers: Servers
) -> None:
    notice = a_notice()
    servers.postgres.stop()
    refused = [await lonely.post("/v1/notices", notice) for _ in range(3)]
    servers.postgres.ensure_running()

    accepted = await lonely.post("/v1/notices", notice)

    assert {(answer.status, answer.problem) for answer in refused} == {(503, "unavailable")}
    assert all(5 <= int(answer.headers["Retry-After"]) <= 30 for answer in refused)
    assert accepted.status == 202
    assert "Idempotent-Replayed" not in accepted.headers


async def test_without_postgres_every_resource_says_so_and_the_process_lives(lonely: Caller, servers: Servers) -> None:
    operator = lonely.having("bootstrap-operator-key-of-the-tests-0001")
    paths = ["/v1/notices", "/v1/channels", "/v1/sources", "/v1/keys", "/v1/services", "/v1/dead-letters", "/v1/status"]
    still = ["/livez", "/docs", "/.well-known/api-catalog"]
    servers.postgres.stop()

    answers = {path: (await operator.get(path)).status for path in (*paths, "/status", "/readyz", *still)}

    assert answers == {**dict.fromkeys([*paths, "/status", "/readyz"], 503), **dict.fromkeys(still, 200)}


async def test_without_redis_a_notice_is_accepted(lonely: Caller, servers: Servers) -> None:
    servers.redis.stop()

    answers = [await lonely.hand_in() for _ in range(3)]
    ready = await lonely.get("/readyz")

    assert [answer.status for answer in answers] == [202, 202, 202]
    assert (ready.status, ready.body["status"]) == (200, "warn")


async def test_the_api_starts_while_postgres_is_away(database_url: str, servers: Servers) -> None:
    settings: Settings = some_settings(database_url, servers.redis.url(0))
    servers.postgres.stop()

    async with asyncpg.create_pool(database_url, min_size=0) as pool, served(settings, pool) as operator:
        early = await operator.get("/v1/services")
        servers.postgres.ensure_running()
        later = await operator.get("/v1/services")

    assert (early.status, later.status) == (503, 200)


async def test_copies_sent_while_postgres_crashes_are_one_notice(lonely: Caller, servers: Servers) -> None:
    notice = a_notice()

    async def until_accepted() -> str:
        while (answer := await lonely.post("/v1/notices", notice)).status != 202:
            assert answer.status == 503
            await asyncio.sleep(0.05)
        return str(answer.body["id"])

    callers = [asyncio.create_task(until_accepted()) for _ in range(8)]
    await asyncio.sleep(0.01)
    servers.postgres.stop_immediately()
    servers.postgres.ensure_running()

    assert len(set(await asyncio.gather(*callers))) == 1
