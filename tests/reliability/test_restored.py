# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-21: a backup at a random instant, traffic that goes on, then a disaster and a restore, as the runbook says."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from app.grants import API
from app.outbox import decide
from deploy import binaries
from deploy.binaries import Provider
from deploy.checker.evidence import code_of
from tests.database.test_roles import MAKE, PASSWORD
from tests.reliability.callers import Call, Callers
from tests.reliability.conftest import Prepare
from tests.reliability.ground import Ground, until
from tests.reliability.memory import Known, Oblivion, adopted, known, posted
from tests.reliability.processes import Nursery
from tests.reliability.restoring import Operator

OPERATIONS = -1_009_999_999_999
CHANNELS = 6
UNHURRIED = 8.0
"""Seconds for a call: a busy machine's doubts are not those of the restore."""
LATER = "update delivery set ready_at = ready_at - interval '2 hours' where notice_id = any($1::uuid[])"
IDS = "select id from notice"
HELD = """
select d.id, d.notice_id, d.posts::text as posts, c.address
  from delivery d join channel c on c.id = d.channel_id where d.state = 'held'
"""


@pytest.fixture
async def city(prepare: Prepare) -> AsyncIterator[Ground]:
    """Give a proving ground with an operations chat, to which what stands in a channel can be forwarded."""
    async with prepare(patience=UNHURRIED, CAMPANELLA_TELEGRAM_OPERATIONS_CHAT=str(OPERATIONS)) as ground:
        await ground.telegram.chat(OPERATIONS, title="Sala operativa", type="channel")
        await ground.pool.execute(MAKE.format(role=API, password=PASSWORD))
        yield ground


@pytest.fixture
def operator(city: Ground, nursery: Nursery, redis_url: str, tmp_path: Path, pytestconfig: pytest.Config) -> Operator:
    programs = binaries.postgres(Provider(pytestconfig.getoption("--servers")))
    return Operator(nursery, city.url, redis_url, programs, tmp_path)


async def test_after_a_restore_nothing_is_lost_and_what_may_stand_there_is_not_posted_again(
    city: Ground, operator: Operator
) -> None:
    """One restore of 144 deliveries; the night has ten of 600."""
    await survives(city, operator, notices=24, seed=21)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(10))
async def test_restores_all_night_lose_nothing(city: Ground, operator: Operator, seed: int) -> None:
    await survives(city, operator, notices=100, seed=seed)


async def survives(ground: Ground, operator: Operator, notices: int, seed: int) -> None:
    callers = Callers(ground, random.Random(seed))  # noqa: S311 - to be repeated
    certain, since = await until_the_disaster(ground, operator, callers, notices)
    await operator.restores()
    stored = await stored_notices(ground)
    assert certain <= stored
    rows = await are_held_back(ground, operator, callers.dice)

    await go_on(ground, rows)

    lost = set(ground.accepted) - stored
    ground.accepted = [number for number in ground.accepted if number in stored]
    await callers.repeat(callers.calls[since:])
    await ground.settles()
    await a_person_decides(ground)
    await ground.settles()
    states = await ground.states()
    assert (set(states), sum(states.values())) == ({"delivered", "withdrawn"}, notices * CHANNELS)
    oblivion = Oblivion(rows, lost, ground.telegram.entries())
    assert [each for each in await ground.verdict() if not oblivion.explains(each)] == []


