# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The guard before every address that others chose: the table of security.md section 4, and a resolver that lies."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Sequence
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiohttp import ClientConnectorError, ClientError, ClientPayloadError
from yarl import URL

from app.domain.public import is_public
from app.names import Names
from app.outgoing import BlockedError, FetchError, Outgoing
from tests.workers.conftest import until
from tests.workers.liar import Liar
from tests.workers.trap import NAME, Trap, a_trap
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


HERE = ip_address("127.64.0.0") + os.getpid()
"""An address of this machine that no other test process has, so that a trap can have its port 8443."""
MAPPED = f"::ffff:{HERE}"


@pytest.fixture
async def trap_at_8443(tmp_path: Path) -> AsyncIterator[Trap]:
    """A trap on an ordinary port, where no exception is needed for the port."""
    async with a_trap(tmp_path, (str(HERE), 8443)) as trap:
        trap.context.check_hostname = False  # its certificate has none of the spellings
        yield trap


def spelled(spelling: str) -> str:
    return spelling.format(HERE, int(HERE), int(HERE) & 0xFFFFFF)


@pytest.mark.parametrize(
    "spelling", ["{0}", "[::ffff:{0}]", "0x7f.{2}", "127.{2}", "{1}", "0x{1:x}", "localhost", "[::1]", "[::]"]
)
async def test_no_spelling_of_this_machine_is_dialled(spelling: str, trap_at_8443: Trap) -> None:
    outgoing = Outgoing(trusted=trap_at_8443.context)

    with pytest.raises(FetchError, match="this host is no public one"):
        await outgoing.fetch(f"https://{spelled(spelling)}:8443/a.png", 100)

    assert trap_at_8443.hits == 0
    await outgoing.close()


@pytest.mark.parametrize("spelling", ["{0}", "[::ffff:{0}]", "0x7f.{2}", "0x{1:x}"])
async def test_without_the_guard_such_a_spelling_would_be_dialled(spelling: str, trap_at_8443: Trap) -> None:
    """All those that lead to the trap, but for two that the client refuses by itself."""
    host = spelled(spelling)
    outgoing = Outgoing([f"{URL(f'https://{host}').raw_host}:8443", f"{HERE}:8443"], trap_at_8443.context)

    await outgoing.fetch(f"https://{host}:8443/a.png", 100)

    assert trap_at_8443.hits == 1
    await outgoing.close()


def lied_to(trap: Trap, *answers: Sequence[str], port: int, exceptions: Sequence[str] = ()) -> Outgoing:
    """Make a client that a server of names leads to a trap, whatever it asks for."""
    return Outgoing(exceptions, trap.context, names=Names(Liar(port, *answers)))


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::ffff:127.0.0.1"])  # noqa: S104 - it leads to here, too
async def test_a_name_that_leads_to_this_machine_is_not_dialled(address: str, trap: Trap) -> None:
    guarded = lied_to(trap, [address], port=trap.port)
    unguarded = lied_to(trap, [address], port=trap.port, exceptions=[f"{address}:{trap.port}"])

    with pytest.raises(ClientConnectorError) as refused:
        await guarded.fetch(f"https://{NAME}/a.png", 100)
    hits = trap.hits
    await unguarded.fetch(f"https://{NAME}/a.png", 100)

    assert isinstance(refused.value.os_error, BlockedError)
    assert (hits, trap.hits) == (0, 1)
    await asyncio.gather(guarded.close(), unguarded.close())


@pytest.mark.parametrize("address", [address for address in NOT_PUBLIC if address not in ("localhost", "")])
async def test_a_name_that_leads_to_no_public_address_is_not_dialled(address: str, trap: Trap) -> None:
    outgoing = lied_to(trap, [address], port=trap.port)

    with pytest.raises(ClientConnectorError) as refused:
        await outgoing.fetch(f"https://{NAME}/a.png", 100)

    assert isinstance(refused.value.os_error, BlockedError)
    await outgoing.close()


