# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What is no request, or too much of one, is answered like every other error, before any route sees it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from app.api.door import Door
from app.database import Pool
from app.settings import Settings
from tests.api.calling import Caller, a_notice, served, some_settings


async def spoken(caller: Caller, text: bytes) -> tuple[int, dict[str, str], Any]:
    """Write bytes as they are, and read the one answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(caller.address.rpartition(":")[2]))
    writer.write(text)
    answer = await heard(reader)
    writer.close()
    return answer


async def heard(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], Any]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
    body = await reader.readexactly(int(headers["content-length"]))
    return int(head[0].split(" ")[1]), headers, json.loads(body)


@pytest.mark.parametrize("method", ["BREW", "get", "X", "M!-x"])
async def test_a_method_that_nobody_knows_is_not_allowed_where_the_address_exists(
    operator: Caller, method: str
) -> None:
    status, headers, problem = await spoken(operator, f"{method} /v1/notices?a=b HTTP/1.1\r\nHost: x\r\n\r\n".encode())

    assert (status, headers["allow"]) == (405, "get, head, options, post")
    assert headers["content-type"] == "application/problem+json"
    assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")
    assert problem["instance"].endswith(headers["x-correlation-id"])
    assert problem["type"].endswith("/problems/method-not-allowed")


async def test_a_method_that_nobody_knows_finds_nothing_where_nothing_is(operator: Caller) -> None:
    status, _, problem = await spoken(operator, b"BREW /v1/coffee HTTP/1.1\r\nHost: x\r\n\r\n")

    assert (status, problem["type"].rpartition("/")[2]) == (404, "not-found")


UNREADABLE = {
    "no request": b"hello\r\n\r\n",
    "a header without a name": b"GET /v1/services HTTP/1.1\r\n: x\r\n\r\n",
    "a folded header": b"GET /v1/services HTTP/1.1\r\nHost: x\r\n a: folded\r\n\r\n",
    "a length that is none": b"POST /v1/notices HTTP/1.1\r\nHost: x\r\nContent-Length: 5x\r\n\r\n",
    "two lengths": b"POST /v1/notices HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
    "a length and chunks": (
        b"POST /v1/notices HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    ),
    "a bare line feed after the version": b"GET /v1/services HTTP/1.1\nHost: x\r\n\r\n",
    "a bare line feed after a header": b"GET /v1/services HTTP/1.1\r\nHost: x\nA: b\r\n\r\n",
    "a blank before a colon": b"POST /v1/notices HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\n12345",
    "a signed length": b"POST /v1/notices HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\n12345",
    "chunks and something": (
        b"POST /v1/notices HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"
    ),
    "a control character": b"GET /v1/services HTTP/1.1\r\nHost: x\x01\r\n\r\n",
    "no host": b"GET /v1/services HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /v1/services HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
}


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE)
async def test_what_two_readers_would_read_differently_is_no_request(operator: Caller, text: bytes) -> None:
    status, headers, problem = await spoken(operator, text)

    assert (status, headers["content-type"]) == (400, "application/problem+json")
    assert problem["type"].endswith("/problems/invalid-header")


async def test_the_version_before_needs_no_host(operator: Caller) -> None:
    status, _, _ = await spoken(operator, b"GET /livez HTTP/1.0\r\n\r\n")

    assert status == 200


@pytest.mark.parametrize("before", [b"", b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"], ids=["the first", "another"])
async def test_a_head_without_end_is_refused_before_its_end(operator: Caller, before: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(operator.address.rpartition(":")[2]))
    writer.write(before + b"GET /v1/services HTTP/1.1\r\nHost: x\r\nX-Filler: ")
    if before:
        assert (await heard(reader))[0] == 200
    refusal = asyncio.create_task(heard(reader))
    for _ in range(1000):
        if refusal.done():
            break
        with suppress(ConnectionError):
            writer.write(b"a" * 1024)
            await writer.drain()
        await asyncio.sleep(0.005)

    status, headers, problem = await asyncio.wait_for(refusal, 60)
    writer.close()
    assert (status, headers["connection"], problem["limit"]) == (431, "close", 16_384)


async def test_what_comes_behind_a_body_is_no_header(operator: Caller) -> None:
    """A host of two names would be refused."""
    text = b"DELETE /v1/keys HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nHost: y\r\n\r\n"

    status, _, problem = await spoken(operator, text)

    assert (status, problem["type"].rpartition("/")[2]) == (405, "method-not-allowed")


async def test_an_address_that_is_too_long_is_refused_with_the_limit(operator: Caller) -> None:
    answer = await operator.get("/v1/notices?cursor=" + "a" * 4096)

    assert (answer.status, answer.problem, answer.body["limit"]) == (414, "too-large", 4096)


@pytest.mark.parametrize(
    "headers", [{"X-Filler": "a" * 8000, "X-More": "b" * 8000, "X-Yet": "c" * 400}, {f"X-{n}": "a" for n in range(101)}]
)
async def test_headers_that_are_too_large_or_too_many_are_refused(operator: Caller, headers: dict[str, str]) -> None:
    answer = await operator.get("/v1/services", **headers)

    assert (answer.status, answer.problem, answer.body["limit"]) == (431, "too-large", 16_384)


@pytest.mark.parametrize("wish", ["text/html", "application/xml, text/*;q=0.5", "application/json;q=0, */*;q=0"])
async def test_a_wish_that_cannot_be_granted_is_refused_in_the_form_of_problems(operator: Caller, wish: str) -> None:
    answer = await operator.get("/v1/services", Accept=wish)

    assert (answer.status, answer.problem) == (406, "not-acceptable")
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "wish", ["*/*", "application/json", "application/*", "text/html, */*;q=0.1", "", "application/JSON; q=0.3"]
)
async def test_a_wish_that_can_be_granted_is(operator: Caller, wish: str) -> None:
    answer = await operator.get("/v1/services", Accept=wish)

    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")


async def test_what_has_no_body_cannot_be_unacceptable(operator: Caller) -> None:
    answer = await operator.call("DELETE", "/v1/keys/A1b2C3d4E5f6", headers={"Accept": "text/html"})

    assert answer.status == 404


@pytest.fixture(scope="module")
async def named(settings: Settings, pool: Pool) -> AsyncIterator[Caller]:
    """An API that answers to two names only."""
    hosts = some_settings(str(settings.database_url), str(settings.redis_url), hosts="campanella.example, [::1]")
    async with served(hosts, pool) as caller:
        yield caller


@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        ("campanella.example", "/v1/services", 200),
        ("CAMPANELLA.example:8443", "/v1/services", 200),
        ("[::1]:8080", "/v1/services", 200),
        ("evil.example", "/v1/services", 400),
        ("campanella.example.evil.example", "/docs", 400),
        ("", "/docs", 400),
        ("10.0.0.7:8080", "/livez", 200),
    ],
)
async def test_only_the_names_of_the_installation_are_answered_to(
    named: Caller, host: str, path: str, status: int
) -> None:
    answer = await named.get(path, Host=host)

    assert answer.status == status
    assert "evil" not in answer.text


async def test_no_address_in_an_answer_is_taken_from_the_host_that_was_asked_for(source: Caller) -> None:
    answers = [
        await source.post("/v1/notices", a_notice(), Host="evil.example"),
        await source.post("/v1/notices", a_notice(), Host="evil.example"),
        await source.get("/v1/notices?limit=1", Host="evil.example"),
        await source.get("/v1/nowhere", Host="evil.example"),
        await source.get("/.well-known/api-catalog", Host="evil.example"),
        await source.get("/openapi.json", Host="evil.example"),
    ]

    assert [answer.status for answer in answers] == [202, 202, 200, 404, 200, 200]
    assert answers[2].body["next"].startswith("http://127.0.0.1:8080/v1/notices?")
    assert answers[0].headers["Location"].startswith("http://127.0.0.1:8080/v1/notices/")
    assert not [answer for answer in answers if "evil" in f"{answer.text} {dict(answer.headers)}"]


FORWARDED = [
    ("", "203.0.113.9", None, "203.0.113.9"),
    ("", "203.0.113.9", "198.51.100.1", "203.0.113.9"),
    ("10.0.0.0/8", "10.0.0.2", None, "10.0.0.2"),
    ("10.0.0.0/8", "10.0.0.2", "198.51.100.1", "198.51.100.1"),
    ("10.0.0.0/8", "10.0.0.2", "6.6.6.6, 198.51.100.1, 10.0.0.3", "198.51.100.1"),
    ("10.0.0.0/8", "203.0.113.9", "198.51.100.1", "203.0.113.9"),
    ("10.0.0.0/8, ::1", "::1", "2001:db8::7", "2001:db8::7"),
    ("10.0.0.0/8", "10.0.0.2", "nonsense", "10.0.0.2"),
]


@pytest.mark.parametrize(("proxies", "near", "told", "expected"), FORWARDED)
def test_who_asks_is_believed_of_our_own_proxies_only(proxies: str, near: str, told: str | None, expected: str) -> None:
    door = Door(some_settings("postgresql://u@h/d", "redis://h", trusted_proxies=proxies))
    headers = [(b"x-forwarded-for", told.encode())] if told else []

    assert door.caller({"type": "http", "client": (near, 1), "headers": headers}) == expected
