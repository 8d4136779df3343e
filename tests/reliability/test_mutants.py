# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Spoil the engine in a copy: every mutant must be noticed, and by the same scenario the engine as it is must pass."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, STDOUT, create_subprocess_exec
from collections import defaultdict
from collections.abc import Coroutine
from functools import partial
from pathlib import Path

import pytest

from deploy.servers import Servers
from tests.reliability import mutants
from tests.reliability.conftest import Prepare
from tests.reliability.ground import Ground, until
from tests.reliability.mutants import Mutant
from tests.reliability.processes import HERE
from tests.reliability.scenarios import (
    Scenario,
    comes_back_when_all_wait_for_long,
    has_a_second_notice_behind_one_that_failed,
    has_a_stranger_in_between,
    has_calls_held_up_on_their_way,
    has_forty_channels_at_once,
    has_more_than_a_minute_lets_out,
    is_overtaken_on_the_wire,
    is_refused_a_connection,
    is_throttled_until_it_is_too_late,
    killed_while_it_calls,
    loses_the_answer,
    loses_the_answer_of_one_who_can_be_asked,
    says,
    wakes_too_late,
)


def named(value: Mutant | Scenario | str) -> str:
    return str(value) if isinstance(value, Mutant | str) else value.__name__


PATIENCE: defaultdict[Scenario, float] = defaultdict(lambda: 5.0, {killed_while_it_calls: 2.0, wakes_too_late: 2.0})
"""Seconds for a call: no lease may lapse by itself, however slow the machine; in two its end must be waited for."""
UNHURRIED = 8.0
ONCE, SETTLED = "I3 one post per notice and channel", "everything settles"
ASKED = "I3 whoever can be asked is asked"
FIRST_FOUR: list[tuple[Mutant, Scenario, str]] = [
    (mutants.NO_INTENT, killed_while_it_calls, ONCE),
    (mutants.NO_FENCE, wakes_too_late, "I4 a second try only after a recorded doubt"),
    (mutants.NO_PROBE, loses_the_answer_of_one_who_can_be_asked, ASKED),
    (mutants.DOUBT_AS_FAILURE, loses_the_answer, ONCE),
]
OTHERS: list[tuple[Mutant, Scenario, str]] = [
    (mutants.FAILURE_AS_DOUBT, is_refused_a_connection, "I4 no doubt of what never left"),
    (mutants.HASTY_SWEEP, killed_while_it_calls, ONCE),
    (mutants.NO_EXPIRY, is_throttled_until_it_is_too_late, "I5 nothing after expiry or withdrawal"),
    (mutants.NO_ORDER, has_a_second_notice_behind_one_that_failed, "I7 in order per channel"),
    (mutants.NO_LOCK, is_overtaken_on_the_wire, ASKED),  # who was overtaken is asked about no more
    (mutants.NO_WAKE, comes_back_when_all_wait_for_long, SETTLED),
    (mutants.CREDULOUS, has_a_stranger_in_between, "I2 delivered means seen there"),
]
RESTS = "test_lease.py::test_what_a_worker_left_rests_only_where_the_lease_has_no_room_for_what_comes_late"
NAMED: list[tuple[Mutant, str]] = [
    (mutants.HASTY_DOUBT, f"{RESTS}[none]"),
    (mutants.NEEDLESS_REST, f"{RESTS}[room]"),
    (mutants.LATE_CALL, "test_lease.py::test_a_call_that_would_end_right_before_its_lease_is_given_back"),
]
"""What shows in nobody's posts, unless in the worst of moments, and the test of a worker that fails it."""
LIMITS = ("--per-second", "30", "--chat-per-second", "0", "--group-per-minute", "0")
TEN = ("--per-second", "10", "--chat-per-second", "0", "--group-per-minute", "0", "--slack", "0.15")
OF_A_MINUTE = ("--per-second", "30", "--chat-per-second", "0", "--group-per-minute", "5", "--slack", "0.15")


@pytest.mark.parametrize("mutant", [each for each in vars(mutants).values() if isinstance(each, Mutant)], ids=named)
def test_what_a_mutant_spoils_is_still_there(tmp_path: Path, mutant: Mutant) -> None:
    """Most are tried by night only; by day it is seen that they could be."""
    mutant.code(tmp_path)


@pytest.mark.parametrize(("mutant", "scenario", "rule"), FIRST_FOUR, ids=named)
async def test_the_checker_fails_each_of_the_first_four_mutants(
    prepare: Prepare, tmp_path: Path, mutant: Mutant, scenario: Scenario, rule: str
) -> None:
    await is_failed(prepare, tmp_path, mutant, scenario, rule)


