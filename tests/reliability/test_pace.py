# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-08, R-09: as fast as Telegram allows and never faster; urgent first; nobody waits for a broken channel."""

from collections import Counter
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from app.amend import Change, amend
from tests.given import a_notice
from tests.reliability import mutants
from tests.reliability.conftest import Prepare
from tests.reliability.ground import Ground, until
from tests.reliability.mutants import Mutant
from tests.reliability.overtaking import IN_COMPANY, PACE, overtakes, some_posts
from tests.reliability.scenarios import has_calls_held_up_on_their_way, has_more_than_a_minute_lets_out

SOON = 8
"""Seconds: twelve hundred bulk posts take forty; the bench says how soon it really is, and the night asks for two."""
UNHURRIED = 8.0
"""Seconds for a call: what a busy machine makes a doubt of would be asked about, which is a call more, or held."""
HANGS = 45.0
"""Seconds for a call: all that the others are owed takes two, and eight on a busy machine."""
RESTS = """
select count(*) over () as tries, c.free_at - a.finished_at as rests
  from attempt a join delivery d on d.id = a.delivery_id join channel c on c.id = d.channel_id
 where c.slug = 'scuola' order by a.token limit 1
"""
ENDED = """
select count(*) from attempt a join delivery d on d.id = a.delivery_id join channel c on c.id = d.channel_id
 where c.slug = 'bad' and a.finished_at is not null
"""


async def test_three_workers_keep_to_the_pace_and_use_it(prepare: Prepare) -> None:
    """30 channels, 12 notices: 360 posts, at 30 a second for all and 1 a second for each; the night has an hour."""
    async with prepare(limits=IN_COMPANY, pace=PACE, patience=UNHURRIED) as ground:
        await ground.channels(30)
        await full_speed(ground, 12, channels=30)


async def test_calls_that_came_late_count_from_when_they_came(prepare: Prepare) -> None:
    limits = ("--per-second", "10", "--chat-per-second", "0", "--group-per-minute", "0", "--slack", "0.15")
    async with prepare(limits=limits, pace=(10, 0, 0), patience=UNHURRIED) as ground:
        await has_calls_held_up_on_their_way(ground)


async def test_corrections_and_new_posts_share_the_pace(prepare: Prepare) -> None:
    """Ten a second for twenty edits of what stands and as many new posts, which are due at the same time."""
    limits = ("--per-second", "10", "--chat-per-second", "0", "--group-per-minute", "0", "--slack", "0.15")
    async with prepare(limits=limits, pace=(10, 0, 0), patience=UNHURRIED) as ground:
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
    async with prepare(limits=limits, pace=(30, 0, 5), patience=UNHURRIED) as ground:
        await has_more_than_a_minute_lets_out(ground)


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
    """1,200 bulk deliveries wait; 8 urgent notices reach the wire before the bulk is done; the night has an hour."""
    async with prepare(limits=IN_COMPANY, pace=PACE, patience=UNHURRIED) as ground:
        assert max(await overtakes(ground, bulk=20, urgent=8, private=False)) <= SOON
        assert await ground.verdict(settled=False) == []


async def test_a_channel_that_never_answers_delays_no_other(prepare: Prepare) -> None:
    async with prepare(patience=HANGS) as ground:
        await has_a_channel_that_never_answers(ground)
        assert await ground.verdict(settled=False) == []


@pytest.mark.nightly
@pytest.mark.parametrize("mutant", [mutants.ALL_TOGETHER, mutants.ONE_BY_ONE], ids=str)
async def test_a_worker_that_waits_for_the_slowest_is_failed(prepare: Prepare, tmp_path: Path, mutant: Mutant) -> None:
    async with prepare(patience=HANGS, code=mutant.code(tmp_path / "spoiled")) as ground:
        with pytest.raises(AssertionError, match="only after the call that hung"):
            await has_a_channel_that_never_answers(ground)


async def has_a_channel_that_never_answers(ground: Ground) -> None:
    """Let a call hang while ten notices come in for ten others, each once the one before it stands everywhere."""
    bad = await ground.channel("bad")
    await ground.channels(10)
    await ground.telegram.fault("hang_before_accepting", bad, method=None, times=None)
    ground.workers.start()
    for number in range(1, 11):
        await ground.accept(in_doubt="repeat")
        await until(partial(some_posts, ground, 10 * number))
        await until(partial(hears_of, ground, bad))
        assert await ground.pool.fetchval(ENDED) == 0, f"notice {number} came only after the call that hung"

    calls = Counter(entry.chat for entry in ground.telegram.entries() if entry.method == "sendMessage")
    assert calls == {chat: 1 if chat == bad else 10 for chat in ground.chats.values()}


async def hears_of(ground: Ground, chat: int) -> bool:
    return any(entry.chat == chat for entry in ground.telegram.entries())


async def test_an_asked_wait_is_kept_and_costs_nothing(prepare: Prepare) -> None:
    async with prepare(patience=UNHURRIED) as ground:
        chat = await ground.channel("scuola")
        await ground.telegram.fault("throttled", chat, retry_after=3)
        await ground.accept()

        ground.workers.start()
        await until(lambda: was_told(ground))
        told = await ground.pool.fetchrow(RESTS)
        await ground.settles()

        assert told is not None
        assert told["tries"] > 1 or timedelta(seconds=2.99) <= told["rests"] < timedelta(seconds=4)
        first, second = [entry for entry in ground.telegram.entries() if entry.method == "sendMessage"]
        assert 3 <= (second.at - first.at).total_seconds() < 30
        assert await ground.pool.fetchval("select failures from delivery") == 0
        assert await ground.verdict() == []


async def was_told(ground: Ground) -> bool:
    return bool(await ground.pool.fetchval("select exists (select from attempt where outcome = 'throttled')"))


async def test_a_notice_that_nobody_follows_is_accepted_and_reaches_nobody(ground: Ground) -> None:
    await ground.channel("scuola", services=["mensa"])

    done = await ground.accept(service="nidi")

    assert done.owed == 0
    assert await ground.verdict() == []
