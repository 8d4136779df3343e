# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-04: what is sent to Redis gets lost on its way. Connections are taken, nothing comes back, deliveries go on."""

from collections.abc import AsyncIterator
from functools import partial

import pytest
from pydantic_core import Url

from tests.reliability.conftest import Prepare
from tests.reliability.ground import Ground, until
from tests.telemetry.wire import Wire, a_wire

UNHURRIED = 8.0
"""Seconds for a call where each must end well: a busy machine's doubts are not Redis's."""
SOON = 30.0
"""Seconds in which what came in meanwhile has gone out: the plan says 5, and this machine may be busy."""
NOTICES = 2


@pytest.fixture
async def wire(redis_url: str) -> AsyncIterator[tuple[Wire, int]]:
    async with a_wire(Url(redis_url).port or 0) as laid:
        yield laid


@pytest.fixture
async def ground(prepare: Prepare, redis_url: str, wire: tuple[Wire, int]) -> AsyncIterator[Ground]:
    """Give a proving ground whose workers have nothing but the wire to Redis."""
    url = redis_url.replace(f":{Url(redis_url).port}/", f":{wire[1]}/")
    async with prepare(patience=UNHURRIED, CAMPANELLA_REDIS_URL=url) as made:
        yield made


async def test_deliveries_go_on_while_redis_answers_nothing(ground: Ground, wire: tuple[Wire, int]) -> None:
    """5 silences; the night has 50."""
    await go_on(ground, wire[0], silences=5)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
async def test_deliveries_go_on_however_often_redis_answers_nothing(ground: Ground, wire: tuple[Wire, int]) -> None:
    await go_on(ground, wire[0], silences=50)


async def go_on(ground: Ground, wire: Wire, silences: int) -> None:
    """Each time a worker that knew Redis, then one that never had an answer of it; at last it talks again."""
    await ground.channel("scuola")
    ground.workers.start()
    await delivers(ground, 1)
    for _ in range(silences):
        await delivers_in_silence(ground, wire)

    assert await ground.states() == {"delivered": 1 + silences * (1 + 2 * NOTICES)}
    assert await ground.verdict() == []


async def delivers_in_silence(ground: Ground, wire: Wire) -> None:
    wire.fall_silent()
    await delivers(ground, NOTICES)
    ground.workers.kill(ground.workers.running[0])
    before = wire.calls
    ground.workers.start()
    await delivers(ground, NOTICES)
    assert wire.calls > before

    wire.talk()
    await delivers(ground, 1)


async def delivers(ground: Ground, notices: int) -> None:
    """See that each notice is over before the next is handed in."""
    for _ in range(notices):
        done = await ground.accept()
        await until(partial(ground.is_delivered, done.id), within=SOON)
