# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The way out of a process: many side by side, or one alone."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

import asyncpg
import pytest
from pydantic_core import Url

from app.database import AWAY, SERVER_SETTINGS, Pool
from app.domain.backoff import SUSPECT
from app.domain.delivery import Intent, Part
from app.domain.outcome import Delivered, Wire
from app.domain.pace import Limits
from app.outbox import Beside, ChannelKind, Owed
from app.settings import Settings
from tests.given import a_channel, accepted
from tests.reliability.ground import until
from tests.reliability.poison import close, inspect
from workers.desk import Desk, Report
from workers.recorder import Recorder
from workers.turn import Dispatcher
from workers.way import LONG, QUICK, SEEN, Way

BUSY = 40
DUE = "select count(*) from delivery where state = 'due'"
STATE = "select state from delivery d join channel c on c.id = d.channel_id where slug = 'suspect'"


class Watch:
    """Time that a test moves on."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_at_first_nobody_is_out() -> None:
    assert Way().beside is Beside.NOTHING


@pytest.mark.parametrize(
    ("out", "alone", "may"), [(0, True, True), (1, True, False), (0, False, True), (3, False, True)]
)
def test_a_suspect_leaves_when_nobody_is_out(out: int, *, alone: bool, may: bool) -> None:
    way = Way()
    for number in range(out):
        assert way.enter(number, alone=False)

    assert way.enter(99, alone=alone) is may
    assert way.is_closed is (alone and may)


def test_nobody_leaves_beside_a_suspect_and_all_do_when_it_is_back() -> None:
    way = Way()
    assert way.enter(1, alone=True)

    assert not way.enter(2, alone=False)
    assert not way.enter(3, alone=True)
    assert way.beside is Beside.QUICK

    way.leave(1)
    assert way.enter(2, alone=False)
    assert not way.is_closed


def test_what_has_waited_its_time_keeps_the_other_kinds_in_until_it_has_gone() -> None:
    watch = Watch()
    way = Way(watch)
    assert way.enter(1, alone=False)
    way.note("telegram", waits=True)
    watch.now += QUICK - 0.1
    assert way.lets("webhook")

    watch.now += 0.2
    way.leave(1)
    assert way.enter(2, alone=False)  # claimed before: the way is never empty by itself
    way.note("telegram", waits=True)

    assert (way.lets("webhook"), way.lets("telegram")) == (False, True)
    way.leave(2)
    assert way.enter(99, alone=True)
    way.note("telegram", waits=False)
    way.leave(99)
    assert way.lets("webhook")


def test_of_two_that_wait_the_first_has_the_way() -> None:
    watch = Watch()
    way = Way(watch)
    assert way.enter(1, alone=False)
    for kind in ("webhook", "telegram"):
        way.note(kind, waits=True)
        watch.now += 0.1
    watch.now += QUICK
    way.leave(1)

    assert [way.lets(kind) for kind in ("webhook", "telegram", "noticeboard")] == [True, False, False]


def test_a_slow_call_is_not_waited_for_but_in_the_end_it_is() -> None:
    watch = Watch()
    way = Way(watch)
    assert way.enter(1, alone=False)
    way.note("telegram", waits=True)

    watch.now += QUICK + 1
    assert (way.beside, way.lets("webhook")) == (Beside.SLOW, True)
    for _ in range(int(LONG)):
        watch.now += 1
        way.note("telegram", waits=True)

    assert (way.beside, way.lets("webhook")) == (Beside.QUICK, False)


def test_what_is_not_seen_to_wait_any_more_keeps_nobody_in() -> None:
    watch = Watch()
    way = Way(watch)
    assert way.enter(1, alone=False)
    way.note("telegram", waits=True)
    watch.now += SEEN + 1
    assert way.enter(2, alone=False)
    way.leave(1)

    assert way.lets("webhook")


def test_a_suspect_that_finds_somebody_at_the_door_has_waited_since_it_came() -> None:
    now = [0.0]
    way = Way(lambda: now[0])
    way.note("fragile", waits=True)

    now[0] = 1.5
    way.note("fragile", waits=False)  # its claim has found nobody out
    entered = way.enter(1, alone=False), way.enter(2, alone=True)
    now[0] = 2.5

    assert entered == (True, False)
    assert (way.lets("busy"), way.lets("fragile")) == (False, True)


def test_a_ring_is_for_others_while_a_suspect_is_out_or_about_to_be() -> None:
    watch, told = Watch(), []
    way = Way(watch, lambda: told.append(watch.now))
    assert way.hears
    assert way.enter(1, alone=False)
    way.note("telegram", waits=True)
    watch.now += 0.1
    way.note("telegram", waits=True)
    assert (way.hears, told) == (False, [100.0])

    way.leave(1)
    assert way.enter(99, alone=True)
    way.note("telegram", waits=False)
    assert (way.hears, told) == (False, [100.0, 100.1])

    way.leave(99)
    assert way.hears


def test_a_process_whose_suspect_waits_for_a_slow_call_hears_what_rings() -> None:
    watch = Watch()
    way = Way(watch)
    assert way.enter(1, alone=False)
    way.note("telegram", waits=True)
    watch.now += QUICK

    assert way.hears


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with asyncpg.create_pool(database_url, min_size=0, max_size=10, server_settings=SERVER_SETTINGS) as opened:
        yield opened


def shown(owed: Owed) -> Sequence[Part]:
    return [Part(hashlib.sha256(str(owed.notice_id).encode()).hexdigest()[:8], owed.slug)]


async def send(owed: Owed, intent: Intent) -> Report:
    await asyncio.sleep(0.3 + owed.id % 7 * 0.1)  # they do not all end at once
    return Report(Delivered((intent.payload,)), Wire.RESPONSE)


def a_desk(kind: str) -> Desk:
    return Desk(ChannelKind(kind, Limits(0, 0, 0), shown), send, inspect, close, timeout=5)


async def test_a_suspect_goes_out_while_another_kind_is_busy_all_the_time(pool: Pool, database_url: str) -> None:
    for number in range(BUSY):
        await a_channel(pool, f"busy{number}", kind="busy", services=["mensa"])
    await a_channel(pool, "suspect", kind="fragile", services=["nidi"])
    await accepted(pool, service="nidi")
    await pool.execute("update delivery set crashes = $1", SUSPECT)
    for _ in range(5):
        await accepted(pool)

    async def is_delivered() -> bool:
        if await pool.fetchval(DUE) < 3 * BUSY:
            await accepted(pool)  # the other kind is never without work
        return bool(await pool.fetchval(STATE) == "delivered")

    settings = Settings(database_url=Url(database_url), redis_url=Url("redis://127.0.0.1"))
    way, recorder = Way(), Recorder(pool)
    turns = [Dispatcher(pool, a_desk(kind), recorder, settings, way) for kind in ("busy", "fragile")]
    jobs = [asyncio.create_task(recorder.run()), *(asyncio.create_task(again(turn)) for turn in turns)]
    await until(is_delivered)
    await asyncio.gather(*(turn.drain(30) for turn in turns))
    for job in jobs:
        job.cancel()
    await asyncio.wait(jobs)


async def again(turn: Dispatcher) -> None:
    while not turn.stopping:
        with suppress(*AWAY):  # as a relay, which looks again
            await turn.turn()
        await asyncio.sleep(0.05)
