# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-07: API processes are replaced one after the other while callers hand notices in, as an update does."""

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout, TCPConnector

from deploy.processes import is_running
from tests.given import notice_json
from tests.reliability.counters import Counters, follow, stored
from tests.reliability.ground import until

CALLERS = 4
IN_GOOD_ORDER = {0, -signal.SIGTERM}
"""uvicorn ends as it was told to, by the signal; systemd and compose take that for what it is."""
LONGEST = 25.0
READY = 5.0


@dataclass
class Callers:
    """Municipal systems that say everything again until it is taken, each time over a new connection.

    `unheard`: the connection was closed before a word of an answer. `replayed`: what was heard in spite of that.
    """

    counters: Counters
    dice: random.Random
    acknowledged: list[UUID] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    refused: int = 0
    unheard: int = 0
    replayed: int = 0
    enough: bool = False

    async def hand_in(self) -> None:
        while not self.enough:
            await self._insist(notice_json())
            await asyncio.sleep(self.dice.uniform(0.05, 0.15))

    async def _insist(self, body: dict[str, Any]) -> None:
        while not await self._is_taken(body):  # noqa: ASYNC110 - an answer is what is waited for
            await asyncio.sleep(self.dice.uniform(0.05, 0.3))

    async def _is_taken(self, body: dict[str, Any]) -> bool:
        url = f"http://127.0.0.1:{self.dice.choice(self.counters.ports)}/v1/notices"
        key = {"Authorization": f"Bearer {self.counters.key}"}
        try:
            async with self.counters.session.post(url, json=body, headers=key) as answer:
                said = await answer.json()
        except ClientConnectorError:
            self.refused += 1
            return False
        except (ClientError, OSError):
            self.unheard += 1
            return False
        self.statuses[answer.status] += 1
        self.replayed += "Idempotent-Replayed" in answer.headers
        if answer.status == 202:
            self.acknowledged.append(UUID(said["id"]))
        return answer.status == 202


@asynccontextmanager
async def calling(counters: Counters) -> AsyncIterator[Callers]:
    """Let callers hand notices in all the while."""
    patient = ClientSession(connector=TCPConnector(force_close=True, limit=0), timeout=ClientTimeout(total=120))
    async with patient as session:
        callers = Callers(replace(counters, session=session), random.Random(11))  # noqa: S311 - to be repeated
        busy = [asyncio.create_task(callers.hand_in()) for _ in range(CALLERS)]
        try:
            yield callers
        finally:
            callers.enough = True
            await asyncio.gather(*busy)


async def test_replacing_api_processes_loses_nothing_and_cuts_no_answer_off(
    counters: Counters, database_url: str
) -> None:
    """4 replacements, each of two processes twice; the night has 200."""
    await rolls(counters, database_url, replacements=4)


@pytest.mark.nightly
@pytest.mark.timeout(14_400)
async def test_replacing_api_processes_all_night(counters: Counters, database_url: str) -> None:
    """Each has ended after 25 s; how soon the next one is ready is told, with `-s`."""
    ends, starts = zip(*await rolls(counters, database_url, replacements=200), strict=True)

    print(f"ended after {max(ends):.1f} s at the most, ready after {max(starts):.1f} s (aim {READY:g})")  # noqa: T201
    assert max(ends) <= LONGEST


async def rolls(counters: Counters, url: str, replacements: int) -> list[tuple[float, float]]:
    """Give the seconds that each took to end, and the next one to be ready."""
    await follow(url)
    seconds = []
    async with calling(counters) as callers:
        for number in range(replacements):
            taken = len(callers.acknowledged)
            await until(partial(have_taken, callers, taken + CALLERS))
            seconds.append(await replaced(counters, number % 2))

    assert callers.statuses.keys() <= {202, 503}
    assert callers.refused > 0
    assert callers.replayed == 0  # whatever was closed before an answer had not been heard, either
    assert len(callers.acknowledged) == len(set(callers.acknowledged))
    assert await stored(url, callers.acknowledged) == set(callers.acknowledged)
    return seconds


async def replaced(counters: Counters, number: int) -> tuple[float, float]:
    """Ask one to end, wait until it has, start another in its place, and wait until that is ready."""
    processes, port = counters.processes[number], counters.ports[number]
    (old,) = processes.running
    began = time.monotonic()
    processes.ask_to_end(old)
    await until(partial(has_ended, old))
    ended = time.monotonic()
    assert processes.status_of(old) in IN_GOOD_ORDER
    processes.start()
    await until(lambda: counters.answers(port))
    return ended - began, time.monotonic() - ended


async def have_taken(callers: Callers, many: int) -> bool:
    return len(callers.acknowledged) >= many


async def has_ended(pid: int) -> bool:
    return not is_running(pid)
