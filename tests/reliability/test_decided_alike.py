# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Held deliveries of many channels, decided with one call for each notice, and then real workers."""

from collections import Counter
from collections.abc import AsyncIterator

import pytest

from tests.api.calling import Caller, served, some_settings
from tests.reliability.conftest import Prepare
from tests.reliability.ground import Ground

UNHURRIED = 8.0
"""Seconds for a call: a busy machine's doubts are none of these."""
CHANNELS = 3
NOTICES = {"lost": "reset_before_accepting", "arrived": "answer_reset", "forgotten": "reset_before_accepting"}
"""What befalls the first post of each."""


@pytest.fixture
async def town(prepare: Prepare) -> AsyncIterator[Ground]:
    async with prepare(patience=UNHURRIED) as ground:
        yield ground


async def all_held(ground: Ground) -> dict[str, str]:
    """Give the notices by what befell their posts, each held in channels that cannot be asked."""
    notices = {}
    for name, fault in NOTICES.items():
        for number in range(CHANNELS):
            await ground.telegram.fault(fault, await ground.channel(f"{name}-{number}", areas=[name]))
        notices[name] = str((await ground.accept(audience={"areas": [name]}, in_doubt="hold")).id)
    ground.workers.start()
    await ground.settles()
    assert await ground.states() == {"held": CHANNELS * len(NOTICES)}
    return notices


def posts(ground: Ground) -> dict[str, list[int]]:
    """Say how many posts of each notice its channels have got."""
    counts = Counter(entry.chat for entry in ground.telegram.posts())
    chats = {name: [chat for slug, chat in ground.chats.items() if slug.startswith(name)] for name in NOTICES}
    return {name: [counts[chat] for chat in of_it] for name, of_it in chats.items()}


async def decided(operator: Caller, notice: str, decision: str) -> int:
    answer = await operator.post("/v1/held/decision", {"decision": decision, "notice": notice})
    count: int = answer.body["decided"]
    return count


async def test_what_is_not_there_goes_out_once_to_each_channel_and_what_is_there_or_given_up_never_does(
    town: Ground, redis_url: str
) -> None:
    notices = await all_held(town)
    before = posts(town)

    async with served(some_settings(town.url, redis_url), town.pool) as operator:
        answers = [
            await decided(operator, notices[name], decision)
            for name, decision in (("lost", "not_sent"), ("arrived", "sent"), ("forgotten", "give_up"))
            for _ in range(2)
        ]
    await town.settles()

    assert before == {"lost": [0] * CHANNELS, "arrived": [1] * CHANNELS, "forgotten": [0] * CHANNELS}
    assert answers == [CHANNELS, 0] * len(NOTICES)
    assert posts(town) == before | {"lost": [1] * CHANNELS}
    assert await town.states() == {"delivered": 2 * CHANNELS, "dead": CHANNELS}
    assert await town.verdict() == []
