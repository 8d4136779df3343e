# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The guard before every address that others chose: the table of security.md section 4, and a resolver that lies."""

import asyncio
import socket

import pytest
from aiohttp import ClientError

from app.domain.public import is_public
from app.outgoing import FetchError, Outgoing
from tests.workers.conftest import until
from tests.workers.trap import Trap
from workers.turn import AT_ONCE, KEPT

NOT_PUBLIC = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 - an address to refuse, not to listen on
    "240.0.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "192.88.99.1",
    "192.0.0.9",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2001::1",
    "ff02::1",
    "fec0::1",
    "fd00::1",
    "fe80::1",
    "fe80::1%eth0",
    "localhost",
    "",
]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_not_somebody_elses_public_one_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_a_public_address_is_let_through(address: str) -> None:
    assert is_public(address)


REFUSED = [
    "http://comune.example.it/a.png",
    "ftp://comune.example.it/a.png",
    "file:///etc/passwd",
    "https://user:pass@comune.example.it/a.png",
    "https://comune.example.it:22/a.png",
]


@pytest.mark.parametrize("href", REFUSED)
async def test_only_https_on_an_ordinary_port_is_fetched(href: str) -> None:
    outgoing = Outgoing()

    with pytest.raises(FetchError):
        await outgoing.fetch(href, 100)

    await outgoing.close()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::1]", "0x7f.1", "127.1", "2130706433", "[::]"]
)
async def test_no_spelling_of_this_machine_is_dialled(host: str, trap: Trap) -> None:
    outgoing = Outgoing(trusted=trap.context)

    with pytest.raises((FetchError, ClientError, OSError, ValueError)):
        await outgoing.fetch(f"https://{host}:8443/a.png", 100)

    assert trap.hits == 0
    await outgoing.close()


async def test_a_named_exception_is_fetched(trap: Trap) -> None:
    outgoing = Outgoing([trap.host], trap.context)

    fetched = await outgoing.fetch(f"https://{trap.host}/a.png", 100)

    assert fetched.content.startswith(b"\x89PNG")
    await outgoing.close()


@pytest.mark.parametrize(("path", "final"), [("none", True), ("busy", False)])
async def test_what_is_refused_for_haste_is_worth_another_try(trap: Trap, path: str, *, final: bool) -> None:
    outgoing = Outgoing([trap.host], trap.context)

    with pytest.raises(FetchError) as refused:
        await outgoing.fetch(f"https://{trap.host}/{path}", 100)

    assert refused.value.final is final
    await outgoing.close()


@pytest.mark.parametrize("path", ["away", "round", "endless", "none", "short"])
async def test_what_cannot_be_had_is_said_without_a_word_of_the_answer(trap: Trap, path: str) -> None:
    outgoing = Outgoing([trap.host], trap.context)

    with pytest.raises((FetchError, OSError, ClientError)) as refused:
        await outgoing.fetch(f"https://{trap.host}/{path}", 1 << 20)

    assert "canary" not in str(refused.value)
    await outgoing.close()


async def test_what_is_packed_counts_as_what_it_is_unpacked(trap: Trap) -> None:
    outgoing = Outgoing([trap.host], trap.context)

    with pytest.raises(FetchError, match="larger than 10 MiB"):
        await outgoing.fetch(f"https://{trap.host}/bomb", 10 << 20)

    await outgoing.close()


async def test_a_certificate_nobody_vouches_for_is_refused(trap: Trap) -> None:
    outgoing = Outgoing([trap.host])

    with pytest.raises(ClientError):
        await outgoing.fetch(f"https://{trap.host}/a.png", 100)

    await outgoing.close()


def test_the_test_machine_resolves_its_own_name_to_a_refused_address() -> None:
    assert not is_public(socket.gethostbyname("localhost"))


async def test_receivers_that_hang_in_all_calls_of_a_kind_leave_connections_for_the_others(trap: Trap) -> None:
    outgoing, hang = Outgoing([trap.host], trap.context), f"https://{trap.host}/hang"
    many = AT_ONCE + KEPT + 50  # and all callbacks at once

    async def call() -> None:
        async with outgoing.request("GET", hang, {}, b"", 600):
            pass

    calls: list[asyncio.Task[None]] = []

    async def all_arrived() -> bool:
        return trap.hits >= len(calls)

    async with asyncio.TaskGroup() as group:
        while len(calls) < many:  # a few at a time, so that none waits long for its handshake
            calls += [group.create_task(call()) for _ in range(34)]
            await until(all_arrived)
        fetched = await outgoing.fetch(f"https://{trap.host}/a.png", 100)
        for each in calls:
            each.cancel()

    assert fetched.content.startswith(b"\x89PNG")
    await outgoing.close()