@pytest.mark.nightly
@pytest.mark.parametrize(("mutant", "scenario", "rule"), OTHERS, ids=named)
async def test_the_checker_fails_a_mutant(
    prepare: Prepare, tmp_path: Path, mutant: Mutant, scenario: Scenario, rule: str
) -> None:
    await is_failed(prepare, tmp_path, mutant, scenario, rule)


async def is_failed(prepare: Prepare, tmp_path: Path, mutant: Mutant, scenario: Scenario, rule: str) -> None:
    async with prepare(code=mutant.code(tmp_path / "spoiled"), patience=PATIENCE[scenario]) as ground:
        await breaks(ground, scenario(ground), rule)


async def breaks(ground: Ground, scenario: Coroutine[None, None, object], rule: str) -> None:
    """See that a spoiled engine works, does not do what is expected, and that the checker names the broken rule."""
    with pytest.raises(AssertionError):
        await scenario
    assert rule in {violation.rule for violation in await ground.verdict()}
    log = ground.workers.log.read_text("utf-8")
    assert '"worker.started"' in log
    assert "Traceback" not in log, "it broke instead of going wrong"


@pytest.mark.nightly
@pytest.mark.parametrize(("mutant", "test"), NAMED, ids=named)
async def test_a_named_test_fails_a_mutant(
    pytestconfig: pytest.Config, tmp_path: Path, mutant: Mutant, test: str
) -> None:
    code = mutant.code(tmp_path / "spoiled")
    for package in ("deploy", "tests"):
        (code / package).symlink_to(HERE / package)
    options = ["-q", "-n", "0", "-p", "no:cacheprovider", "--servers", pytestconfig.getoption("--servers")]
    words = [sys.executable, "-m", "pytest", *options, f"tests/workers/{test}"]
    clean = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    process = await create_subprocess_exec(*words, cwd=code, env=clean, stdout=PIPE, stderr=STDOUT)
    said = (await process.communicate())[0].decode()

    assert "1 failed" in said.splitlines()[-1], said
    assert "E       assert " in said or "E       AssertionError: " in said, said


@pytest.mark.nightly
async def test_a_worker_without_a_pace_is_failed(prepare: Prepare, tmp_path: Path) -> None:
    code = mutants.NO_PACE.code(tmp_path / "spoiled")
    async with prepare(limits=LIMITS, pace=(30, 0, 0), code=code, patience=UNHURRIED) as ground:
        await breaks(ground, has_forty_channels_at_once(ground), "no 429 caused by us")


@pytest.mark.nightly
async def test_a_worker_whose_pace_is_not_told_what_came_late_is_failed(prepare: Prepare, tmp_path: Path) -> None:
    code = mutants.UNTOLD.code(tmp_path / "spoiled")
    async with prepare(limits=TEN, pace=(10, 0, 0), code=code, patience=UNHURRIED) as ground:
        await breaks(ground, has_calls_held_up_on_their_way(ground), "no 429 caused by us")


@pytest.mark.nightly
async def test_a_worker_without_the_limit_of_a_minute_is_failed(prepare: Prepare, tmp_path: Path) -> None:
    code = mutants.NO_MINUTE.code(tmp_path / "spoiled")
    async with prepare(limits=OF_A_MINUTE, pace=(30, 0, 5), code=code, patience=UNHURRIED) as ground:
        await breaks(ground, has_more_than_a_minute_lets_out(ground), "no 429 caused by us")


@pytest.mark.nightly
async def test_a_worker_without_a_tick_is_failed(prepare: Prepare, servers: Servers, tmp_path: Path) -> None:
    async with prepare(code=mutants.NO_TICK.code(tmp_path / "spoiled")) as ground:
        await asyncio.to_thread(servers.redis.stop_immediately)
        await ground.channel("scuola")
        ground.workers.start()
        await until(partial(says, ground, "worker.started"))
        await ground.accept()
        ground.patience = 30  # seconds without any movement, of a worker that is awake
        await breaks(ground, ground.settles(), SETTLED)


@pytest.mark.nightly
@pytest.mark.parametrize("scenario", dict.fromkeys(scenario for _, scenario, _ in FIRST_FOUR + OTHERS), ids=named)
async def test_the_engine_as_it_is_passes_what_the_mutants_fail(prepare: Prepare, scenario: Scenario) -> None:
    async with prepare(patience=PATIENCE[scenario]) as ground:
        await scenario(ground)
