# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-05: every way in which a call can break, times what a notice wants done with a doubt, times whether one can ask."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from app.checks import ALIVE
from tests.reliability.conftest import Prepare
from tests.reliability.ground import Ground, until

AT_ONCE = 20
"""Cells at a time: a machine that is slow to answer all of them at once would break calls of its own."""
PATIENT, LEASE = 4, 8
"""Seconds for a call, so that a busy machine breaks none, and for its claim: too few to spare a doubt its rest."""
UNHURRIED = 8.0
NEVER_LEFT = "select count(*) from attempt where outcome = 'failed' and wire = 'none'"
POLICIES = ("repeat", "hold", "drop")
ARRIVED: dict[str, dict[str, Any]] = {
    "answer_reset": {},
    "answer_closed": {},
    "answer_hung": {},
    "late_answer": {"seconds": 6},
    "cut_body": {},
    "empty_result": {},
    "oversized": {"size": 2 << 20},
    "server_error": {"accepted": True},
    "bad_gateway": {"accepted": True},
}
NEVER_ARRIVED: dict[str, dict[str, Any]] = {
    "reset_before_reading": {},
    "close_before_reading": {},
    "reset_before_accepting": {},
    "close_before_accepting": {},
    "hang_before_accepting": {},
    "server_error": {"status": 503},
    "bad_gateway": {"status": 504},
}
CERTAIN: dict[str, tuple[dict[str, Any], str, int]] = {
    "throttled": ({"retry_after": 1}, "delivered", 1),
    "wrong_shape": ({}, "delivered", 1),
    "delayed": ({"delay": 0.3}, "delivered", 1),
    "too_large": ({}, "dead", 0),
    "kicked": ({}, "due", 0),
    "chat_not_found": ({}, "due", 0),
    "ok_false_200": ({}, "due", 0),
}


@dataclass(frozen=True)
class Cell:
    """One place of the table: what breaks, what the notice wants, whether one can ask; and what follows."""

    fault: str
    figures: tuple[tuple[str, Any], ...]
    policy: str
    can_ask: bool
    state: str
    posts: int

    @property
    def slug(self) -> str:
        how = "".join(f"-{value}".lower() for _, value in self.figures)
        return f"{self.fault}{how}-{self.policy}-{'asks' if self.can_ask else 'cannot'}".replace("_", "-").replace(
            ".", "-"
        )


def after_a_doubt(fault: str, figures: dict[str, Any], policy: str, *, can_ask: bool, arrived: bool) -> Cell:
    """Say what must follow: asking tells the truth; where nobody can be asked, the notice's policy decides."""
    there = int(arrived)
    state, posts = {"repeat": ("delivered", there + 1), "hold": ("held", there), "drop": ("dead", there)}[policy]
    if can_ask:
        state, posts = "delivered", 1
    return Cell(fault, tuple(figures.items()), policy, can_ask, state, posts)


def doubts(faults: dict[str, dict[str, Any]], *, arrived: bool) -> list[Cell]:
    return [
        after_a_doubt(fault, figures, policy, can_ask=can_ask, arrived=arrived)
        for fault, figures in faults.items()
        for policy in POLICIES
        for can_ask in (True, False)
    ]


def certainties() -> list[Cell]:
    return [
        Cell(fault, tuple(figures.items()), policy, True, state, posts)  # noqa: FBT003 - asking changes nothing here
        for fault, (figures, state, posts) in CERTAIN.items()
        for policy in POLICIES
    ]


@pytest.fixture
async def patient(prepare: Prepare) -> AsyncIterator[Ground]:
    async with prepare(patience=PATIENT, CAMPANELLA_LEASE=str(LEASE)) as made:
        yield made


async def stage(ground: Ground, cells: list[Cell]) -> None:
    """Give each cell a channel, a notice, and the fault that its first call will meet."""
    for cell in cells:
        chat = await ground.channel(cell.slug, can_ask=cell.can_ask, areas=[cell.slug])
        await ground.telegram.fault(cell.fault, chat, **dict(cell.figures))
        await ground.accept(audience={"areas": [cell.slug]}, in_doubt=cell.policy)


async def outcomes(ground: Ground, cells: list[Cell]) -> dict[str, tuple[str, int]]:
    posts = Counter(entry.chat for entry in ground.telegram.posts())
    return {cell.slug: (await ground.state_of(cell.slug), posts[ground.chats[cell.slug]]) for cell in cells}


def expected(cells: list[Cell]) -> dict[str, tuple[str, int]]:
    return {cell.slug: (cell.state, cell.posts) for cell in cells}


async def test_every_broken_call_ends_as_the_table_says(patient: Ground) -> None:
    """16 faults that leave a doubt and 7 that do not, 3 policies, with and without asking: 117 cells."""
    cells = doubts(ARRIVED, arrived=True) + doubts(NEVER_ARRIVED, arrived=False) + certainties()
    patient.workers.start(2)
    for first in range(0, len(cells), AT_ONCE):
        await stage(patient, cells[first : first + AT_ONCE])
        await patient.settles()

    assert await outcomes(patient, cells) == expected(cells)
    assert await patient.verdict() == []


async def test_a_worker_killed_while_it_calls_leaves_what_the_table_says(patient: Ground) -> None:
    """The other half: the same doubts, left by a worker that was killed while it waited for the answer."""
    arrived = doubts({"answer_hung": {}, "late_answer": {"seconds": 6}}, arrived=True)
    cells = arrived + doubts({"hang_before_accepting": {}}, arrived=False)
    await stage(patient, cells)

    patient.workers.start()
    await until(lambda: all_called(patient, len(cells)))
    patient.workers.kill(patient.workers.running[0])
    patient.workers.start()
    await patient.settles()

    assert await outcomes(patient, cells) == expected(cells)
    assert await patient.verdict() == []


async def all_called(ground: Ground, many: int) -> bool:
    return len([entry for entry in ground.telegram.entries() if entry.method == "sendMessage"]) >= many


async def test_what_never_left_is_no_doubt(prepare: Prepare) -> None:
    async with prepare(patience=UNHURRIED) as ground:
        for policy in POLICIES:
            await ground.channel(policy, areas=[policy])
        ground.workers.start()
        await until(lambda: is_alive(ground))
        await ground.telegram.away(15)

        for policy in POLICIES:
            await ground.accept(audience={"areas": [policy]}, in_doubt=policy)
        await ground.settles()

        assert await ground.states() == {"delivered": 3}
        assert await ground.pool.fetchval(NEVER_LEFT) >= 3
        assert await ground.pool.fetchval("select count(*) from attempt where outcome = 'doubted'") == 0
        assert await ground.verdict() == []


async def is_alive(ground: Ground) -> bool:
    alive: bool = await ground.pool.fetchval(ALIVE)
    return alive
