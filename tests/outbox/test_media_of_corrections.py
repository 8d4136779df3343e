# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A correction waits for its pictures and documents as a first post does, whenever it was wished."""

from datetime import timedelta

import pytest

from app.amend import withdraw
from app.database import Pool
from app.domain.backoff import MEDIA_PATIENCE
from app.domain.outcome import Delivered, Doubted
from app.outbox import resume
from app.outbox.step import FETCHING
from tests.given import a_channel, accepted
from tests.outbox.conftest import claimed, deliveries, recorded
from tests.outbox.test_amend import change, corrected, posted
from tests.outbox.test_approval import BOTH, GUARD

PICTURE = [{"title": "Mappa", "href": "https://comune.example/mappa.png"}]


@pytest.mark.parametrize("outcome", [Delivered(("42",)), Doubted("no answer")])
async def test_a_correction_amid_a_call_waits_for_its_media_as_a_first_post_does(
    pool: Pool, outcome: Delivered | Doubted
) -> None:
    await a_channel(pool, can_ask=True)
    await pool.execute("update channel set last_reference = '41'")
    number = (await accepted(pool, event_id="e1")).id
    (call,) = (await claimed(pool)).calls

    await corrected(pool, number, attachments=PICTURE)
    await recorded(pool, call, outcome)
    if isinstance(outcome, Doubted):
        await pool.execute("update delivery set due_at = now(); update channel set free_at = now()")
        (probe,) = (await claimed(pool)).calls
        await recorded(pool, probe, Delivered(("42",)))

    taken = await claimed(pool)
    assert (taken.calls, [end.error for _, end in taken.ended]) == ((), [FETCHING])
    (row,) = await deliveries(pool)
    assert row["due_at"] > row["created_at"] + MEDIA_PATIENCE[1] - timedelta(seconds=1)
    await pool.execute("update media set state = 'failed'; update delivery set due_at = now()")
    assert [step.intent.action for step in (await claimed(pool)).calls] == ["edit"]


async def test_a_correction_waits_for_its_media_no_longer_than_a_first_post(pool: Pool) -> None:
    await a_channel(pool)
    number = (await accepted(pool, event_id="e1")).id
    await posted(pool)
    await corrected(pool, number, attachments=PICTURE)

    await pool.execute("update notice set changed_at = changed_at - $1::interval", MEDIA_PATIENCE[1])
    await pool.execute("update delivery set due_at = now()")

    assert len((await claimed(pool)).calls) == 1


async def test_a_resume_does_not_let_a_notice_out_before_its_media_have_had_their_time(pool: Pool) -> None:
    channel = await a_channel(pool)
    await pool.execute("update channel set paused_at = now(), paused_reason = 'kicked'")
    await accepted(pool, attachments=PICTURE)

    await resume(pool, channel)

    taken = await claimed(pool)
    assert (taken.calls, [end.error for _, end in taken.ended]) == ((), [FETCHING])
    await pool.execute("update media set state = 'failed'; update delivery set due_at = now()")
    assert len((await claimed(pool)).calls) == 1


async def test_what_is_shown_until_its_text_is_approved_keeps_its_place_while_it_waits_for_its_media(
    pool: Pool,
) -> None:
    await pool.execute(GUARD)
    channel = await a_channel(pool, "zh", language="zh-Hans", interim=True)
    await pool.execute("update channel set paused_at = now(), paused_reason = 'kicked'")
    await accepted(pool, texts=BOTH, attachments=PICTURE)
    await resume(pool, channel)

    taken = await claimed(pool)
    await accepted(pool)

    assert (taken.calls, [end.error for _, end in taken.ended]) == ((), [FETCHING])
    assert (await claimed(pool)).calls == ()


async def test_a_correction_amid_a_call_waits_from_its_date_on(pool: Pool) -> None:
    await a_channel(pool)
    now = await pool.fetchval("select now()")
    number = (await accepted(pool, event_id="e1")).id
    (call,) = (await claimed(pool)).calls
    await corrected(pool, number, attachments=PICTURE, publish_at=now.isoformat())
    await recorded(pool, call, Delivered(("42",)))

    await pool.execute("update notice set changed_at = now() - interval '1 day'")

    taken = await claimed(pool)
    assert (taken.calls, [end.error for _, end in taken.ended]) == ((), [FETCHING])


async def test_a_withdrawal_waits_for_no_media(pool: Pool) -> None:
    await a_channel(pool)
    number = (await accepted(pool, event_id="e1")).id
    await posted(pool)
    await corrected(pool, number, attachments=PICTURE)

    await withdraw(pool, change(number))

    assert [call.intent.action for call in (await claimed(pool)).calls] == ["edit"]
