# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.amend import Change, amend, withdraw
from app.database import Pool
from app.domain.backoff import DOUBT_RESTS
from app.domain.errors import NotFoundError, PreconditionFailedError, StateConflictError
from app.domain.outcome import Delivered, Doubted, Failed, Refused, Wire
from app.domain.settle import settle
from app.outbox import Done, record, sweep
from app.routing import Routing
from tests.given import a_channel, a_notice, accepted
from tests.outbox.conftest import claimed, deliveries, recorded


def change(number: UUID, *, source: str = "mensa", expected: int | None = None) -> Change:
    return Change(number, source, "test", expected)


async def corrected(pool: Pool, number: UUID, event: str = "e1", *, expected: int | None = None, **members: Any) -> int:
    notice = a_notice(event_id=event, **members)
    return (await amend(pool, Routing(), change(number, expected=expected), notice)).revision


async def posted(pool: Pool, reference: str = "42") -> None:
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Delivered((reference,)))


async def test_what_is_posted_is_edited_to_the_latest_revision(pool: Pool) -> None:
    await a_channel(pool)
    number = (await accepted(pool, event_id="e1")).id
    await posted(pool)

    assert await corrected(pool, number) == 2

    (call,) = (await claimed(pool)).calls
    assert (call.intent.action, call.intent.reference, call.intent.revision) == ("edit", "42", 2)
    await recorded(pool, call, Delivered())
    assert (await deliveries(pool))[0]["shown"] == 2


@pytest.mark.parametrize("lapsed", [False, True])
async def test_after_an_edit_without_an_answer_the_channel_rests_whatever_is_wished_meanwhile(
    pool: Pool, *, lapsed: bool
) -> None:
    """It may land late, and would undo what was wished since."""
    await a_channel(pool)
    number = (await accepted(pool, event_id="e1")).id
    await posted(pool)
    await corrected(pool, number)
    (call,) = (await claimed(pool)).calls

    if lapsed:
        await pool.execute("update delivery set lease_until = now() - interval '1 second'")
        await sweep(pool)
    else:
        await recorded(pool, call, Doubted("no answer"))
    await corrected(pool, number)

    rests = "select free_at - a.finished_at from channel, attempt a where a.action = 'edit'"
    assert await pool.fetchval(rests) >= DOUBT_RESTS - timedelta(seconds=0.1)
    await pool.execute("update channel set free_at = now()")
    assert len((await claimed(pool)).calls) == 1


@pytest.mark.parametrize("withdrawn", [False, True])
async def test_what_was_set_aside_as_poison_can_be_corrected_and_withdrawn(pool: Pool, *, withdrawn: bool) -> None:
    """It stands in the channel, and its new form may be harmless."""
    await a_channel(pool)
    number = (await accepted(pool, event_id="e1")).id
    await posted(pool)
    await pool.execute("update delivery set crashes = 5, state = 'dead'")

    await (withdraw(pool, change(number)) if withdrawn else corrected(pool, number))

    (call,) = (await claimed(pool)).calls
    assert (call.intent.action, call.intent.reference) == ("edit", "42")


async def test_a_doubt_that_ended_its_workers_counts_on_whatever_is_wished_meanwhile(pool: Pool) -> None:
    await a_channel(pool)
    number = (await accepted(pool, event_id="e1")).id
    await pool.execute("update delivery set crashes = 4, state = 'in_doubt'")

    await corrected(pool, number)
    await withdraw(pool, change(number))

    assert (await deliveries(pool))[0]["crashes"] == 4


async def test_what_is_not_yet_posted_is_posted_in_its_latest_form(pool: Pool) -> None:
    await a_channel(pool)
    number = (await accepted(pool, event_id="e1")).id

    await corrected(pool, number, texts={"it": {"title": "Giusto"}})

    (call,) = (await claimed(pool)).calls
    assert (call.intent.action, call.intent.revision) == ("post", 2)
    assert "Giusto" in call.intent.payload


async def test_a_correction_during_the_post_follows_it(pool: Pool) -> None:
    await a_channel(pool)
    number = (await accepted(pool, event_id="e1")).id
    (call,) = (await claimed(pool)).calls

    await corrected(pool, number)
    await recorded(pool, call, Delivered(("42",)))

    (row,) = await deliveries(pool)
    assert (row["state"], row["wanted"], row["shown"], row["settled_at"]) == ("due", 2, 1, None)
    assert (await claimed(pool)).calls[0].intent.action == "edit"


