# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What was claimed and not sent goes back, and never goes out under a lease that is over."""

import asyncio
import time
from collections.abc import AsyncIterator, Hashable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import asyncpg
import pytest

from app.database import SERVER_SETTINGS, Pool
from app.domain.delivery import Intent, Part
from app.domain.outcome import Delivered, Wire
from app.outbox import Owed, slot
from tests.given import a_channel, accepted
from tests.outbox.conftest import deliveries
from tests.reliability.ground import until
from tests.workers import paper
from tests.workers.dispatching import at_work, is_so
from workers.desk import Report
from workers.moment import MOST_LATE
from workers.way import Way

LEASE, TIMEOUT, PER_SECOND = 3.0, 1.0, 4
MANY = tuple(f"photo {number}" for number in range(10))
HELD_UP_ONCE = """
create sequence tries;
create function held_up_once() returns trigger language plpgsql as $$
begin
  if nextval('tries') = 1 then
    raise exception 'somebody holds it' using errcode = 'lock_not_available';
  end if;
  return old;
end $$;
create trigger held_up_once before delete on attempt for each row execute function held_up_once();
"""
FREE = "select free_at from pace where kind = 'paper'"
ANSWERED = "select clock_timestamp() from pg_sleep(0.1)"
LEFT = "select extract(epoch from lease_until - clock_timestamp())::float from delivery where id = $1"


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with asyncpg.create_pool(database_url, min_size=0, max_size=10, server_settings=SERVER_SETTINGS) as opened:
        yield opened


async def test_what_could_not_be_given_back_at_once_becomes_no_doubt(pool: Pool) -> None:
    """Nothing of it has left: a person who was asked whether it arrived would look for nothing."""

    class Narrow(Way):
        turned_away = 0

        def enter(self, call: Hashable, *, alone: bool) -> bool:
            self.turned_away += 1
            return self.turned_away > 1 and super().enter(call, alone=alone)

    await a_channel(pool, kind="paper")
    await accepted(pool)
    await pool.execute(HELD_UP_ONCE)

    async with at_work(pool, paper.send, way=Narrow(), seconds=TIMEOUT, lease=LEASE) as until_delivered:
        await until_delivered(1)

    assert [(row["attempts"], row["crashes"]) for row in await deliveries(pool)] == [(1, 0)]
    assert await pool.fetchval("select last_value from tries") >= 2


async def stands_still(pool: Pool) -> None:
    """Miss the moment of the second call while others take the next ones, and stay away until its lease is over."""
    while not await is_so(pool, "select count(*) = 2 from attempt"):
        pass  # its moment is near
    for _ in range(6):  # others go on meanwhile, and have the next moments
        await slot(pool, "paper", PER_SECOND)
    first = await pool.fetchval(FREE)
    time.sleep(MOST_LATE + 0.4)  # noqa: ASYNC251 - beyond the moment of the second call
    await until(lambda: is_so(pool, f"select ({FREE}) <> $1", first))
    time.sleep(LEASE)  # noqa: ASYNC251 - beyond its lease, too


async def test_who_stands_still_while_it_waits_for_another_moment_sends_nothing_after_its_lease(
    pool: Pool,
) -> None:
    """The second call misses its moment and gets another; its process stands still again while it waits for that."""
    left: list[float] = []
    standing: list[asyncio.Task[None]] = []

    async def send(owed: Owed, intent: Intent) -> Report:
        if not standing:
            standing.append(asyncio.create_task(stands_still(pool)))
        begun = time.monotonic()
        left.append(await pool.fetchval(LEFT, owed.id) + time.monotonic() - begun)
        return Report(Delivered((intent.payload,)), Wire.RESPONSE)

    for number in range(2):
        await a_channel(pool, f"c{number}", kind="paper")
    await accepted(pool)

    async with at_work(pool, send, per_second=PER_SECOND, seconds=TIMEOUT, lease=LEASE) as until_delivered:
        await until_delivered(2)
    standing[0].cancel()  # where the machine was too slow for all of it, the second call left in time

    assert len(left) == 2
    assert min(left) > 0


def album(owed: Owed) -> Sequence[Part]:
    return [replace(part, items=MANY) for part in paper.shown(owed)]


async def test_an_album_is_not_given_back_because_its_pace_has_no_moment_within_the_lease(pool: Pool) -> None:
    await a_channel(pool, kind="paper")
    await accepted(pool)

    async with at_work(
        pool, paper.send, per_second=PER_SECOND, seconds=TIMEOUT, lease=LEASE, render=album
    ) as until_delivered:
        await until_delivered(1)

    assert await pool.fetchval("select attempts from delivery") == 1


async def test_a_channel_rests_from_the_answer_to_an_album_as_long_as_all_of_its_items_say(pool: Pool) -> None:
    """Telegram may have taken them only then: a text that followed the reserved moment would come too early."""
    answered: list[datetime] = []

    async def send(owed: Owed, intent: Intent) -> Report:
        answered.append(await pool.fetchval(ANSWERED))
        return await paper.send(owed, intent)

    await a_channel(pool, kind="paper")
    await accepted(pool)

    async with at_work(pool, send, channel_per_second=1, render=album) as until_delivered:
        await until_delivered(1)

    assert await pool.fetchval("select free_at from channel") - answered[0] >= timedelta(seconds=len(MANY))
