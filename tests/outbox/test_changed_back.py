# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What was changed without an answer may stand there: whoever changes it back has it changed back."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import pytest

from app.database import Pool
from app.domain.delivery import Part
from app.domain.outcome import Delivered, Doubted, Failed, Outcome
from app.outbox import Claimed, Owed, claim, give_back, sweep
from tests.given import a_channel, accepted
from tests.outbox.conftest import TURN, deliveries, plain, recorded
from tests.outbox.test_amend import corrected

AT_ONCE = "update delivery set due_at = now(); update channel set free_at = now()"
LAPSE = "update delivery set lease_until = now() - interval '1 second'"


def title(owed: Owed) -> Sequence[Part]:
    """Show the title alone: a text that is put back is the same as before."""
    text = next(iter(owed.notice.texts.values())).title
    return [Part(hashlib.sha256(text.encode()).hexdigest(), text)]


async def calls(pool: Pool) -> tuple[Claimed, ...]:
    await pool.execute(AT_ONCE)
    return (await claim(pool, replace(plain(), render=title), TURN)).calls


@pytest.mark.parametrize("outcome", [Doubted("no answer"), Failed("502"), None])
async def test_a_text_that_is_put_back_after_a_change_without_an_answer_is_sent(
    pool: Pool, outcome: Outcome | None
) -> None:
    await a_channel(pool)
    number = (await accepted(pool, event_id="e1", texts={"it": {"title": "Mensa aperta"}})).id
    (post,) = await calls(pool)
    await recorded(pool, post, Delivered(("42",)))
    await corrected(pool, number, texts={"it": {"title": "Mensa chiusa"}})
    (change,) = await calls(pool)

    if outcome is None:
        await pool.execute(LAPSE)
        await sweep(pool)
    else:
        await recorded(pool, change, outcome)
    await corrected(pool, number, texts={"it": {"title": "Mensa aperta"}})

    (back,) = await calls(pool)
    assert (back.intent.action, back.intent.reference, back.intent.payload) == ("edit", "42", "Mensa aperta")
    await recorded(pool, back, Delivered())
    assert await calls(pool) == ()
    (row,) = await deliveries(pool)
    assert (row["state"], row["shown"]) == ("delivered", 3)


@pytest.mark.parametrize("given_back", [False, True])
async def test_a_text_that_is_put_back_before_its_change_was_sent_is_not_sent(pool: Pool, *, given_back: bool) -> None:
    await a_channel(pool)
    number = (await accepted(pool, event_id="e1", texts={"it": {"title": "Mensa aperta"}})).id
    (post,) = await calls(pool)
    await recorded(pool, post, Delivered(("42",)))
    await corrected(pool, number, texts={"it": {"title": "Mensa chiusa"}})
    if given_back:
        (change,) = await calls(pool)
        await give_back(pool, plain(), change)
    await corrected(pool, number, texts={"it": {"title": "Mensa aperta"}})

    assert await calls(pool) == ()
    assert (await deliveries(pool))[0]["shown"] == 3
