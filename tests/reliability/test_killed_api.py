# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-02 and R-12: the API is killed while notices are handed in, and the same notice comes from many at once."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from aiohttp import ClientError, ClientSession, ClientTimeout

from deploy.checker import read_records
from deploy.processes import free_port
from tests.given import notice_json
from tests.reliability.ground import until
from tests.reliability.processes import Nursery, Processes

ADMIN = "an-operator-key-of-a-test-0123456789abcdef"
AGAIN = (ClientError, OSError, TimeoutError)


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

    async def call(self, port: int, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        whose = {"Authorization": f"Bearer {self.key}"}
        async with self.session.post(f"http://127.0.0.1:{port}/v1/{path}", json=body, headers=whose) as answer:
            return answer.status, await answer.json()

    async def answers(self, port: int) -> bool:
        with suppress(*AGAIN):
            async with self.session.get(f"http://127.0.0.1:{port}/readyz") as answer:
                return answer.status == 200
        return False


@pytest.fixture
async def counters(nursery: Nursery, database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Counters]:
    environment = {
        "CAMPANELLA_DATABASE_URL": database_url,
        "CAMPANELLA_REDIS_URL": redis_url,
        "CAMPANELLA_ADMIN_KEY": ADMIN,
    }
    ports = [free_port(), free_port()]
    processes = [
        Processes(nursery, environment, tmp_path / "api.log", command=("app.cli", "api", "--port", str(port))).start()
        for port in ports
    ]
    async with ClientSession(timeout=ClientTimeout(total=5)) as session:
        made = Counters(processes, ports, session)
        for port in ports:
            await until(lambda port=port: made.answers(port), within=30)  # type: ignore[misc]  # mypy cannot infer it
        made.key = (await made.call(ports[0], "sources", {"slug": "mensa", "name": "Mensa"}))[1]["key"]
        yield made
    for process in processes:
        process.close()


async def insists(counters: Counters, body: dict[str, Any], dice: random.Random) -> UUID:
    """Hand a notice in at any counter until it is acknowledged; the answer may only be 202, 429 or 503."""
    for _ in range(200):
        with suppress(*AGAIN):
            status, answer = await counters.call(dice.choice(counters.ports), "notices", body)
            assert status in (202, 429, 503), answer
            if status == 202:
                return UUID(answer["id"])
        await asyncio.sleep(dice.uniform(0.05, 0.3))
    raise AssertionError("never acknowledged")


async def test_an_api_killed_while_notices_come_in_keeps_its_word(counters: Counters, database_url: str) -> None:
    """10 kills and 300 notices; the night has 500 and 10,000."""
    await survives(counters, database_url, kills=10, notices=300)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
async def test_an_api_killed_all_night_keeps_its_word(counters: Counters, database_url: str) -> None:
    await survives(counters, database_url, kills=500, notices=10_000)


async def survives(counters: Counters, url: str, kills: int, notices: int) -> None:
    dice = random.Random(5)  # noqa: S311 - to be repeated
    room = asyncio.Semaphore(16)

    async def caller(body: dict[str, Any]) -> UUID:
        async with room:
            return await insists(counters, body, dice)

    calling = asyncio.gather(*(caller(notice_json()) for _ in range(notices)))
    for number in range(kills):
        await asyncio.sleep(dice.uniform(0.05, 0.5))
        counters.kill(number % 2)
    acknowledged = await calling

    stored = await notices_of(url)
    assert set(acknowledged) == stored
    assert len(stored) == notices


async def test_fifty_copies_at_once_are_one_notice_and_one_answer(counters: Counters, database_url: str) -> None:
    """20 notices, 50 copies of each at both counters; the night has 2,000."""
    await races(counters, database_url, notices=20)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
async def test_copies_all_night_are_one_notice_each(counters: Counters, database_url: str) -> None:
    await races(counters, database_url, notices=2000)


async def races(counters: Counters, url: str, notices: int) -> None:
    dice = random.Random(6)  # noqa: S311
    answers: Counter[UUID] = Counter()
    for _ in range(notices):
        body = notice_json()
        answers.update(await asyncio.gather(*(insists(counters, body, dice) for _ in range(50))))

    assert set(answers.values()) == {50}
    assert set(answers) == await notices_of(url)
    assert len(answers) == notices


async def notices_of(url: str) -> set[UUID]:
    connection = await asyncpg.connect(url)
    try:
        return set((await read_records(connection)).notices)
    finally:
        await connection.close()
