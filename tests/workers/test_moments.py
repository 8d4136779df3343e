# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Calls keep to their moments, and who has missed one gets another."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from pydantic_core import Url

from app.database import SERVER_SETTINGS, Pool
from app.domain.delivery import Intent
from app.domain.outcome import Delivered, Wire
from app.domain.pace import Limits, interval
from app.outbox import ChannelKind, Owed
from app.settings import Settings
from tests.given import a_channel, accepted
from tests.reliability.ground import until
from tests.workers import paper
from workers.desk import Desk, Finding, Inspect, Pause, Report, Send
from workers.inspection import answer_questions
from workers.moment import MOST_LATE
from workers.recorder import Recorder
from workers.turn import Dispatcher
from workers.way import Way

DELIVERED = "select count(*) from delivery where state = 'delivered'"
QUESTION = "insert into channel_check (id, kind, address, ask) values ($1, 'paper', '-100', true)"
SLOW = Limits(10, 1, 0)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with asyncpg.create_pool(database_url, min_size=0, max_size=10, server_settings=SERVER_SETTINGS) as opened:
        yield opened


def a_desk(send: Send = paper.send, inspect: Inspect = paper.inspect) -> Desk:
    return Desk(ChannelKind("paper", SLOW, paper.shown), send, inspect, paper.close, timeout=5)


async def test_who_has_stood_still_gets_new_moments(pool: Pool, database_url: str) -> None:
    """Ten a second: two moments are claimed at once, and the first call holds the process up beyond the other one."""
    sent: list[int] = []

    async def send(owed: Owed, intent: Intent) -> Report:
        sent.append(owed.id)
        if len(sent) == 1:
            time.sleep(MOST_LATE + 0.5)  # noqa: ASYNC251 - it stands still
        return Report(Delivered((intent.payload,)), Wire.RESPONSE)

    for number in range(3):
        await a_channel(pool, f"c{number}", kind="paper")
    await accepted(pool)
    settings = Settings(database_url=Url(database_url), redis_url=Url("redis://127.0.0.1"))
    recorder = Recorder(pool)
    turn = Dispatcher(pool, a_desk(send), recorder, settings, Way())
    writing = asyncio.create_task(recorder.run())

    async def all_are_delivered() -> bool:
        await turn.turn()
        return bool(await pool.fetchval(DELIVERED) == 3)

    await until(all_are_delivered)
    writing.cancel()

    assert await pool.fetchval("select cardinality(sent) from pace where kind = 'paper'") >= 4


async def test_a_test_post_takes_its_moment_when_the_channel_has_rested(pool: Pool) -> None:
    """Taken before, it would be a second old when it is used, and count in a second that is full."""
    moments = []

    async def inspect(address: str, pause: Pause | None) -> Finding:
        assert pause is not None
        begun = await pool.fetchval("select clock_timestamp()")
        await pause()
        moments.append(await pool.fetchval("select sent[cardinality(sent)] from pace where kind = 'paper'") - begun)
        return await paper.inspect(address, None)

    await pool.execute(QUESTION, uuid4())
    await answer_questions(pool, {"paper": a_desk(inspect=inspect)})

    assert moments
    assert moments[0] >= interval(SLOW.channel_per_second) - timedelta(milliseconds=50)
