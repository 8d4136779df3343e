# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-08, R-09: as fast as Telegram allows and never faster; urgent first; nobody waits for a broken channel."""

import asyncio
import time
from collections import Counter
from functools import partial
from itertools import pairwise

import pytest

from app.amend import Change, amend
from tests.given import a_notice
from tests.reliability.conftest import Prepare
from tests.reliability.ground import Ground, until
from tests.reliability.scenarios import has_calls_held_up_on_their_way, has_more_than_a_minute_lets_out

AS_TELEGRAM = ("--per-second", "30", "--chat-per-second", "1", "--group-per-minute", "20")
IN_COMPANY = (*AS_TELEGRAM, "--slack", "0.15")
"""The gate shares its machine with other tests, which may hold a call up on its way; the night and the bench do not."""
PACE = (30.0, 1.0, 20)
CHATS = 60
SOON = 8
"""Seconds: twelve hundred bulk posts take forty; the bench says how soon it really is, and the night asks for two."""


async def test_three_workers_keep_to_the_pace_and_use_it(prepare: Prepare) -> None:
    """30 channels, 12 notices: 360 posts, at 30 a second for all and 1 a second for each; the night has 5,000."""
    async with prepare(limits=IN_COMPANY, pace=PACE) as ground:
        await ground.channels(30)
        await full_speed(ground, 12, channels=30)


async def test_calls_that_came_late_count_from_when_they_came(prepare: Prepare) -> None:
    limits = ("--per-second", "10", "--chat-per-second", "0", "--group-per-minute", "0", "--slack", "0.15")
    async with prepare(limits=limits, pace=(10, 0, 0)) as ground:
        await has_calls_held_up_on_their_way(ground)


async def test_corrections_and_new_posts_share_the_pace(prepare: Prepare) -> None:
    """Ten a second for twenty edits of what stands and as many new posts, which are due at the same time."""
    limits = ("--per-second", "10", "--chat-per-second", "0", "--group-per-minute", "0", "--slack", "0.15")
    async with prepare(limits=limits, pace=(10, 0, 0)) as ground:
        await ground.channels(20)
        first = await ground.accept(event_id="menu")
        ground.workers.start(2)
        await ground.settles()

        corrected = a_notice(event_id="menu", texts={"it": {"title": "Venerdì mensa chiusa"}})
        await amend(ground.pool, ground.routing, Change(first.id, "mensa", "test", None), corrected)
        await ground.accept(event_id="another")
        await ground.settles()

        done = Counter((entry.method, entry.did) for entry in ground.telegram.entries())
        assert done == {("sendMessage", "accepted"): 40, ("editMessageText", "edited"): 20}
        assert await ground.verdict() == []


async def test_a_group_that_has_had_its_minute_waits_and_nothing_is_refused(prepare: Prepare) -> None:
    """Two groups, six notices, five of them in a minute, so that the gate need not wait one out; the night does."""
    limits = ("--per-second", "30", "--chat-per-second", "0", "--group-per-minute", "5", "--slack", "0.15")
    async with prepare(limits=limits, pace=(30, 0, 5)) as ground:
        await has_more_than_a_minute_lets_out(ground)


@pytest.mark.nightly
@pytest.mark.timeout(7200)
async def test_the_limit_of_a_minute_is_kept_and_used(prepare: Prepare) -> None:
    """50 channels, 100 notices at 20 a minute each: four full minutes and the 20 of the fifth."""
    async with prepare(limits=AS_TELEGRAM, pace=PACE) as ground:
        await ground.channels(50)
        ground.workers.start(3)
        for _ in range(100):
            await ground.accept()
        await ground.settles()

        posts = ground.telegram.posts()
        assert len(posts) == 5000
        assert (posts[-1].at - posts[0].at).total_seconds() < 300 / 0.9
        assert await ground.verdict() == []


async def full_speed(ground: Ground, notices: int, channels: int) -> None:
    for _ in range(notices):
        await ground.accept()

    ground.workers.start(3)
    await ground.settles()

    posts = ground.telegram.posts()
    seconds = (posts[-1].at - posts[0].at).total_seconds()
    assert await ground.verdict() == []
    assert len(posts) == notices * channels
    assert (len(posts) - 1) / seconds >= 0.4 * 30  # far more than one worker alone in turn; the bench has the figure


