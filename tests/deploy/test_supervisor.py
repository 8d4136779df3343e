# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from deploy.processes import Program, is_running
from deploy.supervisor import SHORT_LIFE, GaveUpError, Supervisor, pause
from tests.deploy.children import PATIENCE, a_program, numbers_in

STAYS = "print(os.getpid(), flush=True)\ntime.sleep(60)"
ENDS_WELL = "print(os.getpid(), flush=True)"
ENDS_BADLY = ENDS_WELL + "\nsys.exit(1)"
REFUSES = "sys.stderr.write('the key is too short')\nsys.exit(2)"
STUBBORN = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + STAYS
SAYS_WHEN_IT_ENDS = """
def end(*_):
    print(time.monotonic_ns(), flush=True)
    sys.exit()
signal.signal(signal.SIGTERM, end)
print(os.getpid(), flush=True)
time.sleep(60)
"""


@pytest.fixture
async def supervisor(tmp_path: Path) -> AsyncIterator[Supervisor]:
    made = Supervisor(tmp_path, lambda _: None)
    yield made
    made.hurry()
    await made.drain()


async def soon(happens: Callable[[], bool], within: float = PATIENCE) -> bool:
    """Tell whether something comes true in time, while the supervisor goes on."""
    deadline = time.monotonic() + within
    while not happens():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.01)
    return True


def noted(program: Program, launches: list[float]) -> Program:
    """Note when the supervisor launches a program: how soon that runs is for the machine to say."""
    return replace(program, prepare=lambda: launches.append(time.monotonic()))


async def a_second() -> None:
    """Let a second go by in steps that stand still whenever the supervisor does."""
    for _ in range(100):
        await asyncio.sleep(0.01)


async def test_what_dies_is_started_again_within_a_second(supervisor: Supervisor, tmp_path: Path) -> None:
    launches: list[float] = []
    supervisor.start([noted(a_program("bell", STAYS), launches)])
    assert await soon(lambda: len(numbers_in(tmp_path / "bell.log")) == 1)
    (number,) = numbers_in(tmp_path / "bell.log")

    os.kill(number, signal.SIGKILL)
    assert await soon(lambda: not is_running(number))
    await a_second()

    assert len(launches) == 2
    assert await soon(lambda: len(numbers_in(tmp_path / "bell.log")) == 2)
    assert is_running(numbers_in(tmp_path / "bell.log")[1])


async def test_what_ends_without_being_asked_is_started_again(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start([a_program("bell", ENDS_WELL)])

    assert await soon(lambda: len(numbers_in(tmp_path / "bell.log")) > 1)


async def test_what_dies_at_once_every_time_is_given_ever_longer_pauses(supervisor: Supervisor) -> None:
    """Unless a life was long, as one may be where the machine stands still."""
    launches: list[float] = []
    supervisor.start([noted(a_program("bell", ENDS_BADLY), launches)])

    assert await soon(lambda: len(launches) > 3)

    gaps = [then - now for now, then in pairwise(launches)]
    assert max(gaps) > SHORT_LIFE or all(gap > pause(lives) for lives, gap in enumerate(gaps, 1)), gaps
    assert [pause(lives) for lives in (0, 1, 3, 50)] == [0.1, 0.2, 0.8, 10.0]


async def test_a_bad_setting_ends_everything_with_the_sentence_of_the_program(supervisor: Supervisor) -> None:
    supervisor.start([a_program("bell", STAYS), a_program("api", REFUSES)])

    with pytest.raises(GaveUpError, match="the key is too short") as gave_up:
        await asyncio.wait_for(supervisor.gave_up, PATIENCE)

    assert gave_up.value.code == 2


async def test_a_program_that_runs_once_says_why_it_failed(supervisor: Supervisor) -> None:
    with pytest.raises(GaveUpError, match="the key is too short"):
        await supervisor.run(a_program("migrate", REFUSES))


async def test_draining_ends_the_last_stage_before_the_first(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start([a_program("server", SAYS_WHEN_IT_ENDS)])
    supervisor.start([a_program("api", SAYS_WHEN_IT_ENDS), a_program("worker", SAYS_WHEN_IT_ENDS)])
    logs = [tmp_path / f"{name}.log" for name in ("server", "api", "worker")]
    assert await soon(lambda: all(numbers_in(log) for log in logs))

    await supervisor.drain()

    server, api, worker = (numbers_in(log)[-1] for log in logs)
    assert server > max(api, worker)


async def test_draining_leaves_nothing_running_and_starts_nothing_again(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start([a_program("bell", STAYS), a_program("tower", ENDS_BADLY)])
    assert await soon(lambda: len(numbers_in(tmp_path / "tower.log")) > 1)

    await supervisor.drain()
    lives = numbers_in(tmp_path / "bell.log") + numbers_in(tmp_path / "tower.log")
    await asyncio.sleep(1)

    assert not any(is_running(number) for number in lives)
    assert lives == numbers_in(tmp_path / "bell.log") + numbers_in(tmp_path / "tower.log")


async def test_what_does_not_end_in_its_grace_is_made_to_end(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start([a_program("bell", STUBBORN, grace=0.3)])
    assert await soon(lambda: bool(numbers_in(tmp_path / "bell.log")))

    await asyncio.wait_for(supervisor.drain(), PATIENCE / 2)

    assert not is_running(numbers_in(tmp_path / "bell.log")[0])


async def test_a_second_request_to_stop_does_not_wait_for_the_grace(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start([a_program("bell", STUBBORN, grace=60)])
    assert await soon(lambda: bool(numbers_in(tmp_path / "bell.log")))
    draining = asyncio.create_task(supervisor.drain())
    await asyncio.sleep(0.2)

    supervisor.hurry()

    await asyncio.wait_for(draining, PATIENCE / 2)
    assert not is_running(numbers_in(tmp_path / "bell.log")[0])
