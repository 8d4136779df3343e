# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Two API processes, and a caller who hands a notice in at either until it is acknowledged."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from aiohttp import ClientError, ClientSession, ClientTimeout

from deploy.checker import check, read_records
from deploy.processes import free_port, last_words
from tests.given import a_channel
from tests.reliability.ground import PATIENCE, until
from tests.reliability.mutants import Mutant
from tests.reliability.processes import HERE, Nursery, Processes

ADMIN = "an-operator-key-of-a-test-0123456789abcdef"
AGAIN = (ClientError, OSError, TimeoutError)
OWED = 3
"""To how many channels each notice is owed, so that there is something which could be stored without it."""


@dataclass
class Counters:
    """The API processes, each behind its port, and how to speak to them."""

    processes: list[Processes]
    ports: list[int]
    session: ClientSession
    key: str = ADMIN

    def kill(self, number: int) -> None:
        self.processes[number].kill(self.processes[number].running[0])
        self.processes[number].start()

    async def call(self, port: int, path: str, body: dict[str, Any], **headers: str) -> tuple[int, dict[str, Any]]:
        whose = {"Authorization": f"Bearer {self.key}"} | {each.replace("_", "-"): headers[each] for each in headers}
        async with self.session.post(f"http://127.0.0.1:{port}/v1/{path}", json=body, headers=whose) as answer:
            return answer.status, await answer.json()

    async def answers(self, port: int) -> bool:
        with suppress(*AGAIN):
            async with self.session.get(f"http://127.0.0.1:{port}/readyz") as answer:
                return answer.status == 200
        return False

    async def has_begun(self, number: int) -> bool:
        """Tell whether an API answers; fail with its last words where it has ended instead."""
        process = self.processes[number]
        assert process.status_of(process.running[0]) is None, last_words(process.log)
        return await self.answers(self.ports[number])


@pytest.fixture
def code(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Give the checkout that the processes run; a test that names a mutant has a spoiled one."""
    mutant: Mutant | None = getattr(request, "param", None)
    return HERE if mutant is None else mutant.code(tmp_path / "spoiled")


@pytest.fixture
def way_to_postgres(database_url: str) -> str:
    """Give the URL that the processes have; a test can put something between."""
    return database_url


@pytest.fixture
async def counters(
    nursery: Nursery, way_to_postgres: str, redis_url: str, tmp_path: Path, code: Path
) -> AsyncIterator[Counters]:
    environment = {
        "CAMPANELLA_DATABASE_URL": way_to_postgres,
        "CAMPANELLA_REDIS_URL": redis_url,
        "CAMPANELLA_ADMIN_KEY": ADMIN,
        "CAMPANELLA_REQUESTS_PER_MINUTE": "0",
        "CAMPANELLA_REQUESTS_PER_DAY": "0",
    }
    ports = [free_port(), free_port()]
    processes = [
        Processes(nursery, environment, tmp_path / "api.log", code, ("app.cli", "api", "--port", str(port))).start()
        for port in ports
    ]
    async with ClientSession(timeout=ClientTimeout(total=5)) as session:
        made = Counters(processes, ports, session)
        for number in range(len(ports)):
            await until(partial(made.has_begun, number))
        made.key = (await made.call(ports[0], "sources", {"slug": "mensa", "name": "Mensa"}))[1]["key"]
        yield made
    for process in processes:
        process.close()


async def insists(counters: Counters, body: dict[str, Any], dice: random.Random) -> UUID:
    """Hand a notice in until it is acknowledged."""
    return UUID((await acknowledgement(counters, body, dice))["id"])


async def acknowledgement(counters: Counters, body: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    """Hand a notice in at any counter until it is acknowledged; the answer may only be 202, 429 or 503."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with suppress(*AGAIN):
            status, answer = await counters.call(dice.choice(counters.ports), "notices", body)
            assert status in (202, 429, 503), answer
            if status == 202:
                return answer
        await asyncio.sleep(dice.uniform(0.05, 0.3))
    raise AssertionError("never acknowledged")


async def follow(url: str) -> None:
    """Make the channels to which each notice will be owed."""
    async with asyncpg.create_pool(url, min_size=0) as pool:
        for number in range(OWED):
            await a_channel(pool, f"c{number}")


async def stored(url: str, acknowledged: Iterable[UUID]) -> set[UUID]:
    """Give the notices that are there, after the checker: all that were acknowledged, each with all that it owes."""
    connection = await asyncpg.connect(url)
    try:
        records = await read_records(connection)
    finally:
        await connection.close()
    broken = check(records, [], acknowledged, settled=False)
    assert not broken, broken
    assert len(records.deliveries) == OWED * len(records.notices)
    return set(records.notices)
