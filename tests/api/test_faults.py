# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Faults of our own, and callers who leave: nothing of the inside is told, and the next request is served."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.api.calling import Caller, served, some_settings


@pytest.fixture
async def own(database_url: str, redis_url: str) -> AsyncIterator[Caller]:
    """A caller of an API whose database may be damaged."""
    settings = some_settings(database_url, redis_url)
    async with asyncpg.create_pool(database_url, min_size=0) as pool, served(settings, pool) as operator:
        yield operator


@pytest.mark.parametrize(("table", "path"), [("service", "/v1/services"), ("channel", "/v1/channels")])
async def test_a_fault_of_ours_tells_nothing_but_the_id_to_ask_by(own: Caller, table: str, path: str) -> None:
    await own.pool.execute(f"drop table {table} cascade")

    answer = await own.get(path)

    assert (answer.status, answer.problem) == (500, "internal")
    assert answer.headers["X-Correlation-ID"] in answer.body["instance"]
    assert answer.body.keys() == {"type", "title", "status", "detail", "instance"}
    assert not any(word in answer.text for word in ("select", "relation", "Undefined", "asyncpg", "/app/"))


async def test_the_process_goes_on_after_a_fault(own: Caller) -> None:
    await own.pool.execute("drop table service cascade")
    await own.get("/v1/services")

    assert (await own.get("/v1/sources")).status == 200


async def test_a_caller_who_leaves_in_the_middle_of_a_body_stores_nothing(own: Caller) -> None:
    source = await own.a_source()
    _, port = own.address.rsplit(":", 1)
    head = f"POST /v1/notices HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {source.key}\r\n"
    for _ in range(3):
        _, writer = await asyncio.open_connection("127.0.0.1", int(port))
        writer.write(f'{head}Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{{"event_id": "a"'.encode())
        await writer.drain()
        writer.close()

    accepted = await source.hand_in()

    assert accepted.status == 202
    assert await own.pool.fetchval("select count(*) from notice") == 1