async def test_of_several_addresses_of_a_name_each_is_judged(trap: Trap) -> None:
    """The first is let through and does not answer, which the public one of somebody who means ill may do, too."""
    both, silent = ["127.0.0.2", "127.0.0.1"], f"127.0.0.2:{trap.port}"
    guarded = lied_to(trap, both, port=trap.port, exceptions=[silent])
    unguarded = lied_to(trap, both, port=trap.port, exceptions=[silent, trap.host])

    with pytest.raises(ClientConnectorError) as refused:
        await guarded.fetch(f"https://{NAME}/a.png", 100)
    hits = trap.hits
    await unguarded.fetch(f"https://{NAME}/a.png", 100)

    assert "the address is not a public one" in str(refused.value.os_error)
    assert (hits, trap.hits) == (0, 1)
    await asyncio.gather(guarded.close(), unguarded.close())


async def test_a_name_that_was_let_through_is_judged_anew_where_it_leads_next(trap: Trap) -> None:
    """An exception stands for the public address that it has first: this machine has none."""
    trap.elsewhere["/away"] = f"https://{NAME}:8443/a.png"  # another port, so that the name is asked for once more
    answers, next_one = (["127.0.0.1"], ["0.0.0.0"]), f"0.0.0.0:{trap.port}"  # noqa: S104 - it leads to here, too
    guarded = lied_to(trap, *answers, port=trap.port, exceptions=[trap.host])
    unguarded = lied_to(trap, *answers, port=trap.port, exceptions=[trap.host, next_one])

    with pytest.raises(ClientConnectorError) as refused:
        await guarded.fetch(f"https://{NAME}/away", 100)
    hits = trap.hits
    await unguarded.fetch(f"https://{NAME}/away", 100)

    assert isinstance(refused.value.os_error, BlockedError)
    assert (hits, trap.hits) == (1, 3)
    await asyncio.gather(guarded.close(), unguarded.close())


LEADS = [
    ("https://{0}:8443/a.png", "{0}:8443", "this host is no public one"),
    ("https://{1}:22/a.png", "{1}:22", "only https on port 443 or 8443"),
    ("https://user:pass@{1}/a.png", "{1}:443", "without a user name"),
]


@pytest.mark.parametrize(("there", "exception", "reason"), LEADS)
async def test_where_a_redirect_leads_is_judged_before_it_is_dialled(
    there: str, exception: str, reason: str, trap_at_8443: Trap
) -> None:
    """The way to the first answer is an exception, so that where it leads would be dialled."""
    trap, first = trap_at_8443, f"{MAPPED}:8443"
    trap.elsewhere["/away"] = there.format(HERE, NAME)
    guarded = lied_to(trap, [MAPPED], port=8443, exceptions=[first])
    unguarded = lied_to(trap, [MAPPED], port=8443, exceptions=[first, exception.format(HERE, NAME)])

    with pytest.raises(FetchError, match=reason):
        await guarded.fetch(f"https://{NAME}/away", 100)
    hits = trap.hits
    await unguarded.fetch(f"https://{NAME}/away", 100)

    assert (hits, trap.hits) == (1, 3)
    await asyncio.gather(guarded.close(), unguarded.close())


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


NOT_TO_BE_HAD = [
    ("round", FetchError, "too many redirects"),
    ("endless", FetchError, "larger than 1 MiB"),
    ("none", FetchError, "the server answers 404"),
    ("short", ClientPayloadError, "not completed"),
]


@pytest.mark.parametrize(("path", "error", "reason"), NOT_TO_BE_HAD)
async def test_what_cannot_be_had_is_said_without_a_word_of_the_answer(
    trap: Trap, path: str, error: type[Exception], reason: str
) -> None:
    outgoing = Outgoing([trap.host], trap.context)

    with pytest.raises(error, match=reason) as refused:
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
