# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-05: a host that never answers a connection, and a name that nobody knows: nothing left, and nothing is in doubt."""

import select
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial

import pytest

from tests.reliability.conftest import Prepare
from tests.reliability.ground import Ground, until
from tests.reliability.processes import Processes
from tests.reliability.test_doubt import POLICIES
from tests.reliability.test_rolling import ended

UNHURRIED = 8.0
"""Seconds for a call, so that it is the connection that is given up, after three."""
API = "CAMPANELLA_TELEGRAM_API_URL"
MET = "select count(distinct delivery_id) from attempt where error ~ $1"
OTHERWISE = "select count(*) from attempt where outcome <> 'delivered' and (outcome, wire) <> ('failed', 'none')"


@contextmanager
def a_black_hole() -> Iterator[str]:
    """Listen without ever taking anybody, until there is no room for one more to wait: the next has no answer."""
    with ExitStack() as open_ones:
        listening = open_ones.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        while has_room(open_ones.enter_context(socket.socket()), listening.getsockname()):
            pass
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def has_room(caller: socket.socket, address: tuple[str, int]) -> bool:
    caller.settimeout(0)
    caller.connect_ex(address)
    return bool(select.select([], [caller], [], 0.5)[1])


@contextmanager
def an_unknown_name() -> Iterator[str]:
    """Give a name of those that never exist."""
    yield "http://telegram.invalid:8081"


@pytest.mark.parametrize(
    ("nowhere", "error"), [(a_black_hole, "Timeout"), (an_unknown_name, "DNS")], ids=["black hole", "unknown name"]
)
async def test_a_call_that_finds_no_way_out_is_no_doubt(
    prepare: Prepare, nowhere: Callable[[], AbstractContextManager[str]], error: str
) -> None:
    """A worker that calls in vain for all policies, and then one that knows the way."""
    async with prepare(patience=UNHURRIED) as ground:
        for policy in POLICIES:
            await ground.channel(policy, areas=[policy])
            await ground.accept(audience={"areas": [policy]}, in_doubt=policy)
        with nowhere() as url:
            await calls_in_vain(ground, ground.workers.otherwise("workers", **{API: url}), error)
        ground.workers.start()
        await ground.settles()

        assert await ground.states() == {"delivered": len(POLICIES)}
        assert len(ground.telegram.posts()) == len(POLICIES)
        assert await ground.pool.fetchval(OTHERWISE) == 0
        assert await ground.verdict() == []


async def calls_in_vain(ground: Ground, workers: Processes, error: str) -> None:
    """Let a worker call until each notice has met the error, and end in good order."""
    (lost,) = workers.start().running
    try:
        await until(partial(have_met, ground, error))
        workers.ask_to_end(lost)
        await until(partial(ended, lost))
    finally:
        workers.close()


async def have_met(ground: Ground, error: str) -> bool:
    return bool(await ground.pool.fetchval(MET, error) == len(POLICIES))