async def test_a_withdrawal_during_a_try_that_fails_does_not_wait_as_long_as_what_was_wished_before(pool: Pool) -> None:
    await a_channel(pool)
    number = (await accepted(pool, event_id="e1")).id
    await posted(pool)
    await corrected(pool, number)
    await pool.execute("update delivery set failures = 8")
    (call,) = (await claimed(pool)).calls

    await withdraw(pool, change(number))
    after = settle(call.owed.progress, call.intent, Failed("502"), datetime.now(UTC), chance=1.0)
    await record(pool, [Done(call.owed, call.intent, call.token, Failed("502"), after, Wire.RESPONSE)])

    assert after.wait > timedelta(minutes=4)
    assert await pool.fetchval("select due_at - now() from delivery") <= DOUBT_RESTS


async def test_what_is_withdrawn_before_it_is_posted_never_is(pool: Pool) -> None:
    await a_channel(pool)
    number = (await accepted(pool)).id

    await withdraw(pool, change(number))

    assert (await claimed(pool)).calls == ()
    assert (await deliveries(pool))[0]["state"] == "withdrawn"


async def test_what_is_withdrawn_after_it_was_posted_is_shown_as_withdrawn(pool: Pool) -> None:
    await a_channel(pool)
    number = (await accepted(pool)).id
    await posted(pool)

    await withdraw(pool, change(number))

    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Delivered())
    assert (call.intent.action, (await deliveries(pool))[0]["state"]) == ("edit", "withdrawn")


async def test_a_withdrawal_during_the_post_follows_it(pool: Pool) -> None:
    await a_channel(pool)
    number = (await accepted(pool)).id
    (call,) = (await claimed(pool)).calls

    await withdraw(pool, change(number))
    await recorded(pool, call, Delivered(("42",)))

    assert (await deliveries(pool))[0]["state"] == "due"
    assert (await claimed(pool)).calls[0].intent.action == "edit"


async def test_the_latest_of_many_corrections_wins(pool: Pool) -> None:
    await a_channel(pool)
    number = (await accepted(pool, event_id="e1")).id
    await posted(pool)

    for title in ("A", "B", "C"):
        await corrected(pool, number, texts={"it": {"title": title}})

    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Delivered())
    assert call.intent.payload.startswith("C r4")
    assert (await claimed(pool)).calls == ()


async def test_the_same_correction_twice_is_one_revision(pool: Pool) -> None:
    number = (await accepted(pool, event_id="e1")).id

    first = await corrected(pool, number, texts={"it": {"title": "A"}})
    second = await corrected(pool, number, texts={"it": {"title": "A"}})

    assert (first, second) == (2, 2)


async def test_twenty_corrections_at_once_are_one_line_of_revisions(pool: Pool) -> None:
    number = (await accepted(pool, event_id="e1")).id

    titles = [{"it": {"title": f"T{turn}"}} for turn in range(20)]
    revisions = await asyncio.gather(*(corrected(pool, number, texts=texts) for texts in titles))

    assert sorted(revisions) == list(range(2, 22))


async def test_a_lost_update_is_refused(pool: Pool) -> None:
    number = (await accepted(pool, event_id="e1")).id
    await corrected(pool, number, expected=1)

    with pytest.raises(PreconditionFailedError):
        await corrected(pool, number, expected=1)


async def test_a_channel_no_longer_concerned_takes_it_back_and_a_new_one_gets_it(pool: Pool) -> None:
    await a_channel(pool, "mensa", services=["mensa"])
    await a_channel(pool, "nidi", services=["nidi"])
    number = (await accepted(pool, event_id="e1")).id
    await posted(pool)

    await corrected(pool, number, service="nidi")

    steps = {call.owed.slug: call.intent.action for call in (await claimed(pool)).calls}
    assert steps == {"mensa": "edit", "nidi": "post"}
    assert await pool.fetchval("select owed from notice") == 2


async def test_refused_content_gets_its_chance_when_corrected(pool: Pool) -> None:
    await a_channel(pool)
    number = (await accepted(pool, event_id="e1")).id
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Refused("text is too long"))

    await corrected(pool, number)

    assert len((await claimed(pool)).calls) == 1


async def test_a_withdrawn_notice_is_not_amended_and_withdrawing_twice_is_once(pool: Pool) -> None:
    number = (await accepted(pool, event_id="e1")).id

    assert (await withdraw(pool, change(number))).changed
    assert not (await withdraw(pool, change(number))).changed

    with pytest.raises(StateConflictError):
        await corrected(pool, number)


async def test_a_foreign_notice_is_not_there(pool: Pool) -> None:
    number = (await accepted(pool, event_id="e1")).id

    with pytest.raises(NotFoundError):
        await withdraw(pool, change(number, source="trasporto"))
