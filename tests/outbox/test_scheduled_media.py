# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Pictures and documents are fetched when their notice goes out, so that it shows what is there then."""

from datetime import datetime, timedelta

import pytest

from app.database import Pool
from app.domain.backoff import MEDIA_AHEAD, MEDIA_PATIENCE
from app.domain.outcome import Failed
from tests.given import a_channel, accepted
from tests.outbox.conftest import claimed, recorded
from tests.outbox.test_amend import corrected
from tests.outbox.test_postponed import MONDAY

DAY = datetime.fromisoformat(MONDAY)
MENU = [{"title": "Menù", "href": "https://comune.example/menu.pdf"}]
FETCHED = "update media set state = 'ready', kind = 'document', content = '%PDF-', taken_until = now()"
FILE = "select kind, content from media"
FAILED = "update media set state = 'failed', error = 'the server answers 404'"


async def wanted_at(pool: Pool) -> datetime | None:
    """Say when the one attachment is to be fetched, if it is."""
    row = await pool.fetchrow("select state, tries, due_at, taken_until from media")
    if row is None or row["state"] != "wanted":
        return None
    assert (row["tries"], row["taken_until"]) == (0, None)
    moment: datetime = row["due_at"]
    return moment


async def now(pool: Pool) -> datetime:
    moment: datetime = await pool.fetchval("select now()")
    return moment


@pytest.mark.parametrize("priority", ["urgent", "normal", "bulk"])
async def test_it_is_fetched_so_long_before_its_date_that_there_is_time_for_many(pool: Pool, priority: str) -> None:
    await accepted(pool, attachments=MENU, publish_at=MONDAY, priority=priority)

    assert await wanted_at(pool) == DAY - MEDIA_AHEAD


async def test_without_a_date_it_is_fetched_at_once(pool: Pool) -> None:
    before = await now(pool)
    await accepted(pool, attachments=MENU)
    await accepted(pool, attachments=MENU, publish_at=(before + timedelta(seconds=1)).isoformat())

    after = await now(pool)
    assert [before <= row["due_at"] <= after for row in await pool.fetch("select due_at from media")] == [True, True]


@pytest.mark.parametrize("meanwhile", ["select 1", FETCHED, FAILED])
async def test_it_is_put_off_and_brought_forward_with_its_notice(pool: Pool, meanwhile: str) -> None:
    number = (await accepted(pool, event_id="e1", attachments=MENU)).id
    await pool.execute(meanwhile)
    before = await pool.fetchrow(FILE)

    await corrected(pool, number, attachments=MENU, publish_at=MONDAY)
    put_off = await wanted_at(pool)
    await corrected(pool, number, attachments=MENU)
    forward = await wanted_at(pool)

    assert put_off == DAY - MEDIA_AHEAD
    assert forward is not None
    assert forward <= await now(pool)
    assert await pool.fetchrow(FILE) == before, "it is there until another is"


async def test_what_was_sent_to_a_channel_keeps_the_content_of_its_address(pool: Pool) -> None:
    await a_channel(pool)
    number = (await accepted(pool, event_id="e1", attachments=MENU)).id
    await pool.execute(FETCHED)
    await pool.execute("update delivery set due_at = now()")
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Failed("nobody knows how far it came"))

    await corrected(pool, number, attachments=MENU, publish_at=MONDAY)

    assert await pool.fetchval("select content from media where state = 'ready'") == b"%PDF-"


async def test_what_goes_out_in_a_post_with_others_keeps_the_content_of_its_address(pool: Pool) -> None:
    await a_channel(pool)
    number = (await accepted(pool, event_id="e1", attachments=MENU)).id
    await pool.execute(FETCHED)
    await pool.execute("update delivery set state = 'in_doubt', intent = '{}'")  # as app.outbox.together begins it

    await corrected(pool, number, attachments=MENU)

    assert await wanted_at(pool) is None


async def test_what_a_platform_refused_is_not_fetched_again(pool: Pool) -> None:
    number = (await accepted(pool, event_id="e1", attachments=MENU)).id
    await pool.execute(FETCHED)
    await pool.execute(FAILED)

    await corrected(pool, number, attachments=MENU, priority="urgent")

    assert await wanted_at(pool) is None


async def test_a_notice_does_not_wait_for_what_it_has_no_more(pool: Pool) -> None:
    await a_channel(pool)
    number = (await accepted(pool, event_id="e1", attachments=MENU, publish_at=MONDAY)).id

    await corrected(pool, number)

    assert [call.intent.action for call in (await claimed(pool)).calls] == ["post"]


async def test_a_correction_that_was_put_off_waits_for_its_media_at_its_date(pool: Pool) -> None:
    await a_channel(pool)
    number = (await accepted(pool, event_id="e1", publish_at=MONDAY)).id
    await corrected(pool, number, attachments=MENU, publish_at=MONDAY)

    at = await pool.fetchval("select due_at from delivery")

    assert at == DAY + MEDIA_PATIENCE[1]
