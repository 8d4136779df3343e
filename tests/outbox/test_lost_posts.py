# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A correction of a post that somebody deleted is a dead letter; a person who redrives it has it posted anew."""

import json

import pytest

from app.amend import Change, amend
from app.database import Pool
from app.domain.delivery import Action
from app.domain.outcome import Delivered, Lost
from app.outbox import redrive
from app.routing import Routing
from tests.given import a_channel, a_notice, accepted
from tests.outbox.conftest import claimed, deliveries, recorded

POSTS = "update delivery set posts = $1::json"


async def lost(pool: Pool, posts: list[dict[str, object]]) -> int:
    """Correct a delivery that shows these posts, of which the first is not there any more."""
    await a_channel(pool)
    notice = await accepted(pool, event_id="e1")
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Delivered(("42",)))
    await pool.execute(POSTS, json.dumps(posts))
    new = a_notice(event_id="e1", texts={"it": {"title": "Giusto"}})
    await amend(pool, Routing(), Change(notice.id, "mensa", "test", None), new)
    (edit,) = (await claimed(pool)).calls
    assert (edit.intent.action, edit.intent.reference) == (Action.EDIT, "42")
    await recorded(pool, edit, Lost("message to edit not found"))
    (row,) = await deliveries(pool)
    assert row["state"] == "dead"
    return edit.owed.id


async def test_a_redrive_forgets_the_post_that_is_not_there_and_posts_it_anew(pool: Pool) -> None:
    number = await lost(pool, [{"reference": "42", "digest": "d1"}])

    assert await redrive(pool, [number]) == 1
    (post,) = (await claimed(pool)).calls
    await recorded(pool, post, Delivered(("50",)))

    assert post.intent.action is Action.POST
    (row,) = await deliveries(pool)
    assert (row["state"], row["shown"]) == ("delivered", 2)
    assert [each["reference"] for each in json.loads(row["posts"])] == ["50"]


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({"reference": "42", "digest": "d1"}, "43"),
        ({"reference": "42", "digest": "d1", "items": [["42", "a"], ["44", "b"]]}, "44"),
    ],
    ids=["post", "item"],
)
async def test_a_redrive_forgets_nothing_that_stands_there(pool: Pool, first: dict[str, object], then: str) -> None:
    number = await lost(pool, [first, {"reference": "43", "digest": "d2"}])

    await redrive(pool, [number])
    (edit,) = (await claimed(pool)).calls

    assert (edit.intent.action, edit.intent.reference) == (Action.EDIT, then)


async def test_what_would_be_posted_anew_after_its_time_stays_dead(pool: Pool) -> None:
    number = await lost(pool, [{"reference": "42", "digest": "d1"}])
    await pool.execute("update delivery set expires_at = now()")

    assert await redrive(pool, [number]) == 0