async def until_the_disaster(
    ground: Ground, operator: Operator, callers: Callers, notices: int
) -> tuple[set[UUID], int]:
    """Have a backup made while notices come in and go out, and end the workers some time later, in the middle of it.

    Gives what had been accepted before the backup, and how many calls had been made.
    """
    for number in range(CHANNELS):
        await ground.channel(f"c{number}", can_ask=number % 2 == 0)
    await ground.telegram.fault("delayed", times=None, delay=0.05)
    ground.workers.start(2)
    going = asyncio.create_task(callers.hand_in(notices, 10 * CHANNELS))
    most = notices * CHANNELS // 2
    await until(partial(ground.has_delivered, callers.dice.randrange(most // 5, most)), moves=ground.traces)
    await ground.telegram.fault("answer_hung", ground.chats["c0"])
    await asyncio.sleep(callers.dice.uniform(0, 0.5))
    certain, since = set(ground.accepted), len(callers.calls)
    await operator.backs_up()
    await going
    await asyncio.sleep(callers.dice.uniform(0, 2))
    for worker in list(ground.workers.running):
        ground.workers.kill(worker)
    await ground.telegram.calm()
    return certain, since


async def stored_notices(ground: Ground) -> set[UUID]:
    return {row["id"] for row in await ground.pool.fetch(IDS)}


async def are_held_back(ground: Ground, operator: Operator, dice: random.Random) -> list[Known]:
    """Let two hours pass for half of what the backup knows, and do what the runbook says; gives what it knew."""
    old = [number for number in await stored_notices(ground) if dice.random() < 0.5]
    await ground.pool.execute(LATER, old)
    rows = await known(ground)
    said = await operator.holds_back()
    held, asked = sum(row.waits for row in rows), sum(row.is_asked for row in rows)
    assert said.startswith(f"{held} deliveries wait for a person now")
    assert not asked or f"{asked} more are asked about" in said
    return rows


async def go_on(ground: Ground, rows: list[Known]) -> None:
    """Start again: only what is new and young is posted, what is found is adopted, the rest waits for a person."""
    before = ground.telegram.entries()
    found = adopted(rows, before)
    ground.workers.start(2)
    await ground.settles()

    held = {row["id"] for row in await ground.pool.fetch(HELD)}
    assert posted(ground.telegram.entries()[len(before) :]) == Counter(row.place for row in rows if row.goes_out)
    assert held == {row.id for row in rows if row.was_held or row.waits or row.is_asked} - found


async def a_person_decides(ground: Ground) -> None:
    """Look into the channels for what is held, by its code, and say what is there."""
    for row in await ground.pool.fetch(HELD):
        shown = await ground.telegram.found(int(row["address"]), code_of(row["notice_id"]))
        seen = [number for number in shown if f'"{number}"' not in row["posts"]]
        assert await decide(ground.pool, row["id"], "sent" if seen else "not_sent", seen)


async def test_what_came_after_the_backup_is_handed_in_again_and_seen_by_a_person_before_anybody_posts_it_twice(
    city: Ground, operator: Operator
) -> None:
    """The careful way of the runbook: sources repeat while no worker runs, and nothing of it goes out by itself."""
    chat, callers = await city.channel("scuola", can_ask=True), Callers(city, random.Random(1))  # noqa: S311
    city.workers.start()
    await callers.does(Call("before", "hold", "Mensa aperta", is_new=True))
    await city.settles()
    await operator.backs_up()
    await callers.does(Call("after", "hold", "Nido chiuso", is_new=True))
    await callers.does(Call("before", "hold", "Mensa chiusa"))
    await city.settles()
    (first,) = await city.telegram.found(chat, "Nido chiuso")
    forgotten = callers.numbers["after"]
    city.workers.kill(city.workers.running[0])

    await operator.restores()
    await operator.holds_back()
    await callers.repeat(callers.calls)
    assert callers.numbers["after"] != forgotten
    assert "1 deliveries wait for a person" in await operator.holds_all_back()
    city.workers.start()
    await city.settles()

    (held,) = await city.pool.fetch(HELD)
    assert await decide(city.pool, held["id"], "sent", [first])
    await city.settles()

    one, other = await city.telegram.shows(chat)
    assert ("Mensa chiusa" in one, "Nido chiuso" in other) == (True, True)
    assert code_of(callers.numbers["after"]) in other
    assert await city.states() == {"delivered": 2}
