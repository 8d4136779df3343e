# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Spoil the engine in a copy: every mutant must be noticed, and by the same scenario the engine as it is must pass."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.servers import Servers
from tests.reliability import mutants
from tests.reliability.conftest import Prepare
from tests.reliability.ground import Ground, until
from tests.reliability.mutants import Mutant

Scenario = Callable[[Ground], Coroutine[None, None, None]]


async def ends_as(ground: Ground, state: str, posts: int) -> None:
    await ground.settles()
    assert await ground.states() == {state: 1}
    assert len(ground.telegram.posts()) == posts
    assert await ground.verdict() == []


async def killed_while_it_calls(ground: Ground) -> None:
    chat = await ground.channel("scuola")
    await ground.telegram.fault("answer_hung", chat)
    await ground.accept(in_doubt="hold")
    (busy,) = ground.workers.start().running
    await until(lambda: some_post(ground))
    ground.workers.kill(busy)
    ground.workers.start()
    await ends_as(ground, "held", 1)


async def wakes_too_late(ground: Ground) -> None:
    chat = await ground.channel("scuola")
    await ground.telegram.fault("late_answer", chat, seconds=0.4)
    await ground.accept(in_doubt="hold")
    (asleep,) = ground.workers.start().running
    await until(lambda: some_post(ground))
    os.kill(asleep, signal.SIGSTOP)
    ground.workers.start()
    await ground.settles()
    before = await ground.pool.fetch("select * from delivery")
    os.kill(asleep, signal.SIGCONT)
    await asyncio.sleep(1)
    assert await ground.pool.fetch("select * from delivery") == before
    await ends_as(ground, "held", 1)


async def loses_the_answer_of_one_who_can_be_asked(ground: Ground) -> None:
    chat = await ground.channel("scuola", can_ask=True)
    await ground.telegram.fault("answer_reset", chat)
    await ground.accept(in_doubt="hold")
    ground.workers.start()
    await ends_as(ground, "delivered", 1)


async def loses_the_answer(ground: Ground) -> None:
    chat = await ground.channel("scuola")
    await ground.telegram.fault("answer_reset", chat)
    await ground.accept(in_doubt="hold")
    ground.workers.start()
    await ends_as(ground, "held", 1)


async def is_refused_a_connection(ground: Ground) -> None:
    await ground.channel("scuola")
    await ground.accept(in_doubt="hold")
    await ground.telegram.away(1.5)
    await asyncio.sleep(0.3)
    ground.workers.start()
    await ends_as(ground, "delivered", 1)


async def has_forty_channels_at_once(ground: Ground) -> None:
    await ground.channels(40)
    ground.workers.start()
    await ground.accept()
    await ground.settles()
    assert await ground.verdict() == []


async def is_throttled_until_it_is_too_late(ground: Ground) -> None:
    chat = await ground.channel("scuola")
    await ground.telegram.fault("throttled", chat, retry_after=3)
    ground.workers.start()
    ends = datetime.now(UTC) + timedelta(seconds=2)
    await ground.accept(expires_at=ends.isoformat().replace("+00:00", "Z"))
    await ends_as(ground, "expired", 0)


async def has_a_second_notice_behind_a_doubted_one(ground: Ground) -> None:
    chat = await ground.channel("scuola", can_ask=True)
    await ground.telegram.fault("reset_before_accepting", chat)
    await ground.accept(in_doubt="hold")
    await ground.accept(in_doubt="repeat")
    await asyncio.sleep(2)
    ground.workers.start()
    await ground.settles()
    assert len(ground.telegram.posts()) == 2
    assert await ground.verdict() == []


async def has_a_stranger_in_between(ground: Ground) -> None:
    chat = await ground.channel("scuola", can_ask=True)
    await ground.telegram.person(chat, "human-post", text="Auguri")
    await loses_its_call(ground, chat)


async def loses_its_call(ground: Ground, chat: int) -> None:
    await ground.telegram.fault("reset_before_accepting", chat)
    await ground.accept(in_doubt="hold")
    ground.workers.start()
    await ends_as(ground, "delivered", 1)


async def some_post(ground: Ground) -> bool:
    return bool(ground.telegram.posts())


def named(value: Mutant | Scenario) -> str:
    return value.name if isinstance(value, Mutant) else value.__name__


FIRST_FOUR: list[tuple[Mutant, Scenario]] = [
    (mutants.NO_INTENT, killed_while_it_calls),
    (mutants.NO_FENCE, wakes_too_late),
    (mutants.NO_PROBE, loses_the_answer_of_one_who_can_be_asked),
    (mutants.DOUBT_AS_FAILURE, loses_the_answer),
]
OTHERS: list[tuple[Mutant, Scenario]] = [
    (mutants.FAILURE_AS_DOUBT, is_refused_a_connection),
    (mutants.HASTY_SWEEP, killed_while_it_calls),
    (mutants.NO_EXPIRY, is_throttled_until_it_is_too_late),
    (mutants.NO_ORDER, has_a_second_notice_behind_a_doubted_one),
    (mutants.CREDULOUS, has_a_stranger_in_between),
]
LIMITS = ("--per-second", "30", "--chat-per-second", "0", "--group-per-minute", "0")


@pytest.mark.parametrize(("mutant", "scenario"), FIRST_FOUR, ids=named)
async def test_one_of_the_first_four_mutants_is_noticed(
    prepare: Prepare, tmp_path: Path, mutant: Mutant, scenario: Scenario
) -> None:
    await is_noticed(prepare, tmp_path, mutant, scenario)


@pytest.mark.nightly
@pytest.mark.parametrize(("mutant", "scenario"), OTHERS, ids=named)
async def test_a_mutant_is_noticed(prepare: Prepare, tmp_path: Path, mutant: Mutant, scenario: Scenario) -> None:
    await is_noticed(prepare, tmp_path, mutant, scenario)


async def is_noticed(prepare: Prepare, tmp_path: Path, mutant: Mutant, scenario: Scenario) -> None:
    async with prepare(code=mutant.code(tmp_path / "spoiled")) as ground:
        await fails(ground, scenario(ground))


async def fails(ground: Ground, scenario: Coroutine[None, None, object]) -> None:
    with pytest.raises(AssertionError):
        await scenario
    log = ground.workers.log.read_text("utf-8")
    assert '"worker.started"' in log
    assert "Traceback" not in log, "it broke instead of going wrong"


@pytest.mark.nightly
async def test_a_worker_without_a_pace_is_noticed(prepare: Prepare, tmp_path: Path) -> None:
    code = mutants.NO_PACE.code(tmp_path / "spoiled")
    async with prepare(limits=LIMITS, pace=(30, 0, 0), code=code) as ground:
        await fails(ground, has_forty_channels_at_once(ground))


@pytest.mark.nightly
async def test_a_worker_without_a_tick_is_noticed(prepare: Prepare, servers: Servers, tmp_path: Path) -> None:
    async with prepare(code=mutants.NO_TICK.code(tmp_path / "spoiled")) as ground:
        await asyncio.to_thread(servers.redis.stop_immediately)
        await ground.channel("scuola")
        ground.workers.start()
        await ground.accept()
        await fails(ground, ground.settles())


@pytest.mark.nightly
@pytest.mark.parametrize("scenario", dict.fromkeys(scenario for _, scenario in FIRST_FOUR + OTHERS), ids=named)
async def test_the_engine_as_it_is_passes_what_the_mutants_fail(ground: Ground, scenario: Scenario) -> None:
    await scenario(ground)
