# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Decision 0066: one source that floods keeps no other waiting, by the order in which things reach Telegram."""

import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from app.domain.lane import GOALS, LANES
from app.domain.notice import Priority
from tests.reliability import mutants
from tests.reliability.conftest import Prepare
from tests.reliability.ground import Ground, until
from tests.reliability.mutants import Mutant
from tests.reliability.overtaking import AS_TELEGRAM, IN_COMPANY, PACE, some_posts

CROWD = 300
"""Chats of the flood: to send to each of them once takes ten seconds."""
MANY, FOR_MINUTES = 5, 10
"""Notices of the flood, each for all chats: 1,500 posts take fifty seconds, 3,000 a hundred."""
OTHERS = 3
UNHURRIED = 8.0
"""Seconds for a call: what a busy machine is late with is no doubt."""
OLDER = "update delivery set ready_at = ready_at - $1::interval, due_at = due_at - $1, rank = rank - $1"
AT_ONCE, LONG_AGO = timedelta(0), timedelta(minutes=2)
"""How long ago the flood came in: what is urgent is late after a second, what is normal after a minute."""


@dataclass(frozen=True)
class Wait:
    """What another's notice waited for: so many posts of the flood, of those that were left; and the seconds."""

    behind: int
    left: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s, behind {self.behind} of {self.left}"


@pytest.mark.parametrize(("priority", "ago"), [("normal", LONG_AGO), ("urgent", AT_ONCE)], ids=["normal", "urgent"])
async def test_a_source_that_floods_does_not_keep_another_waiting(
    prepare: Prepare, priority: str, ago: timedelta
) -> None:
    """Without fairness all that was left of the flood would come first; by channel alone, each of its chats once."""
    async with prepare(limits=IN_COMPANY, pace=PACE, patience=UNHURRIED) as ground:
        await keeps_nobody_waiting(ground, priority, ago)
        assert await ground.verdict(settled=False) == []


@pytest.mark.nightly
async def test_a_flood_keeps_another_waiting_until_it_is_late_and_no_longer(prepare: Prepare) -> None:
    """Nothing is made older: for a minute what came in first goes first, and then no longer."""
    async with prepare(limits=AS_TELEGRAM, pace=PACE, patience=UNHURRIED) as ground:
        late = datetime.now(UTC) + GOALS[LANES[Priority.NORMAL]]
        await floods(ground, "normal", FOR_MINUTES)
        are_fair(await waits(ground, "normal", FOR_MINUTES, late))
        assert await ground.verdict(settled=False) == []


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("mutant", "priority", "ago"),
    [
        (mutants.UNFAIR, "normal", LONG_AGO),
        (mutants.UNFAIR, "urgent", AT_ONCE),
        (mutants.IN_ROUNDS, "normal", LONG_AGO),
        (mutants.UNTIMELY, "urgent", AT_ONCE),
    ],
    ids=str,
)
async def test_a_worker_that_is_not_fair_is_failed(
    prepare: Prepare, tmp_path: Path, mutant: Mutant, priority: str, ago: timedelta
) -> None:
    code = mutant.code(tmp_path / "spoiled")
    async with prepare(limits=AS_TELEGRAM, pace=PACE, patience=UNHURRIED, code=code) as ground:
        with pytest.raises(AssertionError, match="behind"):
            await keeps_nobody_waiting(ground, priority, ago)
        assert await ground.verdict(settled=False) == []


async def keeps_nobody_waiting(ground: Ground, priority: str, ago: timedelta) -> None:
    await floods(ground, priority, MANY, ago)
    are_fair(await waits(ground, priority, MANY))


async def floods(ground: Ground, priority: str, many: int, ago: timedelta = AT_ONCE) -> None:
    """Let one source hand in more than goes out in its time; it is on its way when this ends.

    In families' own chats there is no limit of a minute, so that nothing but the flood could delay anybody.
    """
    for number in range(CROWD):
        await ground.channel(f"c{number}", private=True, areas=["flooded"])
    await ground.channel("other", private=True, areas=["other"])
    for _ in range(many):
        await ground.accept("mensa", priority=priority, audience={"areas": ["flooded"]})
    await ground.pool.execute(OLDER, ago)
    ground.workers.start(2)
    await until(partial(some_posts, ground, CROWD))


async def waits(ground: Ground, priority: str, many: int, late: datetime | None = None) -> list[Wait]:
    """Hand in another source's notices, each once the one before it stands, and say what each was behind.

    `late`: when the flood is late, where that is later; what went out until then had to go first.
    """
    handed_in = []
    for _ in range(OTHERS):
        handed_in.append(datetime.now(UTC))
        done = await ground.accept("biblioteca", priority=priority, audience={"areas": ["other"]})
        await until(partial(ground.is_delivered, done.id))

    posts = ground.telegram.posts()
    others = [post for post in posts if post.chat == ground.chats["other"]]
    flood = [post for post in posts if post.chat != ground.chats["other"]]
    waited = []
    for at, other in zip(handed_in, others, strict=True):
        since = at if late is None else max(at, late)
        gone = sum(post.at < since for post in flood)
        behind = sum(since <= post.at and post.number < other.number for post in flood)
        waited.append(Wait(behind, many * CROWD - gone, (other.at - at).total_seconds()))
    return waited


def are_fair(waited: list[Wait]) -> None:
    said = f"another's notices waited {'; '.join(map(str, waited))}"
    sys.stdout.write(f"{said}\n")
    assert all(each.behind < CROWD / 2 for each in waited), said
