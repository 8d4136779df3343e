# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Who may do what, and what it costs to find out."""

import asyncio
from typing import Any

import asyncpg
import pytest

from app.access import Access
from app.database import Pool
from app.domain.key import checksum, new_key
from app.settings import Settings
from tests.api.calling import ADMIN_KEY, Caller, served, some_settings

OPERATIONS = [
    ("GET", "/v1/sources"),
    ("GET", "/v1/keys"),
    ("GET", "/v1/channels"),
    ("GET", "/v1/dead-letters"),
    ("GET", "/v1/held"),
    ("POST", "/v1/sources"),
    ("POST", "/v1/channels"),
    ("POST", "/v1/keys"),
    ("PUT", "/v1/services/mensa"),
    ("PATCH", "/v1/channels/scuola"),
    ("DELETE", "/v1/channels/scuola"),
    ("POST", "/v1/dead-letters/redrive"),
    ("POST", "/v1/deliveries/1/decision"),
    ("POST", "/v1/held/decision"),
]


NOBODY = {
    "no key": None,
    "an unknown key": new_key().text,
    "a typing mistake": new_key().text[:-1] + "!",
    "not a key": "segreto",
    "something endless": "x" * 5000,
}


@pytest.mark.parametrize("key", NOBODY.values(), ids=NOBODY)
async def test_whatever_is_wrong_with_a_key_the_answer_is_the_same(operator: Caller, key: str | None) -> None:
    answer = await operator.having(key).get("/v1/notices", Accept_Language="en")

    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert answer.body["detail"] == "The key is missing, unknown, expired or revoked."
    assert answer.body.keys() == {"type", "title", "status", "detail", "instance"}


async def test_the_id_of_a_key_with_another_secret_is_nobody(operator: Caller) -> None:
    source = await operator.a_source()
    assert (await source.get("/v1/notices")).status == 200
    body = f"{str(source.key)[:23]}{'0' * 32}"

    answer = await operator.having(body + checksum(body)).get("/v1/notices")

    assert (answer.status, answer.problem) == (401, "unauthenticated")


@pytest.mark.parametrize("header", ["Basic {}", "{}", "Bearer", "Bearer  {}", "Bearer {} {}", "Token {}"])
async def test_a_key_is_only_taken_as_a_bearer(operator: Caller, header: str) -> None:
    value = header.format(ADMIN_KEY, ADMIN_KEY)

    answer = await operator.having(None).get("/v1/services", Authorization=value)

    assert answer.status == 401


async def test_two_authorization_headers_are_none(operator: Caller) -> None:
    headers = [("Authorization", f"Bearer {ADMIN_KEY}")] * 2
    async with operator.session.get("/v1/services", headers=headers) as answer:
        status = answer.status

    assert status == 401


@pytest.mark.parametrize("name", ["key", "access_token", "api_key", "Authorization", "limit"])
async def test_a_key_in_the_address_is_refused(operator: Caller, name: str) -> None:
    answer = await operator.having(None).get(f"/v1/services?{name}={new_key().text}")

    assert (answer.status, answer.problem) == (400, "invalid-parameter")
    assert "divulgata" in answer.body["detail"]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_a_source_administers_nothing(source: Caller, method: str, path: str) -> None:
    answer = await source.call(method, path)

    assert (answer.status, answer.problem) == (403, "forbidden")


async def test_a_viewer_sees_everything_and_changes_nothing(operator: Caller) -> None:
    issued = await operator.post("/v1/keys", {"role": "viewer", "label": "Sala operativa"})
    viewer = operator.having(issued.body["key"])

    answers = {(method, path): (await viewer.call(method, path)).status for method, path in OPERATIONS}

    assert {status for (method, _), status in answers.items() if method == "GET"} == {200}
    assert {status for (method, _), status in answers.items() if method != "GET"} == {403}


async def test_the_last_use_of_a_key_is_written_down_apart_from_its_requests(operator: Caller, pool: Pool) -> None:
    source = await operator.a_source()
    access = Access(pool, None)
    assert await access.caller(str(source.key)) is not None
    before = await pool.fetchval("select last_used_at from key where source = $1", source.slug)

    await access.use.write_down()

    after = await pool.fetchval("select last_used_at from key where source = $1", source.slug)
    await access.caller(str(source.key))
    await access.use.write_down()
    again = await pool.fetchval("select last_used_at from key where source = $1", source.slug)
    assert before is None
    assert after == again is not None


async def test_a_crowd_with_one_key_costs_one_look_up(operator: Caller, settings: Settings) -> None:
    source = await operator.a_source()
    statements: list[str] = []

    async def listen(connection: Any) -> None:
        connection.add_query_logger(lambda record: statements.append(record.query))

    async with asyncpg.create_pool(str(settings.database_url), min_size=1, max_size=5, init=listen) as pool:
        access = Access(pool, None)
        found = await asyncio.gather(*(access.caller(str(source.key)) for _ in range(50)))

    assert {caller.source for caller in found if caller} == {source.slug}
    assert sum("key.digest" in statement for statement in statements) == 1


async def test_a_mistyped_key_costs_no_look_up(pool: Pool, settings: Settings) -> None:
    nowhere = some_settings("postgresql://nobody@127.0.0.1:1/nothing", str(settings.redis_url))

    async with served(nowhere, pool) as caller:
        mistyped = await caller.having(new_key().text[:-1] + "_").get("/v1/notices")
        unknown = await caller.having(new_key().text).get("/v1/notices")

    assert (mistyped.status, unknown.status) == (401, 503)
