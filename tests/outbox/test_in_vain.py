# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A doubt that cannot be asked about does not keep what stands behind it waiting for days."""

import pytest

from app.database import Pool
from app.domain.delivery import Action, Post
from app.domain.outcome import Delivered, Doubted, Failed
from app.outbox.in_vain import TRIES
from tests.given import a_channel, accepted
from tests.outbox.conftest import claimed, deliveries, recorded

ASKABLE = "update channel set last_reference = '1' where slug = 'scuola'"
NOW = "update delivery set due_at = now(); update channel set free_at = now()"
FAILED = """
with asked as (
  insert into attempt (delivery_id, token, action, part, revision, finished_at, outcome, wire)
  select id, token + number, 'probe', 0, 1, now(), 'failed', 'response'
    from delivery, generate_series(1, $1::int) as number where state = 'in_doubt'
)
update delivery set failures = failures + $1, token = token + $1 where state = 'in_doubt'
"""
FAILED_BEFORE = "update delivery set failures = $1"
FIRST_FOUND = """
update notice set policy = 'repeat' where priority = 'bulk';
update delivery
   set intent = (intent::jsonb || '{"digest": "m1", "reference": "7", "items": ["photo a", "photo b"]}')::json
 where state = 'in_doubt'
"""
ALBUM = Post("7", "m1", (("7", "photo a"), ("", "photo b")))
ONE_LESS = "delete from attempt where action = 'probe' and token = (select max(token) from attempt)"
ELSEWHERE = {"areas": ["altrove"]}


@pytest.fixture
async def doubted(pool: Pool) -> Pool:
    """A bulk notice is in doubt, was asked about in vain, and an urgent one waits behind it."""
    await a_channel(pool, "scuola", can_ask=True, areas=["qui"])
    await a_channel(pool, "altrove", **ELSEWHERE)
    await pool.execute(ASKABLE)
    await accepted(pool, priority="bulk", audience={"areas": ["qui"]})
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Doubted("no answer"))
    await accepted(pool, priority="urgent", audience={"areas": ["qui"]})
    await pool.execute(FAILED, TRIES)
    await pool.execute(NOW)
    return pool


async def somebody_is_answered(pool: Pool) -> None:
    await accepted(pool, priority="urgent", audience=ELSEWHERE)
    (call,) = (await claimed(pool, most=1)).calls
    await recorded(pool, call, Delivered(("1",)))
    await pool.execute(NOW)


async def test_it_ends_by_its_policy_where_others_are_answered(doubted: Pool) -> None:
    await somebody_is_answered(doubted)

    ended = (await claimed(doubted)).ended
    (call,) = (await claimed(doubted)).calls

    assert [settlement.state.value for _, settlement in ended] == ["held"]
    assert call.owed.progress.lane == 0
    assert {row["state"] for row in await deliveries(doubted)} == {"held", "due", "delivered"}


async def test_an_album_of_which_the_first_item_was_found_is_not_posted_once_more(doubted: Pool) -> None:
    await doubted.execute(FIRST_FOUND)
    await somebody_is_answered(doubted)

    ((_, settlement),) = (await claimed(doubted)).ended

    assert (settlement.state.value, settlement.posts) == ("delivered", (ALBUM,))


async def test_it_is_asked_about_again_where_nobody_is_answered(doubted: Pool) -> None:
    (call,) = (await claimed(doubted)).calls

    assert call.intent.action is Action.PROBE


@pytest.mark.parametrize(("verdict", "state"), [("ok", "held"), ("refused", "held"), ("unknown", "in_doubt")])
async def test_where_no_other_channel_is_a_check_beside_the_question_tells_whether_the_platform_is_there(
    doubted: Pool, verdict: str, state: str
) -> None:
    (call,) = (await claimed(doubted)).calls
    await recorded(doubted, call, Failed("Internal Server Error"))
    await doubted.execute("update channel_check set answer = json_build_object('verdict', $1::text)", verdict)
    await doubted.execute(NOW)

    await claimed(doubted)

    assert (await deliveries(doubted))[0]["state"] == state
    assert await doubted.fetchval("select count(distinct address) from channel_check") == 1


async def test_an_answer_to_a_check_of_another_time_says_nothing_of_the_question(doubted: Pool) -> None:
    (call,) = (await claimed(doubted)).calls
    await recorded(doubted, call, Failed("Internal Server Error"))
    await doubted.execute('update channel_check set asked_at = clock_timestamp(), answer = \'{"verdict": "ok"}\'')
    await doubted.execute(NOW)

    (again,) = (await claimed(doubted)).calls

    assert again.intent.action is Action.PROBE


async def test_it_is_asked_about_again_where_there_is_time(doubted: Pool) -> None:
    await somebody_is_answered(doubted)
    await doubted.execute(ONE_LESS)

    (call,) = (await claimed(doubted)).calls

    assert call.intent.action is Action.PROBE


async def test_it_is_asked_about_again_where_nobody_waits_behind_it(doubted: Pool) -> None:
    await somebody_is_answered(doubted)
    await doubted.execute("delete from delivery where lane = 0 and state = 'due'")

    (call,) = (await claimed(doubted)).calls

    assert call.intent.action is Action.PROBE


async def test_it_is_asked_about_first_however_often_the_post_had_failed_before(pool: Pool) -> None:
    await a_channel(pool, "scuola", can_ask=True, areas=["qui"])
    await a_channel(pool, "altrove", **ELSEWHERE)
    await pool.execute(ASKABLE)
    await somebody_is_answered(pool)
    await accepted(pool, priority="urgent", audience={"areas": ["qui"]})
    await pool.execute(FAILED_BEFORE, TRIES)
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Doubted("no answer"))
    await accepted(pool, priority="urgent", audience={"areas": ["qui"]})
    await pool.execute(NOW)

    (asks,) = (await claimed(pool)).calls

    assert asks.intent.action is Action.PROBE
