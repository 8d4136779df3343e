# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Many held deliveries of which a person says the same: each goes where it would alone."""

import asyncio

import asyncpg

from app.amend import Change, amend, withdraw
from app.database import Pool
from app.domain.decision import Decision
from app.domain.outcome import Delivered, Doubted, Wire
from app.outbox import decide, decide_alike
from app.routing import Routing
from tests.given import a_channel, a_notice, accepted
from tests.outbox.conftest import claimed, deliveries, recorded
from tests.reliability.ground import until

AT_ONCE = "update delivery set due_at = now(); update channel set free_at = now()"
OVER = "update delivery set expires_at = now() - interval '1 minute' where id = $1"
PAUSE = "update channel set paused_at = now(), paused_reason = 'the bot was removed' where slug = $1"
QUESTIONS = "select id, token from delivery where id = any($1::bigint[])"
WAITED_FOR = """
select exists (
  select from pg_stat_activity where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0)
"""


async def held(pool: Pool, *slugs: str) -> dict[str, int]:
    """Give what nobody can tell of, in channels of these names, each a notice of its own."""
    for slug in slugs:
        await a_channel(pool, slug, areas=[slug])
        await accepted(pool, audience={"areas": [slug]}, in_doubt="hold")
    calls = (await claimed(pool)).calls
    for call in calls:
        await recorded(pool, call, Doubted("reset"), Wire.BODY)
    await pool.execute(AT_ONCE)
    await claimed(pool)
    assert [row["state"] for row in await deliveries(pool)] == ["held"] * len(slugs)
    return {call.owed.slug: call.owed.id for call in calls}


async def states(pool: Pool, ids: dict[str, int]) -> dict[str, str]:
    rows = {row["id"]: row["state"] for row in await deliveries(pool)}
    return {slug: rows[number] for slug, number in ids.items()}


async def said(pool: Pool, ids: dict[str, int], decision: Decision) -> list[int]:
    return await answered(pool, await questions(pool, ids), decision)


async def questions(pool: Pool, ids: dict[str, int]) -> dict[int, int]:
    return {row["id"]: row["token"] for row in await pool.fetch(QUESTIONS, list(ids.values()))}


async def answered(pool: Pool, found: dict[int, int], decision: Decision) -> list[int]:
    async with pool.acquire() as connection, connection.transaction():
        return await decide_alike(connection, found, decision)


async def test_of_what_is_not_there_only_that_goes_out_which_may_and_it_goes_out_once(pool: Pool) -> None:
    ids = await held(pool, "goes", "expired", "withdrawn", "paused")
    await pool.execute(OVER, ids["expired"])
    await pool.execute(PAUSE, "paused")
    notice = await pool.fetchval("select notice_id from delivery where id = $1", ids["withdrawn"])
    await withdraw(pool, Change(notice, "mensa", "test", None))

    assert await said(pool, ids, "not_sent") == sorted(ids.values())

    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Delivered(("42",)))
    await pool.execute(AT_ONCE)
    assert (await claimed(pool)).calls == ()
    assert await states(pool, ids) == {
        "goes": "delivered",
        "expired": "expired",
        "withdrawn": "withdrawn",
        "paused": "due",
    }


async def test_what_somebody_else_decides_meanwhile_is_passed_over_and_nobody_waits_in_a_circle(
    pool: Pool, database_url: str
) -> None:
    ids = await held(pool, "uno", "due", "tre")
    patient = asyncpg.create_pool(database_url, min_size=0)  # however long it waits for the rows

    async def is_waited_for() -> bool:
        waits: bool = await pool.fetchval(WAITED_FOR)
        return waits

    async with patient, asyncio.TaskGroup() as group, pool.acquire() as somebody, somebody.transaction():
        assert await decide(somebody, ids["uno"], "give_up")
        many = group.create_task(said(patient, dict(reversed(ids.items())), "not_sent"))
        await until(is_waited_for)
        assert await decide(somebody, ids["due"], "give_up")

    assert many.result() == [ids["tre"]]
    assert await states(pool, ids) == {"uno": "dead", "due": "dead", "tre": "due"}


async def test_what_is_held_for_another_question_by_now_is_passed_over_and_its_post_not_forgotten(pool: Pool) -> None:
    ids = await held(pool, "uno", "due")
    found = await questions(pool, ids)
    assert await decide(pool, ids["due"], "sent")
    notice = await pool.fetchval("select notice_id from delivery where id = $1", ids["due"])
    event = await pool.fetchval("select event_id from notice where id = $1", notice)
    new = a_notice(event_id=event, audience={"areas": ["due"]}, texts={"it": {"title": "un altro testo"}})
    await amend(pool, Routing(), Change(notice, "mensa", "test", None), new)
    assert (await claimed(pool)).calls == ()  # nobody knows where the post is that is to be changed
    assert await states(pool, ids) == {"uno": "held", "due": "held"}

    assert await answered(pool, found, "not_sent") == [ids["uno"]]

    assert await states(pool, ids) == {"uno": "due", "due": "held"}
    assert await pool.fetchval("select json_array_length(posts) from delivery where id = $1", ids["due"]) == 1
