# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A worker killed between WeChat's taking a push and our commit: exactly one push, whoever goes on."""

import asyncio
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

TEXTS = {"zh-Hans": {"title": "食堂"}, "it": {"title": "Mensa"}}


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
        "CAMPANELLA_TELEGRAM_TIMEOUT": "1",
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


async def until(happens: Callable[[], Awaitable[bool]], within: float = 60) -> None:
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
    workers.start(2)
    await until(delivered)
    await bell.close()

    assert [len(send.articles) for send in wechat.sends] == [2 * many]
    assert len([entry for entry in wechat.journal if entry.did == "token"]) == 1
    assert await pool.fetchval("select count(*) from push") == 1
