# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A channel paused while a call is on the wire: nothing that is due later is forgotten there."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.amend import Change, withdraw
from app.approve import Consent, approve
from app.audit import Actor
from app.database import Pool
from app.domain.outcome import Delivered, Doubted, Gone, Outcome, Throttled
from app.outbox import Claimed, decide, resume, sweep
from app.pushes import Question, ask, choose
from tests.given import a_channel, accepted
from tests.outbox.conftest import claimed, deliveries, recorded
from tests.outbox.pausing import paused

BOTH = {"it": {"title": "Sciopero"}, "zh-Hans": {"title": "Ba gong"}}
Way = Callable[[Pool, Claimed], Awaitable[None]]


async def withdrawn(pool: Pool, call: Claimed) -> None:
    await withdraw(pool, Change(call.owed.notice_id, "mensa", "test", None))


async def not_sent(pool: Pool, call: Claimed) -> None:
    assert await decide(pool, call.owed.id, "not_sent")


async def approved(pool: Pool, call: Claimed) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await approve(connection, call.owed.notice_id, Consent("zh-Hans", 1, "Mediatrice"), "key", Actor("admin"))


async def chosen(pool: Pool, call: Claimed) -> None:
    await pool.execute("update delivery set wanted = 2 where id = $1", call.owed.id)
    await ask(pool, Question(call.owed.id, 2, "a further one"))
    assert await choose(pool, call.owed.id, "send", "test")


WAYS: dict[str, tuple[Outcome, Way]] = {
    "a withdrawal": (Delivered(("42",)), withdrawn),
    "a person who did not find it": (Doubted("?"), not_sent),
    "an approval": (Delivered(("42",)), approved),
    "a choice": (Delivered(("42",)), chosen),
}


async def on_its_way(pool: Pool, way: str) -> Claimed:
    """Give a call that is on the wire, of a channel that shows the Italian until the Chinese is approved."""
    if way == "an approval":
        await pool.execute("update service set approvals = '{zh-Hans}' where slug = 'mensa'")
    await a_channel(pool, language="zh-Hans", interim=True)
    await accepted(pool, texts=BOTH, in_doubt="hold")
    (call,) = (await claimed(pool)).calls
    return call


async def in_doubt_for_long(pool: Pool, call: Claimed, outcome: Outcome) -> None:
    """Record an outcome; a doubt is put before a person at once."""
    await recorded(pool, call, outcome)
    held = "update delivery set state = 'held' where state = 'in_doubt' and id = $1"
    await pool.execute(held, call.owed.id)


async def the_channel(pool: Pool) -> UUID:
    number: UUID = await pool.fetchval("select id from channel")
    return number


@pytest.mark.parametrize("way", WAYS)
async def test_what_a_pause_met_on_the_wire_is_posted_when_it_is_due_after_the_resume(
    pool: Pool, database_url: str, way: str
) -> None:
    outcome, made_due = WAYS[way]
    call = await on_its_way(pool, way)

    await paused(database_url)
    await in_doubt_for_long(pool, call, outcome)
    await resume(pool, await the_channel(pool))
    await made_due(pool, call)

    (row,) = await deliveries(pool)
    assert (row["state"], row["parked"]) == ("due", False)
    taken = await claimed(pool)
    assert len((*taken.calls, *taken.ended)) == 1  # what needs no call ends at once


@pytest.mark.parametrize("way", WAYS)
async def test_what_is_due_again_in_a_paused_channel_waits_for_the_resume(
    pool: Pool, database_url: str, way: str
) -> None:
    outcome, made_due = WAYS[way]
    call = await on_its_way(pool, way)
    await in_doubt_for_long(pool, call, outcome)

    await paused(database_url)
    await made_due(pool, call)
    waiting = [row["parked"] for row in await deliveries(pool)]
    await resume(pool, await the_channel(pool))

    assert waiting == [True]
    assert [(row["state"], row["parked"]) for row in await deliveries(pool)] == [("due", False)]


async def test_what_a_race_or_an_earlier_version_left_parked_is_found_by_the_sweep(
    pool: Pool, database_url: str
) -> None:
    await a_channel(pool)
    await a_channel(pool, "ferma")
    await accepted(pool)
    await paused(database_url, "ferma")
    await pool.execute("update delivery set parked = true")

    await sweep(pool)

    left = await pool.fetch(
        "select c.slug from delivery d join channel c on c.id = d.channel_id where parked and state = 'due'"
    )
    assert [row["slug"] for row in left] == ["ferma"]


async def test_a_resume_keeps_the_pace_of_the_channel(pool: Pool, database_url: str) -> None:
    channel = await a_channel(pool)
    await accepted(pool)
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Throttled(3600))

    await paused(database_url)
    await resume(pool, channel)

    assert await pool.fetchval("select free_at > now() + interval '50 minutes' from channel")
    assert (await claimed(pool)).calls == ()


async def test_a_doubt_rests_its_time_though_its_channel_was_resumed(pool: Pool, database_url: str) -> None:
    channel = await a_channel(pool)
    await accepted(pool)
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Doubted("?"))
    await pool.execute("update delivery set due_at = now() + interval '1 hour'")

    await paused(database_url)
    await resume(pool, channel)

    assert await pool.fetchval("select due_at > now() + interval '50 minutes' and not parked from delivery")


async def test_a_pause_by_hand_outlasts_that_of_the_platform_whichever_came_first(
    pool: Pool, database_url: str
) -> None:
    for slug in ("prima", "dopo"):
        await a_channel(pool, slug)
    await accepted(pool)
    calls = {call.owed.slug: call for call in (await claimed(pool)).calls}

    await recorded(pool, calls["prima"], Gone("the bot was removed"))
    for slug in ("prima", "dopo", "prima", "dopo"):
        await paused(database_url, slug)
    await recorded(pool, calls["dopo"], Gone("the bot was removed"))

    reasons = [row["paused_reason"] for row in await pool.fetch("select paused_reason from channel")]
    assert reasons == ["paused by hand (the platform: the bot was removed)"] * 2


@pytest.mark.parametrize(("state", "renewed"), [("due", True), ("in_doubt", False)])
async def test_what_waited_in_a_pause_is_tried_as_long_as_what_is_new_and_a_doubt_stays_old(
    pool: Pool, database_url: str, *, state: str, renewed: bool
) -> None:
    channel = await a_channel(pool)
    await accepted(pool)
    await paused(database_url)
    await pool.execute("update delivery set give_up_at = now() - interval '1 hour', state = $1", state)

    await resume(pool, channel)

    (row,) = await deliveries(pool)
    assert (row["give_up_at"] > datetime.now(UTC) + timedelta(hours=11)) is renewed


async def test_the_time_for_which_a_platform_asks_to_wait_is_no_part_of_the_time_to_try(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool, priority="urgent")
    (call,) = (await claimed(pool)).calls

    await recorded(pool, call, Throttled(10 * 3600))

    (row,) = await deliveries(pool)
    assert row["give_up_at"] > datetime.now(UTC) + timedelta(hours=11)
