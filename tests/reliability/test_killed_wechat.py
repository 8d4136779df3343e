# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Workers killed between WeChat's taking a push and our commit: exactly one push, whoever goes on."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from app.database import SERVER_SETTINGS, Pool
from app.doorbell import Doorbell
from deploy.sandbox_wechat import APP_ID, SECRET, WeChat
from tests.given import a_channel, accepted
from tests.reliability.processes import HERE, Nursery, Processes
from tests.wechat.town import quick
from tests.wechat.wire_faults import LOST, NEVER_TAKEN

TEXTS = {"zh-Hans": {"title": "食堂"}, "it": {"title": "Mensa"}}

BROKEN = {**LOST, **NEVER_TAKEN}
"""How a call ends that breaks: before the platform took it, or after."""


@pytest.fixture
async def wechat() -> AsyncIterator[WeChat]:
    started = quick(await WeChat.start())
    yield started
    await started.stop()


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with asyncpg.create_pool(database_url, min_size=0, max_size=5, server_settings=SERVER_SETTINGS) as opened:
        yield opened


@pytest.fixture
def workers(nursery: Nursery, database_url: str, redis_url: str, wechat: WeChat, tmp_path: Path) -> Iterator[Processes]:
    environment = {
        "CAMPANELLA_DATABASE_URL": database_url,
        "CAMPANELLA_REDIS_URL": redis_url,
        "CAMPANELLA_KINDS": "wechat",
        "CAMPANELLA_LEASE": "3",
        "CAMPANELLA_WORKER_PORT": "0",
        "CAMPANELLA_WECHAT_APP_ID": APP_ID,
        "CAMPANELLA_WECHAT_SECRET": SECRET,
        "CAMPANELLA_WECHAT_API_URL": wechat.url,
        "CAMPANELLA_WECHAT_CHOICE": "automatic",
        "CAMPANELLA_WECHAT_TIMEOUT": "0.7",
        "CAMPANELLA_WECHAT_POLL": "0.1",
        "CAMPANELLA_WECHAT_REPEAT_AFTER": "0.5",
    }
    processes = Processes(nursery, environment, tmp_path / "workers.log", HERE)
    yield processes
    processes.close()


async def until(happens: Callable[[], Awaitable[bool]], within: float = 240) -> None:
    deadline = time.monotonic() + within
    while not await happens():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("many", [1, 3], ids=["one notice", "three in one push"])
@pytest.mark.parametrize("fault", ["answer_hung", "hang_before_accepting"])
async def test_a_worker_killed_while_it_waits_for_the_answer_to_a_push_leaves_exactly_one(
    pool: Pool, wechat: WeChat, workers: Processes, redis_url: str, fault: str, many: int
) -> None:
    wechat.fault(fault, method="message/mass/sendall")
    await a_channel(pool, "wechat", kind="wechat", address="all", language="zh-Hans")
    for _ in range(many):
        await accepted(pool, texts=TEXTS)
    bell = Doorbell(redis_url)

    async def called() -> bool:
        return any(entry.path.endswith("sendall") for entry in wechat.journal)

    async def delivered() -> bool:
        return bool(await pool.fetchval("select bool_and(state = 'delivered') from delivery"))

    workers.start()
    bell.ring()
    await until(called)
    workers.kill(workers.running[0])
    tokens = asked_for(wechat)
    workers.start(2)
    await until(delivered)
    await bell.close()

    assert [len(send.articles) for send in wechat.sends] == [2 * many]
    assert tokens == asked_for(wechat) > 0  # whoever goes on has the token of the one before
    assert await pool.fetchval("select count(*) from push") == 1


def asked_for(wechat: WeChat) -> int:
    return sum(entry.did == "token" for entry in wechat.journal)


async def test_workers_killed_among_broken_calls_push_every_notice_once(
    pool: Pool, wechat: WeChat, workers: Processes
) -> None:
    """3 kills and 6 deliveries; the night has 30 and 24."""
    await survives(pool, wechat, workers, channels=2, kills=3)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
async def test_workers_killed_all_night_push_every_notice_once(pool: Pool, wechat: WeChat, workers: Processes) -> None:
    await survives(pool, wechat, workers, channels=8, kills=30)


async def survives(pool: Pool, wechat: WeChat, workers: Processes, channels: int, kills: int) -> None:
    dice = random.Random(channels)  # noqa: S311 - a plan, not a secret
    for tag in range(channels):
        wechat.account.followers[tag].tags.add(tag)
        await a_channel(pool, f"tag-{tag}", kind="wechat", address=f"tag:{tag}", language="it")
    workers.start(2)
    for number in range(max(3, kills)):
        if number < 3:  # a month has four pushes
            await accepted(pool, texts={"it": {"title": f"Avviso {number}"}})
        for path in ("message/mass/sendall", "draft/add", "message/mass/get"):
            kind = dice.choice(list(BROKEN))
            wechat.fault(kind, method=path, **BROKEN[kind])
        await asyncio.sleep(dice.uniform(0.5, 2.5))
        workers.kill(dice.choice(workers.running))
        workers.start()

    async def delivered() -> bool:
        return bool(await pool.fetchval("select bool_and(state = 'delivered') from delivery"))

    await until(delivered, within=60 + 60 * channels + 20 * kills)
    pushed = sorted((send.tag, each.title) for send in wechat.pushed for each in send.articles)
    assert pushed == [(tag, f"Avviso {number}") for tag in range(channels) for number in range(3)]
    assert len({send.key for send in wechat.sends}) == len(wechat.sends)
