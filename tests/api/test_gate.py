# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Under load the least important is turned away first, and nothing that was accepted is lost."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest

from app.access import Caller as Access
from app.alerts.bulletin import MEDIA_TYPE as BULLETIN
from app.api.admission import turn_away_early
from app.api.crowd import Crowd, Rank, came
from app.api.gate import Gate
from app.api.house import House, opened
from app.api.intake import ARRIVALS
from app.api.wrong_keys import WrongKeys
from app.database import Pool
from app.domain.errors import ReducedCapacityError
from app.domain.key import Role
from app.domain.rate import Excess
from app.health import Health
from app.settings import Settings
from tests.api.calling import Answer, Caller, served, some_settings


@pytest.fixture
async def gate(settings: Settings) -> AsyncIterator[Gate]:
    """A gate of which every place is taken."""
    async with asyncpg.create_pool(str(settings.database_url), min_size=0, max_size=2) as pool:
        made = Gate(pool, 0.1, Crowd(inside=100))
        while made._free:
            await made.enter(Rank.NORMAL)
        yield made


def refused(gate: Gate) -> set[Rank]:
    found = set()
    for rank in Rank:
        try:
            gate.turn_away(rank)
        except ReducedCapacityError:
            found.add(rank)
    return found


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        (0.05, set()),
        (0.12, {Rank.LIST}),
        (0.17, {Rank.LIST, Rank.BULK}),
        (0.25, {Rank.LIST, Rank.BULK, Rank.NORMAL}),
        (60.0, {Rank.LIST, Rank.BULK, Rank.NORMAL}),
    ],
)
async def test_lists_are_refused_first_then_bulk_then_normal_and_urgent_never(
    gate: Gate, late: float, expected: set[Rank]
) -> None:
    gate._late.extend([late] * 5)

    assert refused(gate) == expected


async def test_one_stall_of_the_machine_refuses_nobody(gate: Gate) -> None:
    gate._late.extend([0.0, 0.0, 30.0, 30.0, 0.0])

    assert refused(gate) == set()


async def test_a_late_loop_without_any_load_refuses_nobody(settings: Settings) -> None:
    async with asyncpg.create_pool(str(settings.database_url), min_size=0, max_size=2) as pool:
        idle = Gate(pool, 0.1, Crowd(inside=1))
        idle._late.extend([60.0] * 5)

        assert refused(idle) == set()


async def test_whoever_matters_more_gets_the_next_place(gate: Gate) -> None:
    order: list[Rank] = []

    async def enter(rank: Rank) -> None:
        begun = await gate.enter(rank)
        order.append(rank)
        gate.leave(begun)

    waiting = [asyncio.create_task(enter(rank)) for rank in (Rank.BULK, Rank.NORMAL, Rank.URGENT)]
    left = asyncio.create_task(enter(Rank.URGENT))
    await asyncio.sleep(0)
    left.cancel()
    gate.leave(time.monotonic())
    await asyncio.wait_for(asyncio.gather(*waiting), 60)

    assert order == [Rank.URGENT, Rank.NORMAL, Rank.BULK]
    assert gate._free == 1


async def test_whoever_waited_too_long_for_a_place_is_refused_unless_it_is_urgent(gate: Gate) -> None:
    async def enter(rank: Rank) -> bool:
        came(time.monotonic() - 3600)
        try:
            gate.leave(await gate.enter(rank))
        except ReducedCapacityError:
            return False
        return True

    waiting = [asyncio.create_task(enter(rank)) for rank in (Rank.BULK, Rank.NORMAL, Rank.URGENT)]
    await asyncio.sleep(0)
    gate.leave(time.monotonic())

    assert await asyncio.wait_for(asyncio.gather(*waiting), 60) == [False, False, True]
    assert gate._free == 1
    assert not gate._since


async def test_there_is_room_for_as_many_as_can_be_stored_in_half_the_time_that_they_are_ready_to_wait(
    gate: Gate,
) -> None:
    gate._hold = 0.08  # eight places: a hundred a second
    gate._make_room()

    assert {rank: round(room) for rank, room in gate.crowd.room.items()} == {
        Rank.LIST: 8 + 5,
        Rank.BULK: 8 + 8,
        Rank.NORMAL: 8 + 10,
    }


@pytest.fixture
async def narrow(settings: Settings, pool: Pool) -> AsyncIterator[Caller]:
    """A source of an API that has little patience."""
    short = some_settings(str(settings.database_url), str(settings.redis_url), shed_after=0.01)
    async with served(short, pool) as operator:
        yield await operator.a_source()


