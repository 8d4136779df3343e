# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-11: workers whose clocks are wrong send nothing early, late or twice: the time is that of the database."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.callback import EventType
from tests.given import accepted
from tests.reliability.conftest import Prepare
from tests.reliability.ground import Ground, until
from tests.reliability.processes import Processes
from tests.reliability.shifted import WRONG_BY
from tests.reliability.test_webhooks import Town, ids_of, town

__all__ = ["town"]

TEN_MINUTES = 600.0
UNHURRIED = 8.0
"""Seconds for a call: a busy machine's doubts are not those of a clock."""
PROMPT = 30.0
"""Seconds in which each post comes after its moment: the plan says 1, and this machine may be busy."""
NIGHTS = ("2027-03-28T00:59:50+00:00", "2027-10-31T00:59:50+00:00", "2038-01-19T03:13:57+00:00")
"""Ten seconds before an hour that Rome leaves out, and before one that it has twice; before 32 bits are full."""
NOW = "select clock_timestamp()"
AT_WORK = "select count(*) from worker"
LATER = "update delivery set due_at = now() + interval '1 hour'"
# The attempt that the next claim writes: that claim, which has its time and its lease by then, waits for this one.
IN_THE_WAY = """
insert into attempt (delivery_id, token, action, part, revision) select id, token + 1, 'post', 0, 1 from delivery
"""
LET_GO = """
update delivery set state = 'due', settled_at = null, due_at = now(), expires_at = now() + $1::interval
"""
IS_OVER = "select expires_at < now() from delivery"
FENCE = "select token from delivery"
TIMES = (1, 1, 2, 4, 8, 8, 8)
"""Seconds until a notice's time is over, one after the other: on a busy machine a claim may come too late for it."""


def wrong_by() -> dict[str, float]:
    """Give by how many seconds each worker's clock is wrong."""
    nights = {night: (datetime.fromisoformat(night) - datetime.now(UTC)).total_seconds() for night in NIGHTS}
    return {"ahead": TEN_MINUTES, "behind": -TEN_MINUTES, **nights}


@contextmanager
def at_wrong_times(workers: Processes, *seconds: float) -> Iterator[None]:
    """Run a worker for each of these faults of a clock."""
    wrong = [workers.otherwise("tests.reliability.shifted", **{WRONG_BY: str(each)}) for each in seconds]
    try:
        for each in wrong:
            each.start()
        yield
    finally:
        for each in wrong:
            each.close()


@pytest.mark.parametrize("whose", [("ahead", "behind", *NIGHTS), ("behind",)], ids=["all kinds", "all behind"])
async def test_workers_with_wrong_clocks_keep_to_the_time_of_the_database(
    prepare: Prepare, whose: Sequence[str]
) -> None:
    """Where some are ahead, one that is behind would come too late for nothing: so it is alone once."""
    async with prepare(patience=UNHURRIED) as ground:
        await keep_to_the_time(ground, [wrong_by()[each] for each in whose])


async def keep_to_the_time(ground: Ground, wrong: Sequence[float]) -> None:
    await ground.channels(5)

    with at_wrong_times(ground.workers, *wrong):
        await until(lambda: are_at_work(ground, len(wrong)))
        for _ in range(4):
            await ground.accept(in_doubt="hold")
        now: datetime = await ground.pool.fetchval(NOW)
        later = now + timedelta(seconds=6)
        # By the clock that is ahead it is over already, and by the one that is behind it is far away.
        await ground.accept(expires_at=stamp(now + timedelta(minutes=5)), in_doubt="hold")
        await ground.accept(publish_at=stamp(later), texts={"it": {"title": "Più tardi"}}, in_doubt="hold")
        await ground.settles()

    posts = ground.telegram.posts()
    assert await ground.states() == {"delivered": 6 * 5}
    assert await ground.verdict() == []
    assert len(posts) == 6 * 5
    at_once, put_off = ([post.at for post in posts if ("Più tardi" in post.text) is late] for late in (False, True))
    assert max(at_once) < now + timedelta(seconds=PROMPT)
    assert min(put_off) >= later - timedelta(seconds=0.1)
    assert max(put_off) < later + timedelta(seconds=PROMPT)


async def are_at_work(ground: Ground, many: int) -> bool:
    return bool(await ground.pool.fetchval(AT_WORK) == many)


async def test_what_is_over_between_its_claim_and_its_call_is_not_posted_by_a_worker_whose_clock_is_behind(
    prepare: Prepare,
) -> None:
    async with prepare(patience=UNHURRIED) as ground:
        await ground.channel("scuola")
        await ground.accept(expires_at=stamp(datetime.now(UTC) + timedelta(hours=1)))
        await ground.pool.execute(LATER)
        with at_wrong_times(ground.workers, -TEN_MINUTES):
            await until(lambda: are_at_work(ground, 1))
            assert await is_once_given_back(ground)

        assert ground.telegram.posts() == []
        assert await ground.states() == {"expired": 1}


async def is_once_given_back(ground: Ground) -> bool:
    for seconds in TIMES:
        if await is_given_back(ground, timedelta(seconds=seconds)):
            return True
        assert ground.telegram.posts() == []
    return False


async def is_given_back(ground: Ground, time: timedelta) -> bool:
    """Hold the claim until the notice's time is over; tell whether it was claimed, and given back."""
    before: int = await ground.pool.fetchval(FENCE)
    async with ground.pool.acquire() as connection:
        claiming = connection.transaction()
        await claiming.start()
        await connection.execute(IN_THE_WAY)
        await ground.pool.execute(LET_GO, time)
        ground.bell.ring()
        await until(lambda: is_over(ground))
        await claiming.rollback()
    await ground.settles()
    return bool(await ground.pool.fetchval(FENCE) == before + 2)


async def is_over(ground: Ground) -> bool:
    return bool(await ground.pool.fetchval(IS_OVER))


@pytest.mark.parametrize("whose", ["ahead", "behind", NIGHTS[2]])
async def test_a_worker_with_a_wrong_clock_signs_with_the_right_time_and_tells_each_event_once(
    town: Town, whose: str
) -> None:
    await town.channels(1)
    await town.endpoint()
    with at_wrong_times(town.workers, wrong_by()[whose]):
        notice = await accepted(town.pool, in_doubt="hold")
        await town.settles()

    told = ids_of(town.receiver)
    published = ("/registro-0", "notice.published", str(notice.id))
    assert set(told) == {published, ("/told", EventType.DELIVERED, str(notice.id))}
    assert {len(ids) for ids in told.values()} == {1}


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
