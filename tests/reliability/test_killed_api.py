# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-02, R-03 and R-12: the API or its Postgres dies while notices come in, and one notice comes from many at once."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

import pytest

from deploy.servers import Servers
from tests.given import notice_json
from tests.reliability.counters import Counters, acknowledgement, follow, insists, stored
from tests.reliability.ground import until

BACK = 30.0
"""Seconds in which both are ready again after Postgres is: the plan says 5, and this machine may be busy."""


@pytest.mark.timeout(1800)
async def test_an_api_killed_while_notices_come_in_keeps_its_word(counters: Counters, database_url: str) -> None:
    """50 kills and 1,000 notices; the night has 500 and 10,000."""
    await survives(counters, database_url, kills=50, notices=1000)


@pytest.mark.nightly
@pytest.mark.timeout(14_400)
async def test_an_api_killed_all_night_keeps_its_word(counters: Counters, database_url: str) -> None:
    await survives(counters, database_url, kills=500, notices=10_000)


async def survives(counters: Counters, url: str, kills: int, notices: int) -> None:
    dice = random.Random(5)  # noqa: S311 - to be repeated

    async def deed(acknowledged: Sequence[UUID]) -> None:
        for number in range(kills):
            await acknowledges(acknowledged, number * notices // kills)
            await asyncio.sleep(dice.uniform(0, 0.3))
            counters.kill(number % 2)

    await keeps_its_word(counters, url, notices, deed)


async def acknowledges(acknowledged: Sequence[UUID], many: int) -> None:
    """Wait until so many are acknowledged, as long as any are."""

    async def are_enough() -> bool:
        return len(acknowledged) >= many

    async def count() -> int:
        return len(acknowledged)

    await until(are_enough, moves=count)


async def keeps_its_word(
    counters: Counters, url: str, notices: int, deed: Callable[[Sequence[UUID]], Awaitable[None]]
) -> None:
    """Hand notices in while something terrible is done: all is stored with what it owes, and once."""
    await follow(url)
    dice = random.Random(7)  # noqa: S311
    room = asyncio.Semaphore(16)
    acknowledged: list[UUID] = []

    async def caller(body: dict[str, Any]) -> None:
        async with room:
            acknowledged.append(await insists(counters, body, dice))

    calling = asyncio.gather(*(caller(notice_json()) for _ in range(notices)))
    await deed(acknowledged)
    await calling

    assert await stored(url, acknowledged) == set(acknowledged)
    assert len(set(acknowledged)) == notices


@pytest.mark.timeout(1800)
async def test_an_api_whose_postgres_crashes_says_that_it_is_not_ready_and_keeps_its_word(
    counters: Counters, database_url: str, servers: Servers
) -> None:
    """10 crashes and 1,000 notices; the night has 100 and 10,000."""
    await crashes(counters, database_url, servers, times=10, notices=1000)


@pytest.mark.nightly
@pytest.mark.timeout(14_400)
async def test_an_api_whose_postgres_crashes_all_night_keeps_its_word(
    counters: Counters, database_url: str, servers: Servers
) -> None:
    seconds = await crashes(counters, database_url, servers, times=100, notices=10_000)

    print(f"ready {max(seconds):.1f} s after Postgres at the latest (aim 5)")  # noqa: T201


async def crashes(counters: Counters, url: str, servers: Servers, times: int, notices: int) -> list[float]:
    """Give the seconds after which both were ready again, each time that Postgres was."""
    seconds = []

    async def crash_and_come_back(acknowledged: Sequence[UUID]) -> None:
        for number in range(times):
            await acknowledges(acknowledged, number * notices // times)
            await asyncio.sleep(0.2)
            await asyncio.to_thread(servers.postgres.stop_immediately)
            await until(lambda: are(counters, ready=False))
            servers.postgres.start()
            back = time.monotonic()
            await until(lambda: are(counters, ready=True), within=BACK)
            seconds.append(time.monotonic() - back)

    await keeps_its_word(counters, url, notices, crash_and_come_back)
    return seconds


async def are(counters: Counters, *, ready: bool) -> bool:
    return [await counters.answers(port) for port in counters.ports] == [ready, ready]


@pytest.mark.timeout(1800)
async def test_fifty_copies_at_once_are_one_notice_and_one_answer(counters: Counters, database_url: str) -> None:
    """200 notices, 50 copies of each at both counters; the night has 2,000."""
    await races(counters, database_url, notices=200)


@pytest.mark.nightly
@pytest.mark.timeout(14_400)
async def test_copies_all_night_are_one_notice_each(counters: Counters, database_url: str) -> None:
    await races(counters, database_url, notices=2000)


async def races(counters: Counters, url: str, notices: int) -> None:
    await follow(url)
    dice = random.Random(6)  # noqa: S311
    answers: Counter[str] = Counter()
    for _ in range(notices):
        body = notice_json()
        copies = await asyncio.gather(*(acknowledgement(counters, body, dice) for _ in range(50)))
        answers.update(json.dumps(each, sort_keys=True) for each in copies)

    assert set(answers.values()) == {50}
    acknowledged = {UUID(json.loads(each)["id"]) for each in answers}
    assert acknowledged == await stored(url, acknowledged)
    assert len(acknowledged) == notices