async def insists(source: Caller, stop: asyncio.Event) -> list[Answer]:
    """Hand in one urgent notice after the other, whatever becomes of them."""
    answers = [await source.hand_in(priority="urgent")]
    while not stop.is_set():
        answers.append(await source.hand_in(priority="urgent"))
    return answers


async def until_refused(caller: Caller, priority: str | None) -> Answer:
    """Call until it is turned away; meanwhile the places are taken, so that nothing else can come of it."""
    async with asyncio.timeout(60):
        while True:
            answer = await (caller.get("/v1/notices") if priority is None else caller.hand_in(priority=priority))
            if answer.status == 503 and answer.problem == "temporary-reduced-capacity":
                return answer
            await asyncio.sleep(0.01)  # the places are taken only once the first statements have waited in vain


async def until_taken(caller: Caller) -> Answer:
    async with asyncio.timeout(60):
        while True:
            answer = await caller.hand_in()
            if answer.status != 503:
                return answer
            await asyncio.sleep(0.01)


@pytest.mark.timeout(300)
async def test_while_nothing_can_be_stored_all_but_urgent_is_turned_away_and_later_all_is_there(
    narrow: Caller, settings: Settings
) -> None:
    blocker, stop = await asyncpg.connect(str(settings.database_url)), asyncio.Event()
    async with blocker.transaction():
        await blocker.execute("lock table revision in access exclusive mode")
        waiting = [asyncio.create_task(insists(narrow, stop)) for _ in range(14)]
        await asyncio.sleep(0.2)
        turned_away = [await until_refused(narrow, priority) for priority in (None, "bulk", "normal")]
        health = [(await narrow.having(None).get(path)).status for path in ("/livez", "/readyz", "/v1/status")]
    await blocker.close()
    stop.set()
    urgent = [answer for answers in await asyncio.gather(*waiting) for answer in answers]
    afterwards = await until_taken(narrow)

    assert all(5 <= int(answer.headers["Retry-After"]) <= 30 for answer in turned_away)
    assert all(answer.body["violated-policies"] == ["load"] for answer in turned_away)
    assert health == [200, 200, 200]
    assert {answer.problem for answer in urgent} <= {"", "unavailable"}, "only Postgres itself may refuse these"
    assert afterwards.status == 202
    stored = await narrow.pool.fetchval("select count(*) from notice where source = $1", narrow.slug)
    assert stored == Counter(answer.status for answer in urgent)[202] + 1


SOURCE = Access("k", Role.SOURCE, "fonte-del-cancello", per_minute=1)


@pytest.fixture
async def loaded(settings: Settings, gate: Gate) -> AsyncIterator[House]:
    """An API under such a load that nothing but what is urgent is let in."""
    async with opened(settings, Health(settings), Crowd(), WrongKeys(0)) as house:
        gate._late.extend([60.0] * 5)
        yield replace(house, gate=gate)


EARLY = [(medium, False) for medium in ("application/json", "application/cloudevents+json")]
EARLY += [(BULLETIN, True), ("application/cap+xml", True)]


@pytest.mark.parametrize(("media_type", "passes"), EARLY)
async def test_what_needs_no_word_to_be_urgent_is_not_turned_away_early(
    loaded: House, media_type: str, *, passes: bool
) -> None:
    medium, passed = ARRIVALS.media[media_type], True
    try:
        turn_away_early(loaded, SOURCE, b"{}", says_priority=medium.says_priority)
    except ReducedCapacityError:
        passed = False

    assert passed is passes
    turn_away_early(loaded, SOURCE, b'{"priority": "urgent"}', says_priority=medium.says_priority)


async def test_what_was_never_spent_is_not_given_back(loaded: House) -> None:
    first, second = await loaded.quotas.spend(SOURCE), await loaded.quotas.spend(SOURCE)
    assert (first.wait is None, second.wait is None) == (True, False)

    with pytest.raises(ReducedCapacityError):
        turn_away_early(loaded, replace(SOURCE, excess=Excess(second)), b"{}", says_priority=True)
    assert (await loaded.quotas.spend(SOURCE)).wait is not None
    with pytest.raises(ReducedCapacityError):
        turn_away_early(loaded, SOURCE, b"{}", says_priority=True)
    assert (await loaded.quotas.spend(SOURCE)).wait is None
