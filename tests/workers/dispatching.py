# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A dispatcher at work on paper, with calls that a test makes up."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from pydantic_core import Url

from app.database import AWAY, Pool
from app.domain.pace import Limits
from app.outbox import ChannelKind
from app.outbox.kind import Render
from app.settings import Settings
from tests.reliability.ground import until
from tests.workers import paper
from workers.desk import Desk, Send
from workers.recorder import Recorder
from workers.turn import Dispatcher
from workers.way import Way

DELIVERED = "select count(*) = $1 from delivery where state = 'delivered'"
UntilDelivered = Callable[[int], Awaitable[None]]


async def is_so(pool: Pool, question: str, *given: object) -> bool:
    return bool(await pool.fetchval(question, *given))


@asynccontextmanager
async def at_work(
    pool: Pool,
    send: Send,
    *,
    way: Way | None = None,
    per_second: float = 0,
    channel_per_second: float = 0,
    seconds: float = 60,
    lease: float = 100,
    render: Render = paper.shown,
    once_key: bool = False,
    written_after: asyncio.Event | None = None,
) -> AsyncIterator[UntilDelivered]:
    """Look as often as a worker does, and more; gives what waits until so many are delivered."""
    nowhere = Url("postgresql://127.0.0.1/"), Url("redis://127.0.0.1/")  # the pool is open already
    settings = Settings(database_url=nowhere[0], redis_url=nowhere[1], kinds="paper", lease=lease)
    kind = ChannelKind("paper", Limits(per_second, channel_per_second, 0), render, once_key=once_key)
    recorder = Recorder(pool)
    turn = Dispatcher(pool, Desk(kind, send, paper.inspect, paper.close, seconds), recorder, settings, way or Way())

    async def look() -> None:
        while True:
            with suppress(*AWAY):  # as a relay, which looks again
                await turn.turn()
            await asyncio.sleep(0.05)

    async def write() -> None:
        if written_after is not None:
            await written_after.wait()
        await recorder.run()

    tasks = [asyncio.create_task(each) for each in (write(), look())]
    try:
        yield lambda many: until(lambda: is_so(pool, DELIVERED, many))
    finally:
        for task in tasks:
            task.cancel()
