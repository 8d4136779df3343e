# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A delivery that its process claims again before it has come back from its first call."""

import asyncio
from collections.abc import Hashable

from pydantic_core import Url

from app.database import Pool
from app.domain.delivery import Intent
from app.domain.outcome import Delivered, Wire
from app.domain.pace import Limits
from app.outbox import Beside, ChannelKind, Owed
from app.settings import Settings
from tests.given import a_channel, accepted
from tests.reliability.ground import until
from tests.reliability.poison import close, inspect
from tests.workers.test_way import pool, shown
from workers.desk import Desk, Report
from workers.recorder import Recorder
from workers.turn import Dispatcher
from workers.way import Way

__all__ = ["pool"]
LAPSED = """
with freed as (update channel set turn_until = null)
update delivery set lease_until = null, token = token + 1, due_at = now()
"""


class Counted(Way):
    """Counts those that are back."""

    back = 0

    def leave(self, call: Hashable) -> None:
        super().leave(call)
        self.back += 1


async def test_what_must_go_alone_waits_until_both_calls_of_one_delivery_are_back(
    pool: Pool, database_url: str
) -> None:
    way, recorder, out = Counted(), Recorder(pool), list[asyncio.Event]()

    async def send(_: Owed, intent: Intent) -> Report:
        out.append(answered := asyncio.Event())
        await answered.wait()
        return Report(Delivered((intent.payload,)), Wire.RESPONSE)

    async def are(number: int) -> bool:
        return len(out) == number

    async def are_back(number: int) -> bool:
        return way.back == number

    await a_channel(pool, kind="busy")
    await accepted(pool)
    settings = Settings(database_url=Url(database_url), redis_url=Url("redis://127.0.0.1"))
    desk = Desk(ChannelKind("busy", Limits(0, 0, 0), shown), send, inspect, close, timeout=5)
    turn = Dispatcher(pool, desk, recorder, settings, way)
    jobs = [asyncio.create_task(recorder.run()), asyncio.create_task(turn.turn())]
    await until(lambda: are(1))
    await pool.execute(LAPSED)
    turn.ring()
    await until(lambda: are(2))

    out[0].set()
    await until(lambda: are_back(1))
    beside = way.beside
    assert beside is not Beside.NOTHING
    assert not way.enter("suspect", alone=True)

    out[1].set()
    await until(lambda: are_back(2))
    assert (way.beside, way.is_closed) == (Beside.NOTHING, False)
    await turn.drain(30)
    jobs[0].cancel()
    await asyncio.wait(jobs)
