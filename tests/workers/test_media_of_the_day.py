# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A scheduled notice shows the menu of the day on which it goes out, not that of the day on which it was handed in."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from aiohttp import web

from app.amend import Change, amend
from app.database import Pool
from app.outgoing import Outgoing
from app.routing import Routing
from deploy.processes import free_port
from tests.given import a_notice, accepted
from tests.workers.conftest import City, until
from tests.workers.test_fetching import pool
from tests.workers.test_media import PDF, attached, city, sorts
from tests.workers.trap import Trap, certified, serving
from workers.media import Fetching

__all__ = ["city", "pool"]
HOUR = timedelta(hours=1)
OLD, NEW = PDF + b"\nold", PDF + b"\nnew"
CONTENT = "select content from media"
PASSES = """
with n as (update notice set publish_at = publish_at - $1::interval returning id),
     m as (update media set due_at = due_at - $1::interval)
update delivery set ready_at = ready_at - $1::interval, due_at = due_at - $1::interval, rank = rank - $1::interval
"""


def in_an_hour() -> str:
    return (datetime.now(UTC) + HOUR).isoformat()


async def corrected(pool: Pool, number: UUID, trap: Trap, **members: object) -> None:
    new = a_notice(event_id="e1", attachments=attached(trap, "menu.pdf"), **members)
    await amend(pool, Routing(), Change(number, "mensa", "test", None), new)


async def fetched_by_hand(city: City, trap: Trap) -> int:
    outgoing = Outgoing([trap.host], trap.context)
    many = await Fetching(city.pool, outgoing).fetch()
    await outgoing.close()
    return many


async def test_nothing_is_fetched_before_the_notice_is_near(city: City, trap: Trap) -> None:
    await city.channel()
    trap.files = {"/menu.pdf": OLD}
    await city.accepts(event_id="e1", attachments=attached(trap, "menu.pdf"), publish_at=in_an_hour())
    before = await fetched_by_hand(city, trap), trap.hits

    trap.files = {"/menu.pdf": NEW}
    await city.pool.execute(PASSES, HOUR)
    city.bell.ring()
    await city.settled()

    assert (before, trap.hits, sorts(city)) == ((0, 0), 1, ["document"])
    assert await city.pool.fetchval(CONTENT) == NEW


async def test_what_waits_is_fetched_again_for_a_correction_and_what_is_shown_is_not(city: City, trap: Trap) -> None:
    await city.channel()
    await city.pool.execute("update channel set turn_until = now() + interval '1 hour'")
    trap.files = {"/menu.pdf": OLD}
    number = (await city.accepts(event_id="e1", attachments=attached(trap, "menu.pdf"))).id
    await until(lambda: has(city, OLD))

    trap.files = {"/menu.pdf": NEW}
    await corrected(city.pool, number, trap, texts={"it": {"title": "Menù corretto"}})
    city.bell.ring()
    await until(lambda: has(city, NEW))
    await city.pool.execute("update channel set turn_until = null")
    city.bell.ring()
    await city.settled()
    trap.files = {"/menu.pdf": OLD}
    await corrected(city.pool, number, trap, texts={"it": {"title": "Menù ancora corretto"}})
    city.bell.ring()
    await city.settled()

    (post,) = city.posts()
    assert post.text.text.splitlines()[2] == "Menù ancora corretto"
    assert (trap.hits, await has(city, NEW)) == (2, True)


async def test_where_a_correction_does_not_find_the_file_any_more_what_was_there_before_is_shown(
    city: City, trap: Trap
) -> None:
    await city.channel()
    await city.pool.execute("update channel set turn_until = now() + interval '1 hour'")
    trap.files = {"/menu.pdf": OLD}
    number = (await city.accepts(event_id="e1", attachments=attached(trap, "menu.pdf"))).id
    await until(lambda: has(city, OLD))

    trap.files = {}
    await corrected(city.pool, number, trap, texts={"it": {"title": "Menù corretto"}})
    city.bell.ring()
    await until(lambda: is_over(city, trap, hits=2))
    await city.pool.execute("update channel set turn_until = null")
    city.bell.ring()
    await city.settled()

    (post,) = city.posts()
    assert (post.text.text.splitlines()[2], sorts(city)) == ("Menù corretto", ["document"])
    assert await has(city, OLD)


async def is_over(city: City, trap: Trap, hits: int) -> bool:
    return trap.hits == hits and bool(await city.pool.fetchval("select state <> 'wanted' from media"))


async def has(city: City, content: bytes) -> bool:
    return bool(await city.pool.fetchval(CONTENT) == content)


@dataclass
class Slow:
    """A web server that answers when it may, and says when it was asked."""

    trap: Trap
    asked: asyncio.Event
    may: asyncio.Event

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.set()
        await self.may.wait()
        return await self.trap.answer(request)


@pytest.fixture
async def slow(tmp_path: Path) -> AsyncIterator[Slow]:
    context, trusting = certified(tmp_path)
    slow = Slow(Trap(free_port(), trusting, tmp_path / "ca.pem"), asyncio.Event(), asyncio.Event())
    app = web.Application()
    app.router.add_get("/menu.pdf", slow.answer)
    async with serving(app, slow.trap.port, context):
        yield slow


@pytest.mark.parametrize("files", [{"/menu.pdf": OLD}, {}], ids=["there", "not-there"])
async def test_what_was_asked_for_before_a_correction_is_not_what_is_there_after_it(
    pool: Pool, slow: Slow, files: dict[str, bytes]
) -> None:
    outgoing, slow.trap.files = Outgoing([slow.trap.host], slow.trap.context), files
    number = (await accepted(pool, event_id="e1", attachments=attached(slow.trap, "menu.pdf"))).id
    under_way = asyncio.create_task(Fetching(pool, outgoing).fetch())
    await slow.asked.wait()

    await corrected(pool, number, slow.trap, publish_at=in_an_hour())
    slow.may.set()
    await under_way

    row = await pool.fetchrow("select state, content, error, due_at > now() + interval '45 minutes' from media")
    assert row is not None
    assert tuple(row) == ("wanted", None, None, True)
    await outgoing.close()
