# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What is stored was accepted under the rules of its day, and one row that cannot be read keeps nobody waiting."""

import json
from typing import Any

import pytest

from app.amend import Change, withdraw
from app.database import Pool
from app.domain.delivery import Action, Intent, Post
from app.domain.stored import as_stored
from app.outbox import steps_of
from app.outbox.stored import intent_from, intent_text, posts_from, posts_text
from tests.given import a_channel, a_notice, accepted
from tests.outbox.conftest import claimed, deliveries, plain

OLDER = "update notice set content = $2::json where id = $1"
ODD: dict[str, Any] = {"title": "x" * 500, "href": "http://vecchio"}
SPOILED = "update delivery set posts = $1::json, state = $2, intent = $3::json where channel_id = $4"
ALL = "select array_agg(id order by id) from delivery"


def of_older_rules() -> str:
    """Give a notice that would be refused today: a title, a link and a test without its word."""
    texts = {"it": {"title": "x" * 500, "what_to_do": ["y" * 900], "mood": "gone"}}
    return json.dumps({"event_id": "e1", "service": "mensa", "texts": texts, "links": [ODD], "test": True, "old": 1})


async def test_what_was_accepted_under_older_rules_still_goes_out_and_can_be_withdrawn(pool: Pool) -> None:
    await a_channel(pool)
    number = (await accepted(pool, event_id="e1")).id
    await pool.execute(OLDER, number, of_older_rules())

    (call,) = (await claimed(pool)).calls

    assert call.intent.payload.startswith("x" * 500)
    assert call.owed.notice.links[0].href == "http://vecchio"
    assert (await withdraw(pool, Change(number, "mensa", "test", None))).changed


async def test_what_cannot_be_read_at_all_can_still_be_withdrawn(pool: Pool) -> None:
    number = (await accepted(pool)).id
    await pool.execute(OLDER, number, json.dumps({"texts": []}))

    assert (await withdraw(pool, Change(number, "mensa", "test", None))).changed


@pytest.mark.parametrize("state", ["due", "in_doubt"])
async def test_a_row_that_cannot_be_read_is_a_dead_letter_and_the_others_go_out(pool: Pool, state: str) -> None:
    bad = await a_channel(pool, "bad")
    await a_channel(pool, "good")
    await accepted(pool)
    await pool.execute("update channel set last_reference = '7'")
    await pool.execute(SPOILED, '[{"of": "another version"}]', state, '{"action": "post"}', bad)

    taken = await claimed(pool)

    assert [call.owed.slug for call in taken.calls] == ["good"]
    row = next(row for row in await deliveries(pool) if row["channel_id"] == bad)
    assert (row["state"], row["settled_at"] is not None, row["doubted"]) == ("dead", True, state == "in_doubt")
    assert row["last_error"].startswith("what is stored of it cannot be read (TypeError at stored.py:")
    known = await pool.fetchval("select last_reference from channel where id = $1", bad)
    assert known == ("7" if state == "due" else None)


async def test_a_row_that_cannot_be_read_does_not_hold_up_those_that_share_its_post(pool: Pool) -> None:
    bad = await a_channel(pool, "bad")
    await a_channel(pool, "good")
    await accepted(pool)
    await pool.execute(SPOILED, "[3]", "due", "null", bad)

    async with pool.acquire() as connection, connection.transaction():
        now = await connection.fetchval("select now()")
        await steps_of(connection, plain(), await connection.fetchval(ALL), now)

    assert sorted(row["state"] for row in await deliveries(pool)) == ["dead", "due"]


def test_what_today_s_rules_take_is_read_as_they_read_it() -> None:
    notice = a_notice(
        priority="urgent",
        kind="closure",
        texts={"it": {"title": "Chiuso", "body": "**Oggi**", "what_to_do": ["Aspettare"]}, "zh-Hans": {"title": "x"}},
        audience={"grades": ["primaria"], "areas": ["centro"]},
        valid_from="2026-11-27T11:30:00+01:00",
        publish_at="2026-11-27T10:30:00Z",
        links=[{"title": "Sito", "href": "https://www.comune.example/a"}],
        contacts=[{"label": "Ufficio", "phone": "0574 1"}],
        attachments=[{"title": "Foto", "href": "https://www.comune.example/a.png"}],
        in_doubt="drop",
    )

    assert as_stored(notice.model_dump_json()) == notice
    assert as_stored(notice.model_dump_json()).model_dump_json() == notice.model_dump_json()


def test_what_a_later_version_adds_to_an_intent_or_a_post_is_passed_over() -> None:
    intent, posts = Intent(Action.POST, 0, 1, "d", "p", 1, items=("a",)), (Post("7", "d", (("7", "a"),)),)
    of_an_intent, (of_a_post,) = json.loads(intent_text(intent) or ""), json.loads(posts_text(posts))

    assert intent_from(json.dumps({**of_an_intent, "later": 1})) == intent
    assert posts_from(json.dumps([{**of_a_post, "later": {}}])) == posts
