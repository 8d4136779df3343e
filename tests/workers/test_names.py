# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Names whose servers do not answer hold up nobody else: no other call, no other name, not even the end of a worker."""

import asyncio
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from threading import Event
from typing import Any

import pytest
from aiogram import Bot
from aiogram.methods import GetMe
from aiohttp import ClientError

from app.names import AT_ONCE, Info, Names
from app.outgoing import Outgoing
from deploy.sandbox import Sandbox
from tests.workers.conftest import until
from tests.workers.trap import Trap
from workers.telegram.session import Watch, WatchedSession
from workers.wechat.wire import Http
from workers.wechat.wire import Watch as Heard

MOST_THREADS = 32
"""Of an event loop for what would hold it up, however many processors there are."""


class Servers:
    """Servers of names of which those for example.org never answer, until all is over."""

    def __init__(self) -> None:
        self.asked, self._over = Counter[str](), Event()

    def __call__(self, host: str, port: int, *more: Any) -> list[Info]:
        self.asked[host] += 1
        if host.endswith(".example.org"):
            self._over.wait()
            raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        return socket.getaddrinfo("127.0.0.1", port, *more)

    def over(self) -> None:
        self._over.set()


@pytest.fixture
def servers() -> Iterator[Servers]:
    servers = Servers()
    yield servers
    servers.over()


@asynccontextmanager
async def hanging(outgoing: Outgoing, hosts: list[str]) -> Any:
    """Fetch from these at the same time, until the end."""

    async def fetch(host: str) -> None:
        with suppress(ClientError, OSError):
            await outgoing.fetch(f"https://{host}/a.png", 100)

    tasks = [asyncio.create_task(fetch(host)) for host in hosts]
    yield tasks
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await outgoing.close()


async def test_as_many_as_may_be_asked_about_hang_and_all_others_go_on(servers: Servers, trap: Trap) -> None:
    dead = [f"a{number}.example.org" for number in range(AT_ONCE)]
    others = Outgoing([trap.host, f"localhost:{trap.port}"], trap.context, names=Names(servers))

    async def all_asked() -> bool:
        return servers.asked.total() == len(dead)

    async with hanging(Outgoing(names=Names(servers)), dead):
        await until(all_asked)
        assert await asyncio.get_running_loop().getaddrinfo("localhost", 443)
        fetched = await others.fetch(f"https://localhost:{trap.port}/a.png", 100)

    assert fetched.content.startswith(b"\x89PNG")
    await others.close()


async def test_many_calls_to_one_name_are_one_question(servers: Servers) -> None:
    async with hanging(Outgoing(names=Names(servers)), ["a.example.org"] * 20 + ["b.example.org"]):

        async def both_asked() -> bool:
            return set(servers.asked) == {"a.example.org", "b.example.org"}

        await until(both_asked)
        assert servers.asked.total() == 2


async def test_who_finds_no_room_waits_and_who_gave_up_keeps_it_until_the_question_is_over(servers: Servers) -> None:
    names = Names(servers, at_once=1)
    first = asyncio.create_task(names.resolve("a.example.org"))
    await asyncio.sleep(0)

    first.cancel()
    given_up, second = (asyncio.create_task(names.resolve(host)) for host in ("x.example.org", "prato.it"))
    await asyncio.wait([first])
    given_up.cancel()
    await asyncio.wait([given_up])
    assert not second.done()
    servers.over()

    assert [found["host"] for found in await second] == ["127.0.0.1"]
    assert servers.asked == {"a.example.org": 1, "prato.it": 1}


async def test_a_name_that_is_none_is_refused_as_the_system_does(servers: Servers) -> None:
    servers.over()

    with pytest.raises(socket.gaierror):
        await Names(servers).resolve("a.example.org")
    with pytest.raises(UnicodeError):
        await Names().resolve("a" * 64 + ".it")
    assert {found["host"] for found in await Names().resolve("localhost", 443)} <= {"127.0.0.1", "::1"}


ENDS = """
import asyncio, threading, uvloop
from app.names import Names

async def main():
    asked = asyncio.create_task(Names(lambda *_: threading.Event().wait()).resolve("a.example.org"))
    await asyncio.sleep(0)
    asked.cancel()

uvloop.run(main())
"""


def test_a_process_ends_though_a_question_is_open() -> None:
    subprocess.run([sys.executable, "-c", ENDS], check=True)


@pytest.fixture
async def no_thread_of_the_loop() -> AsyncIterator[None]:
    """Keep all threads busy that the event loop has for names and all else."""
    over, loop = Event(), asyncio.get_running_loop()
    busy = [loop.run_in_executor(None, over.wait) for _ in range(MOST_THREADS + 1)]
    yield
    over.set()
    await asyncio.gather(*busy)


@pytest.mark.usefixtures("no_thread_of_the_loop")
async def test_platforms_are_found_though_all_others_wait_for_names(sandbox: Sandbox) -> None:
    there = sandbox.url.replace("127.0.0.1", "localhost")
    session, http = WatchedSession(there, 10), Http(there, 10)

    answer = await session.exchange(Bot(sandbox.token, session=session), GetMe(), Watch())
    other: Any = await http.post("/cgi-bin/token", {}, {}, Heard())

    assert (answer.status, other.members["error_code"]) == (200, 404)
    await asyncio.gather(session.close(), http.close())
