# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""An album in doubt of which something was seen standing is never posted once more, whatever becomes of its channel."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from app.database import Pool
from app.domain.delivery import Action, Part, Post, Settlement
from app.domain.outcome import Delivered, Doubted, Moved
from app.outbox import Claimed, Owed, Taken, claim
from tests.given import a_channel, accepted
from tests.outbox.conftest import TURN, plain, plainly, recorded

ALBUM = ("photo a", "photo b", "photo c")
KNOWN = "update channel set last_reference = '1'"
NOW = "with freed as (update channel set free_at = now()) update delivery set due_at = now()"
EARLIER = """update delivery set intent = (intent::jsonb || '{"after": "1"}')::json"""
UNASKABLE = "update channel set can_ask = false"


def album(owed: Owed) -> Sequence[Part]:
    return [replace(part, items=ALBUM) for part in plainly(owed)]


async def taken(pool: Pool) -> Taken:
    await pool.execute(NOW)
    return await claim(pool, replace(plain(), render=album), TURN)


@pytest.fixture
async def found(pool: Pool) -> Claimed:
    """The first item of a doubted album was found; gives the question about its last one, which is on the wire."""
    await a_channel(pool, can_ask=True)
    await pool.execute(KNOWN)
    await accepted(pool, in_doubt="repeat")
    for outcome in (Doubted("only a part of the album may stand there"), Delivered(("7",))):
        (call,) = (await taken(pool)).calls
        await recorded(pool, call, outcome)
    (question,) = (await taken(pool)).calls
    assert (question.intent.action, question.intent.reference) == (Action.PROBE, "7")
    return question


async def ends(pool: Pool) -> Settlement:
    again = await taken(pool)
    assert again.calls == ()
    ((_, settlement),) = again.ended
    return settlement


async def test_it_is_not_posted_again_where_its_channel_cannot_be_asked_any_more(pool: Pool, found: Claimed) -> None:
    await recorded(pool, found, Doubted("no answer"))
    await pool.execute(UNASKABLE)

    end = await ends(pool)

    assert (end.state.value, end.posts) == ("delivered", (Post("7", end.posts[0].digest, _places("7")),))
    assert end.error


async def test_one_that_was_found_whole_is_delivered_also_where_its_channel_cannot_be_asked_for_what_is_between(
    pool: Pool, found: Claimed
) -> None:
    await recorded(pool, found, Delivered(("7",), latest="9", more=True))
    await pool.execute(UNASKABLE)

    end = await ends(pool)

    assert (end.state.value, end.posts) == ("delivered", (Post("7", end.posts[0].digest, _places("7")),))


@pytest.mark.parametrize(("latest", "asked"), [("7", True), ("9", False)])
async def test_one_half_asked_about_by_the_earlier_version_is_asked_for_its_rest_where_it_stands_last(
    pool: Pool, found: Claimed, latest: str, *, asked: bool
) -> None:
    await recorded(pool, found, Doubted("no answer"))
    await pool.execute(EARLIER)
    await pool.execute("update channel set last_reference = $1", latest)

    again = await taken(pool)

    assert [(call.intent.action, call.intent.reference) for call in again.calls] == [(Action.PROBE, "7")] * asked
    assert [settlement.state.value for _, settlement in again.ended] == ["delivered"] * (not asked)


@pytest.mark.parametrize(("priority", "ended"), [("urgent", True), ("normal", False)])
async def test_what_is_between_its_ends_is_asked_for_unless_something_urgent_waits(
    pool: Pool, found: Claimed, priority: str, *, ended: bool
) -> None:
    await recorded(pool, found, Delivered(("7",), latest="9", more=True))
    await accepted(pool, priority=priority)

    again = await taken(pool)

    assert [settlement.state.value for _, settlement in again.ended] == ["delivered"] * ended
    assert [call.intent.between for call in again.calls] == [1] * (not ended)


async def test_it_is_not_posted_again_where_its_channel_has_moved_and_its_place_there_is_nobodys(
    pool: Pool, found: Claimed
) -> None:
    await recorded(pool, found, Moved("-1009"))

    end = await ends(pool)

    assert (end.state.value, end.posts) == ("delivered", (Post(None, end.posts[0].digest, _places("")),))


def _places(first: str) -> tuple[tuple[str, str], ...]:
    return tuple(zip((first, "", ""), ALBUM, strict=True))