async def test_an_urgent_notice_overtakes_a_bulk_that_goes_on(prepare: Prepare) -> None:
    """1,200 bulk deliveries wait; 8 urgent notices reach the wire before the bulk is done; the night has 5,000."""
    async with prepare(limits=IN_COMPANY, pace=PACE) as ground:
        assert max(await overtakes(ground, bulk=20, urgent=8, private=False)) <= SOON


@pytest.mark.nightly
@pytest.mark.timeout(7200)
async def test_urgent_notices_overtake_all_night(prepare: Prepare) -> None:
    """5,040 bulk deliveries wait, and an urgent notice comes each second: 99 of 100 are there within two."""
    async with prepare(limits=AS_TELEGRAM, pace=PACE) as ground:
        waits = await overtakes(ground, bulk=84, urgent=100, private=True, every=1.0)

        assert sorted(waits)[98] <= 2
        bulk = [post for post in ground.telegram.posts() if "Scuola chiusa" not in post.text]
        assert all((then.at - before.at).total_seconds() < 60 for before, then in pairwise(bulk))  # never none a minute


async def overtakes(ground: Ground, bulk: int, urgent: int, *, private: bool, every: float = 0) -> list[float]:
    """Give the seconds that each urgent notice waited; the next is handed in when it is there, and `every` seconds on.

    In families' own chats there is no limit of a minute, so that nothing but the bulk could delay anybody.
    """
    for number in range(CHATS):
        await ground.channel(f"c{number}", private=private, areas=[f"area {number}"])
    for _ in range(bulk):
        await ground.accept(priority="bulk")
    ground.workers.start(2)
    await until(lambda: some_posts(ground, 30))

    accepted = []
    for number in range(urgent):
        accepted.append(time.time())
        audience, texts = {"areas": [f"area {number % CHATS}"]}, {"it": {"title": title(number)}}
        done = await ground.accept(priority="urgent", audience=audience, texts=texts)
        await until(partial(ground.is_delivered, done.id))
        await asyncio.sleep(max(0.0, accepted[-1] + every - time.time()))
    posts = ground.telegram.posts()
    arrived = {post.text: post.at.timestamp() for post in posts}
    waits = [
        arrived[next(text for text in arrived if title(number) in text)] - at for number, at in enumerate(accepted)
    ]

    assert len(posts) > 30 + 2 * urgent
    assert await ground.verdict(settled=False) == []
    return waits


def title(number: int) -> str:
    return f"Scuola chiusa oggi, avviso {number}."


async def some_posts(ground: Ground, many: int) -> bool:
    return len(ground.telegram.posts()) >= many


async def test_a_channel_that_never_answers_delays_no_other(ground: Ground) -> None:
    bad = await ground.channel("bad")
    await ground.channels(10)
    await ground.telegram.fault("hang_before_accepting", bad, method=None, times=None)
    for _ in range(10):
        await ground.accept(in_doubt="repeat")

    ground.workers.start()
    await until(lambda: some_posts(ground, 100))

    assert len({post.chat for post in ground.telegram.posts()}) == 10
    assert await ground.verdict(settled=False) == []


async def test_an_asked_wait_is_kept_and_costs_nothing(ground: Ground) -> None:
    chat = await ground.channel("scuola")
    await ground.telegram.fault("throttled", chat, retry_after=3)
    await ground.accept()

    ground.workers.start()
    await ground.settles()

    first, second = [entry for entry in ground.telegram.entries() if entry.method == "sendMessage"]
    assert 3 <= (second.at - first.at).total_seconds() < 5
    assert await ground.pool.fetchval("select failures from delivery") == 0
    assert await ground.verdict() == []


async def test_a_notice_that_nobody_follows_is_accepted_and_reaches_nobody(ground: Ground) -> None:
    await ground.channel("scuola", services=["mensa"])

    done = await ground.accept(service="nidi")

    assert done.owed == 0
    assert await ground.verdict() == []
