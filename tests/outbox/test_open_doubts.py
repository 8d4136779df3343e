# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A doubt is asked about only where nothing of ours was posted since, and no test post comes between."""

from dataclasses import replace

import pytest

from app.database import Pool
from app.domain.delivery import Part
from app.domain.outcome import Delivered, Doubted, Outcome
from app.outbox import Claimed, Owed, Taken, claim, hold
from tests.given import a_channel, accepted
from tests.outbox.conftest import TURN, plain, plainly, recorded

ALBUM = ("photo a", "photo b", "photo c")
NOW = "with freed as (update channel set free_at = now()) update delivery set due_at = now()"
CHANGED = "update channel set last_reference = $1"
UNASKABLE = "update channel set can_ask = false"
HELD = "select last_reference is not null from channel"


def album(owed: Owed) -> list[Part]:
    return [replace(part, items=ALBUM) for part in plainly(owed)]


async def taken(pool: Pool) -> Taken:
    await pool.execute(NOW)
    return await claim(pool, replace(plain(), render=album), TURN)


async def call(pool: Pool) -> Claimed:
    (one,) = (await taken(pool)).calls
    return one


async def doubted(pool: Pool, *answers: Outcome) -> None:
    """Have an album broken off, and asked about so far."""
    await a_channel(pool, address="-100", can_ask=True)
    await pool.execute(CHANGED, "6")
    await accepted(pool, in_doubt="hold")
    for outcome in (Doubted("no answer"), *answers):
        await recorded(pool, await call(pool), outcome)


@pytest.mark.parametrize(
    ("answers", "state", "posts"),
    [
        ((), "held", 0),
        ((Delivered(("7",)),), "delivered", 1),
        ((Delivered(("7",)), Delivered(("7",), latest="9", more=True)), "delivered", 1),
    ],
    ids=["nothing is known", "its first item is", "its ends are"],
)
async def test_what_was_posted_since_ends_the_questions(
    pool: Pool, answers: tuple[Outcome, ...], state: str, posts: int
) -> None:
    await doubted(pool, *answers)
    await pool.execute(CHANGED, "12")

    again = await taken(pool)

    assert again.calls == ()
    ((_, end),) = again.ended
    assert (end.state.value, len(end.posts)) == (state, posts)


async def test_each_answer_about_an_album_moves_the_place_on(pool: Pool) -> None:
    await doubted(pool, Delivered(("7",)), Delivered(("7",), latest="9", more=True))

    question = await call(pool)

    assert (question.intent.after, question.intent.reference, question.intent.between) == ("9", "7", 1)


async def test_a_test_post_waits_for_a_doubt_that_can_be_asked_about(pool: Pool) -> None:
    await doubted(pool)
    await pool.execute(NOW)

    amid = await hold(pool, "telegram", "-100")
    known = await pool.fetchval(HELD)
    await pool.execute(UNASKABLE)
    beside = await hold(pool, "telegram", "-100")

    assert (amid, known) == (None, True)
    assert beside is not None
