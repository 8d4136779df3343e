# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A post that never arrives, as the channel itself says: it is tried later each time, and comes to an end."""

from collections.abc import Sequence
from dataclasses import replace

from app.database import Pool
from app.domain.delivery import Part
from app.domain.outcome import Absent, Doubted
from app.outbox import Claimed, Owed, claim
from tests.given import a_channel, accepted
from tests.outbox.conftest import TURN, deliveries, plain, plainly, recorded

NO_ANSWER = Doubted("no answer")
HASTE = Doubted("Bad Request: ... Too Many Requests: retry after 8", seconds=8)
NOW = "with freed as (update channel set free_at = now()) update delivery set due_at = now()"
READY = "update media set state = 'ready', kind = 'photo'"
OLD = "update delivery set give_up_at = now() - interval '30 days'"
MEDIA = "select distinct state from media"


def pictured(owed: Owed) -> Sequence[Part]:
    return [replace(part, items=tuple(owed.media)) for part in plainly(owed)]


async def taken(pool: Pool) -> Claimed:
    await pool.execute(NOW)
    (call,) = (await claim(pool, replace(plain(), render=pictured), TURN)).calls
    return call


async def never_arrives(pool: Pool, doubt: Doubted = NO_ANSWER) -> Claimed:
    """Post, and find nothing in the channel; gives the post."""
    post = await taken(pool)
    for outcome in (doubt, Absent(), Absent()):
        await recorded(pool, post if isinstance(outcome, Doubted) else await taken(pool), outcome)
    return post


async def owed_to_one_who_can_be_asked(pool: Pool) -> None:
    await a_channel(pool, can_ask=True)
    await pool.execute("update channel set last_reference = '1'")
    await accepted(pool, in_doubt="hold", attachments=[{"title": "a", "href": "https://example.org/a.png"}])
    await pool.execute(READY)


async def test_what_never_arrives_is_a_failure_each_time_and_is_given_up_by_its_age(pool: Pool) -> None:
    await owed_to_one_who_can_be_asked(pool)
    for failures in (1, 2):
        await never_arrives(pool)
        (row,) = await deliveries(pool)
        assert (row["state"], row["failures"], row["doubted"]) == ("due", failures, False)
        assert row["last_error"] == "it did not arrive, so it is posted again"
    await pool.execute(OLD)

    await never_arrives(pool)

    (row,) = await deliveries(pool)
    assert (row["state"], row["doubted"], row["last_error"]) == ("dead", False, "it never arrived")


async def test_what_twice_did_not_arrive_with_its_pictures_goes_out_without_them(pool: Pool) -> None:
    """An album may take longer to upload than a call is given."""
    await owed_to_one_who_can_be_asked(pool)

    first, second, third = [await never_arrives(pool) for _ in range(3)]

    assert [len(post.intent.items) for post in (first, second, third)] == [1, 1, 0]
    assert [row["state"] for row in await pool.fetch(MEDIA)] == ["failed"]


async def test_where_nobody_can_be_asked_what_twice_had_no_answer_is_repeated_without_its_pictures(pool: Pool) -> None:
    """A family's own chat, and a line that does not carry the file in time: else the text never went out."""
    await a_channel(pool, address="77")
    await accepted(pool, in_doubt="repeat", attachments=[{"title": "a", "href": "https://example.org/a.png"}])
    await pool.execute(READY)
    posts = []

    for _ in range(3):
        posts.append(await taken(pool))
        await recorded(pool, posts[-1], NO_ANSWER)
        await pool.execute(NOW)
        await claim(pool, plain(), TURN)  # nobody can be asked: it is due again

    assert [len(post.intent.items) for post in posts] == [1, 1, 0]


async def test_an_album_that_telegram_broke_off_for_haste_costs_nobody_its_pictures(pool: Pool) -> None:
    await owed_to_one_who_can_be_asked(pool)

    posts = [await never_arrives(pool, HASTE) for _ in range(3)]

    assert [len(post.intent.items) for post in posts] == [1, 1, 1]


async def test_a_channel_rests_for_as_long_as_a_broken_album_asks_for(pool: Pool) -> None:
    await owed_to_one_who_can_be_asked(pool)

    await recorded(pool, await taken(pool), HASTE)

    assert await pool.fetchval("select free_at > now() + interval '5 seconds' from channel")
    assert await pool.fetchval("select slowdown from channel") == 1.25
    assert await pool.fetchval("select slowdown from pace where kind = 'telegram'") == 1
