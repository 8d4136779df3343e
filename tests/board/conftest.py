# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""One city with noticeboards for all tests of this folder: the API, a worker, and nothing else; a board per test."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from html import unescape
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from playwright.async_api import Browser, async_playwright

from app.amend import Change, amend, withdraw
from app.database import Pool
from app.domain.posting import path_of
from app.doorbell import Doorbell
from app.intake import Accepted
from app.routing import Routing
from app.settings import Settings
from deploy.servers import Servers
from tests.api.calling import Answer, Caller, fresh, served, some_settings
from tests.api.conftest import _quiet
from tests.given import a_channel, a_notice, accepted
from tests.workers.conftest import until
from workers.main import run

OPEN = """
select count(*) from delivery where notice_id = $1 and channel_id = $2 and state in ('due', 'in_doubt')
"""
__all__ = ["_quiet"]
DATABASE = "all_tests_of_the_board"
CHROMIUM = shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
PATIENT = 60_000
"""Milliseconds to wait for what a busy machine shows late."""
DECLARATION = "https://form.agid.gov.it/view/example"


@dataclass
class Board:
    """One board of a test's own, the municipality that fills it, and a reader."""

    reader: Caller
    pool: Pool
    bell: Doorbell
    place: str
    id: UUID

    @property
    def path(self) -> str:
        return path_of(self.place)

    async def shows(self, **members: Any) -> Accepted:
        """Hand a notice in and wait until the board shows it."""
        notice = await accepted(self.pool, **members)
        await self.settles(notice.id)
        return notice

    async def shows_nothing(self, **members: Any) -> Accepted:
        """Hand a notice in that the board cannot show now."""
        return await accepted(self.pool, **members)

    async def corrects(self, notice: Accepted, **members: Any) -> None:
        old = json.loads(await self.pool.fetchval("select content from notice where id = $1", notice.id))
        new = a_notice(**{**old, **members})
        await amend(self.pool, Routing(), Change(notice.id, "mensa", "test", None), new)
        await self.settles(notice.id)

    async def withdraws(self, notice: Accepted) -> None:
        await withdraw(self.pool, Change(notice.id, "mensa", "test", None))
        await self.settles(notice.id)

    async def settles(self, notice: UUID) -> None:
        self.bell.ring()

        async def done() -> bool:
            return bool(await self.pool.fetchval(OPEN, notice, self.id) == 0)

        await until(done)

    async def get(self, path: str = "", **headers: str) -> Answer:
        return await self.reader.call("GET", f"{self.path}{path}", headers=headers)

    async def page(self, path: str = "") -> str:
        """Read a page as it is now, past what a process keeps for a second."""
        return unescape((await self.get(f"{path}{'&' if '?' in path else '?'}scuola={fresh('nessuna')}")).text)

    async def is_seen(self, words: str) -> None:
        """Wait until the board as everybody opens it has these words."""

        async def seen() -> bool:
            return words in (await self.get()).text

        await until(seen)

    @staticmethod
    def structured(page: str) -> Any:
        """Read the data in a page that are meant for search engines."""
        return json.loads(page.split('<script type="application/ld+json">')[1].split("</script>", maxsplit=1)[0])

    async def notice_page(self, notice: Accepted) -> str:
        return await self.page(f"/avvisi/{notice.id}")


@pytest.fixture(scope="session")
async def settings(servers: Servers, template_database: str) -> Settings:
    connection = await asyncpg.connect(servers.postgres.url("postgres"))
    await connection.execute(f"create database {DATABASE} template {template_database}")
    await connection.close()
    members = {"municipality": "Comune di Esempio", "accessibility_url": DECLARATION, "worker_port": 0}
    url, redis = servers.postgres.url(DATABASE), servers.redis.url(1)  # its worker would take the rings of other tests
    return some_settings(url, redis, kinds="noticeboard", **members)


@pytest.fixture(scope="session")
async def reader(settings: Settings) -> AsyncIterator[Caller]:
    """Somebody without a key; behind it a worker is running."""
    url, stop = str(settings.database_url), asyncio.Event()
    async with asyncpg.create_pool(url, min_size=0, max_size=5) as pool:
        worker = asyncio.create_task(run(settings, stop))
        async with served(settings, pool) as caller:
            yield caller.having(None)
        stop.set()
        await worker


@pytest.fixture(scope="session")
async def bell(settings: Settings) -> AsyncIterator[Doorbell]:
    opened = Doorbell(str(settings.redis_url))
    yield opened
    await opened.close()


Hang = Callable[..., Awaitable[Board]]


async def a_board(reader: Caller, bell: Doorbell, **members: Any) -> Board:
    """Hang up a board that follows everything unless told otherwise."""
    place = fresh("bacheca")
    number = await a_channel(reader.pool, place, kind="noticeboard", address=place, **members)
    title = members.get("title", f"Bacheca {place}")
    await reader.pool.execute("update channel set title = $2 where id = $1", number, title)
    board = Board(reader, reader.pool, bell, place, number)
    await until(lambda: _hangs(board))
    return board


async def _hangs(board: Board) -> bool:
    return (await board.get()).status == 200


@pytest.fixture
async def hang(reader: Caller, bell: Doorbell) -> AsyncIterator[Hang]:
    """Give the way to further boards; all are taken down after the test, so that later notices are not owed to them."""
    hung: list[Board] = []

    async def one(**members: Any) -> Board:
        hung.append(await a_board(reader, bell, **members))
        return hung[-1]

    yield one
    await reader.pool.execute("update channel set retired_at = now() where id = any($1)", [board.id for board in hung])


@pytest.fixture
async def board(hang: Hang) -> Board:
    return await hang()


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as driver:
        launched = await driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS, timeout=2 * PATIENT)
        yield launched
        await launched.close()
