# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Attachments that hang hold up neither those of another source nor the process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from app.database import Pool
from app.outgoing import Outgoing
from tests.given import accepted
from tests.workers.conftest import until
from tests.workers.test_media import attached, png
from tests.workers.trap import Trap
from workers.media import AT_HAND, AT_ONCE, MOST, OF_A_SOURCE, Fetching, Shelf

PICTURE = """
select state, state = 'wanted' and tries > 0 and due_at <= now() and (taken_until is null or taken_until < now())
  from media where href like '%a.png'
"""
TAKEN = "select count(*) from media where taken_until > now()"


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with asyncpg.create_pool(database_url, min_size=0) as pool:
        yield pool


@asynccontextmanager
async def fetching(pool: Pool, trap: Trap, ticks: int) -> AsyncIterator[Callable[[], None]]:
    """Look as often as so many ticks of one worker do, give what looks again, and stop what still hangs in the end."""
    outgoing = Outgoing([trap.host], trap.context)
    worker = Fetching(pool, outgoing)
    looks = [asyncio.create_task(worker.fetch()) for _ in range(ticks)]
    yield lambda: looks.append(asyncio.create_task(worker.fetch()))
    for look in looks:
        look.cancel()
    await asyncio.gather(*looks, return_exceptions=True)
    await outgoing.close()


async def hang(pool: Pool, trap: Trap, source: str, many: int = 10) -> None:
    names = [f"hang?{number}" for number in range(many)]
    await accepted(pool, source, priority="bulk", attachments=attached(trap, *names))


async def are_reached(trap: Trap, many: int) -> bool:
    return trap.hits >= many


async def is_there(pool: Pool, look: Callable[[], None]) -> bool:
    """Tell whether the picture is there; where it was put off, for the machine stood still, look once more."""
    state, is_due_again = await pool.fetchrow(PICTURE) or ("", False)
    if is_due_again:
        look()
    return bool(state == "ready")


async def test_a_source_whose_attachments_hang_costs_no_other_its_picture(pool: Pool, trap: Trap) -> None:
    trap.files = {"/a.png": png()}
    for _ in range(3):
        await hang(pool, trap, "lento")
    await accepted(pool, "mensa", priority="bulk", attachments=attached(trap, "a.png"))

    async with fetching(pool, trap, ticks=1) as look:
        await until(lambda: is_there(pool, look), within=60)
        assert await pool.fetchval(TAKEN) <= OF_A_SOURCE


async def test_an_urgent_picture_goes_before_those_that_waited_longer(pool: Pool, trap: Trap) -> None:
    trap.files = {"/a.png": png()}
    for number in range(AT_ONCE // OF_A_SOURCE):
        await hang(pool, trap, f"lento-{number}")
    await accepted(pool, "mensa", priority="urgent", attachments=attached(trap, "a.png"))

    async with fetching(pool, trap, ticks=1) as look:
        await until(lambda: is_there(pool, look), within=60)


@pytest.mark.parametrize(("priority", "minutes"), [("urgent", 5), ("bulk", 5), ("bulk", 0.5)])
async def test_what_is_needed_now_goes_before_what_the_same_source_needs_in_minutes(
    pool: Pool, trap: Trap, priority: str, minutes: float
) -> None:
    trap.files, names = {"/a.png": png()}, [f"hang?{number}" for number in range(2 * OF_A_SOURCE)]
    date = (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()
    await accepted(pool, "mensa", priority=priority, publish_at=date, attachments=attached(trap, *names))
    await accepted(pool, "mensa", priority="bulk", attachments=attached(trap, "a.png"))

    async with fetching(pool, trap, ticks=1) as look:
        await until(lambda: is_there(pool, look))


async def test_sources_whose_attachments_hang_leave_room_for_the_picture_of_one_that_comes_later(
    pool: Pool, trap: Trap
) -> None:
    trap.files = {"/a.png": png()}
    for number in range(AT_ONCE // OF_A_SOURCE):
        await hang(pool, trap, f"lento-{number}")

    async with fetching(pool, trap, ticks=5) as look:
        await until(lambda: are_reached(trap, AT_ONCE // OF_A_SOURCE), within=60)
        await accepted(pool, "mensa", priority="bulk", attachments=attached(trap, "a.png"))
        look()
        await until(lambda: is_there(pool, look))


async def test_one_process_fetches_only_so_many_at_a_time(pool: Pool, trap: Trap) -> None:
    for number in range(2 * AT_ONCE):
        await hang(pool, trap, f"lento-{number}", 1)

    async with fetching(pool, trap, ticks=5):
        await until(lambda: are_reached(trap, AT_ONCE), within=60)
        assert await pool.fetchval("select count(*) from media where tries > 0") == AT_ONCE


KEPT = "update media set state = 'ready', kind = 'document', content = $1 where notice_id = $2"


async def with_contents(pool: Pool, event_id: str, content: bytes, *hrefs: str) -> UUID:
    notice = await accepted(pool, event_id=event_id, attachments=[{"title": "a", "href": href} for href in hrefs])
    await pool.execute(KEPT, content, notice.id)
    return notice.id


async def test_calls_of_one_process_share_the_contents_that_they_send(pool: Pool) -> None:
    """A bulk with pictures may have 256 calls on the wire at once, each with 45 MB."""
    hrefs = ["https://example.org/a.pdf", "https://example.org/b.pdf"]
    notice, shelf = await with_contents(pool, "e1", bytes(10), *hrefs), Shelf(pool)

    first, second = await asyncio.gather(*(shelf.within(notice, hrefs, 20) for _ in range(2)))

    assert first
    assert second
    assert [first[href] is second[href] for href in hrefs] == [True, True]
    assert [await each.within(notice, hrefs, 19) for each in (shelf, Shelf(pool))] == [None, None]


async def test_a_process_keeps_only_so_many_contents(pool: Pool) -> None:
    shelf, href = Shelf(pool), "https://example.org/a.pdf"
    notices = [await with_contents(pool, f"e{each}", bytes(MOST), href) for each in range(AT_HAND // MOST + 1)]

    first, *_ = [await shelf.within(notice, [href], MOST) for notice in notices]
    again = await shelf.within(notices[0], [href], MOST)

    assert first
    assert again
    assert first[href] is not again[href]
