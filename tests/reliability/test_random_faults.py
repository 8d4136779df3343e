# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-05, at random: calls of every kind break in every way, also those that ask, edit and repeat."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy.checker import Entry
from tests.reliability.conftest import Prepare
from tests.reliability.ground import Ground
from tests.reliability.test_doubt import ARRIVED, NEVER_ARRIVED, POLICIES

FAULTS: list[tuple[str, dict[str, Any]]] = [
    *ARRIVED.items(),
    *NEVER_ARRIVED.items(),
    ("throttled", {"retry_after": 1}),
    ("wrong_shape", {}),
    ("too_large", {}),
]
METHODS = ("sendMessage", "sendMessage", "sendMessage", None, "editMessageText")
UNHURRIED = 2.0
"""Seconds for a call, shorter than a late answer is late."""
ASKABLE = 2 / 3
ENDS = {"delivered", "held", "dead"}
BRIEF, SECONDS = 3, 4.0
"""Every third channel of a policy has notices whose time is over after so many seconds."""
ENDLESS = "select distinct state from delivery where expires_at is null"
DOUBTFUL = ARRIVED.keys() | NEVER_ARRIVED.keys()
HANGS = {"answer_hung", "hang_before_accepting", "late_answer"}
ASKED = """
select c.address, count(*) filter (where state = 'delivered') as delivered
  from channel c join delivery d on d.channel_id = c.id
 where c.can_ask group by 1
having bool_and(state in ('delivered', 'expired') or state = 'dead' and not doubted)
"""
"""Where a question was refused, nobody knows from where to ask about the next; what was refused stands nowhere."""
PROMPT = """
select count(*), count(*) filter (where outcome = 'doubted' and error not like '%TimeoutError') as prompt
  from attempt where action = 'post' and outcome in ('doubted', 'crashed')
"""


async def test_random_faults_lose_nothing_and_repeat_nothing(prepare: Prepare) -> None:
    """150 broken calls; the night has 20,000."""
    async with prepare(patience=UNHURRIED) as ground:
        await survives(ground, channels=120, rounds=1, seed=11)


@pytest.mark.nightly
@pytest.mark.timeout(14_400)
async def test_twenty_thousand_random_faults_lose_nothing_and_repeat_nothing(prepare: Prepare) -> None:
    async with prepare(patience=UNHURRIED) as ground:
        assert await survives(ground, channels=300, rounds=60, seed=12) >= 20_000


async def survives(ground: Ground, channels: int, rounds: int, seed: int) -> int:
    """Let every channel meet faults in every round; give how many calls were broken."""
    dice = random.Random(seed)  # noqa: S311 - to be repeated
    for number in range(channels):
        await ground.channel(f"c{number}", can_ask=dice.random() < ASKABLE, areas=[area(number)])
    ground.workers.start(2)

    for _ in range(rounds):
        await ground.telegram.faults([fault for chat in ground.chats.values() for fault in some_faults(chat, dice)])
        for number in range(BRIEF * len(POLICIES)):
            await ground.accept(in_doubt=policy(number), audience={"areas": [area(number)]}, expires_at=ends(number))
        await ground.settles()
        await ground.telegram.calm()

    return await held_to_account(ground, channels * rounds)


def policy(number: int) -> str:
    return POLICIES[number % len(POLICIES)]


def is_brief(number: int) -> bool:
    return number // len(POLICIES) % BRIEF == 0


def area(number: int) -> str:
    """Give the area of a channel, for which each kind of notice is meant."""
    return f"area {number % (BRIEF * len(POLICIES))}"


def ends(number: int) -> str | None:
    return f"{datetime.now(UTC) + timedelta(seconds=SECONDS):%Y-%m-%dT%H:%M:%S.%fZ}" if is_brief(number) else None


async def held_to_account(ground: Ground, owed: int) -> int:
    """Every delivery has an end, the checker finds nothing, and each broken post is a doubt on record.

    What has expired had a time; some of that had no time left after what befell it.
    """
    states = await ground.states()
    assert states.keys() - {"expired"} <= ENDS
    assert {row["state"] for row in await ground.pool.fetch(ENDLESS)} <= ENDS
    assert "expired" in states
    assert sum(states.values()) == owed
    assert await ground.verdict() == []

    await once_where_one_can_ask(ground)
    broken = [entry for entry in ground.telegram.entries() if entry.fault is not None]
    await are_the_injected(ground, [entry.fault for entry in broken if leaves_a_doubt(entry)])
    assert len({entry.fault for entry in broken}) > len(FAULTS) / 2
    return len(broken)


async def once_where_one_can_ask(ground: Ground) -> None:
    """Asking tells: whatever broke, and whatever the policy, each notice that is delivered was posted once."""
    posts = Counter(str(entry.chat) for entry in ground.telegram.posts())
    asked = {row["address"]: row["delivered"] for row in await ground.pool.fetch(ASKED)}
    assert asked
    assert {address: posts[address] for address in asked} == asked


async def are_the_injected(ground: Ground, faults: list[str | None]) -> None:
    """Each injected fault is a doubt, and each doubt an injected fault or a call for which this machine was too slow.

    Where it is slow, a late answer may also be heard when its time is already over, and a lease may be over first.
    """
    doubts = await ground.pool.fetchrow(PROMPT)
    assert doubts is not None
    assert len(faults) - faults.count("late_answer") <= doubts["count"]
    assert doubts["prompt"] <= sum(fault not in HANGS for fault in faults)


def leaves_a_doubt(entry: Entry) -> bool:
    return entry.method == "sendMessage" and entry.fault in DOUBTFUL


def some_faults(chat: int, dice: random.Random) -> list[dict[str, Any]]:
    """Draw one to three calls of a chat that will break, and how."""
    drawn = [(dice.choice(FAULTS), dice.choice(METHODS)) for _ in range(dice.randint(1, 3))]
    return [{"kind": kind, "chat": chat, "method": method, **figures} for (kind, figures), method in drawn]
