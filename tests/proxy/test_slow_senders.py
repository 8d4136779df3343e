# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Whoever sends drop by drop is ended by the proxy, or waits there alone: the API never hears of it."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.proxy.paper import NAME
from tests.proxy.running import NGINX, PATIENCE, Proxy, all_of, fresh, status_of

pytestmark = pytest.mark.skipif(NGINX is None, reason="Debian's nginx is not installed")
ENDED = {0, 408}
MOST = 200
"""Requests of one address that the shipped configuration lets be under way."""
ELSEWHERE = "127.0.0.2"


def drops(text: bytes) -> Iterator[bytes]:
    for letter in text:
        yield bytes([letter])


def head(path: str, length: int) -> bytes:
    lines = (f"POST {path} HTTP/1.1", f"Host: {NAME}", "Content-Type: application/json", f"Content-Length: {length}")
    return "".join(f"{line}\r\n" for line in (*lines, "Connection: close", "")).encode()


async def dripped(proxy: Proxy, first: bytes, rest: bytes, pause: float) -> bytes:
    """Send the first bytes at once and the others one by one, for as long as anybody takes them; give the answer."""
    reader, writer = await proxy.connect()
    answer = asyncio.create_task(all_of(reader))
    try:
        with contextlib.suppress(OSError, ssl.SSLError):
            writer.write(first)
            for drop in drops(rest):
                writer.write(drop)
                await writer.drain()
                await asyncio.wait([answer], timeout=pause)
                if answer.done():
                    break
        return await asyncio.wait_for(answer, PATIENCE)
    finally:
        writer.close()


async def test_a_header_that_comes_drop_by_drop_is_ended_and_others_are_answered_meanwhile(
    proxy: Proxy, hurried: Proxy
) -> None:
    word = fresh()
    text = f"GET /v1/services/{word} HTTP/1.1\r\nHost: {NAME}\r\n".encode() + b"X-Drops: " + b"x" * 4000

    slow = asyncio.create_task(dripped(hurried, b"", text, 0.1))
    status, _, _ = await proxy.get("/livez")
    answer = await slow

    assert (status, status_of(answer) in ENDED) == (200, True)
    assert await proxy.heard(word) == [0]


async def test_a_body_whose_pieces_come_too_late_is_ended_and_others_are_answered_meanwhile(
    proxy: Proxy, hurried: Proxy
) -> None:
    word = fresh()

    slow = asyncio.create_task(dripped(hurried, head(f"/v1/services/{word}", 1000), b"{" * 100, PATIENCE))
    status, _, _ = await proxy.get("/livez")
    answer = await slow

    assert (status, status_of(answer) in ENDED) == (200, True)
    assert await proxy.heard(word) == [0]


async def test_the_api_hears_of_a_slow_body_only_when_all_of_it_is_there(proxy: Proxy) -> None:
    word, length, (reader, writer) = fresh(), 10_000, await proxy.connect()
    sent: list[bytes] = []

    async def drip() -> None:
        while True:
            sent.append(b"x")
            writer.write(sent[-1])
            await asyncio.sleep(0.2)

    writer.write(head(f"/v1/services/{word}", length))
    dripping = asyncio.create_task(drip())
    before = await proxy.heard(word)
    while len(sent) < 5:
        before += await proxy.heard(word)
    dripping.cancel()
    writer.write(b"x" * (length - len(sent)))
    answer = await asyncio.wait_for(all_of(reader), PATIENCE)
    writer.close()

    assert (set(before), status_of(answer)) == ({0}, 405)
    assert await proxy.heard(word) == [1]


@contextlib.asynccontextmanager
async def many_slow(proxy: Proxy, path: str, source: str) -> AsyncIterator[None]:
    """Hold as many requests of one address as are let in, each with a body that comes a drop a second."""
    tasks = [asyncio.create_task(slow_for_ever(proxy, path, source)) for _ in range(MOST)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def slow_for_ever(proxy: Proxy, path: str, source: str) -> None:
    while True:
        with contextlib.suppress(OSError, ssl.SSLError):
            reader, writer = await proxy.connect(source=source)
            try:
                writer.write(head(path, 10_000))
                while not reader.at_eof():
                    writer.write(b"x")
                    await writer.drain()
                    await asyncio.sleep(1)
            finally:
                writer.close()
        await asyncio.sleep(0.2)


async def one_more(proxy: Proxy, source: str) -> bytes:
    reader, writer = await proxy.connect(source=source)
    writer.write(f"GET /livez HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode())
    answer = await asyncio.wait_for(all_of(reader), PATIENCE)
    writer.close()
    return answer


async def test_one_address_holds_so_many_places_with_slow_bodies_and_takes_none_of_others(proxy: Proxy) -> None:
    word = fresh()

    async with many_slow(proxy, f"/v1/services/{word}", ELSEWHERE), asyncio.timeout(PATIENCE):
        while status_of(refused := await one_more(proxy, ELSEWHERE)) != 503:  # noqa: ASYNC110 - until all are there
            await asyncio.sleep(0.05)
        status, _, _ = await proxy.get("/livez")

    assert (status, b"Retry-After: 15" in refused, b"application/problem+json" in refused) == (200, True, True)
    assert await proxy.heard(word) == [0]
