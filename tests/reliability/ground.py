# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The proving ground: Postgres, Redis, a Telegram and workers, all real, all of one test."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from app.database import AWAY, Pool
from app.doorbell import Doorbell
from app.intake import Accepted, Origin, accept
from app.routing import Routing
from deploy.checker import Violation, check, read_records
from tests.given import a_channel, a_notice
from tests.reliability.processes import Processes, Telegram

FIRST = -1_001_000_000_000
OPEN = """
select count(*) from delivery d join channel c on c.id = d.channel_id
 where d.state in ('due', 'in_doubt') and (not d.parked or c.paused_at is null)
"""
DELIVERED = "select count(*) from delivery where state = 'delivered'"
UNLIKE = """
select concat(c.slug, ': ', d.state, ', ', d.last_error, ' (', tries, ')')
  from delivery d join channel c on c.id = d.channel_id
 cross join lateral (
   select string_agg(action || ' ' || coalesce(outcome, 'open'), ', ' order by started_at) as tries
     from attempt where delivery_id = d.id) a
 where d.state <> $1 order by d.id limit 10
"""
STANDS_OUT = "select exists (select from delivery where notice_id = $1 and state <> 'delivered')"
TRACES = "select (select count(*) from attempt) + (select coalesce(sum(token), 0)::bigint from delivery)"
TIMEOUT, LEASE = 1.0, 2.5
LOOK_EVERY = 1.0
PATIENCE = 180.0
"""Seconds that a test waits for what must happen. How fast it happens is another question, and asked elsewhere."""


@dataclass
class Ground:
    """What a test speaks to."""

    pool: Pool
    telegram: Telegram
    workers: Processes
    bell: Doorbell
    url: str
    routing: Routing = field(default_factory=Routing)
    patience: float = PATIENCE
    lease: float = LEASE
    accepted: list[UUID] = field(default_factory=list)
    chats: dict[str, int] = field(default_factory=dict)

    async def channel(self, slug: str, *, can_ask: bool = False, private: bool = False, **members: Any) -> int:
        """Make a channel that, with `can_ask`, has proved that it can be asked; give its number at Telegram.

        A `private` one is a family's own chat.
        """
        number = len(self.chats) + 1
        chat = self.chats[slug] = number if private else FIRST - number
        await self.telegram.chat(chat, title=slug, type="private" if private else "channel")
        made = await a_channel(self.pool, slug, address=str(chat), can_ask=can_ask, **members)
        if can_ask:
            await self.pool.execute("update channel set last_reference = '1' where id = $1", made)
        return chat

    async def channels(self, many: int, *, can_ask: bool = False) -> list[int]:
        return [await self.channel(f"c{number}", can_ask=can_ask) for number in range(many)]

    async def accept(self, source: str = "mensa", **members: Any) -> Accepted:
        done = await accept(self.pool, self.routing, a_notice(**members), Origin(source, "test"))
        self.accepted.append(done.id)
        self.bell.ring()
        return done

    async def open(self) -> int:
        count: int = await self.pool.fetchval(OPEN)
        return count

    async def settles(self) -> float:
        """Wait until nothing is open, as long as anything moves; give the seconds it took."""
        started = time.monotonic()
        await until(self._nothing_is_open, self.patience, moves=self.traces)
        return time.monotonic() - started

    async def _nothing_is_open(self) -> bool:
        with suppress(*AWAY):
            return await self.open() == 0
        return False

    async def has_delivered(self, many: int) -> bool:
        with suppress(*AWAY):
            return bool(await self.pool.fetchval(DELIVERED) >= many)
        return False

    async def is_delivered(self, notice: UUID) -> bool:
        """Tell whether a notice stands wherever it is owed."""
        with suppress(*AWAY):
            return not await self.pool.fetchval(STANDS_OUT, notice)
        return False

    async def has_room(self, most: int) -> bool:
        """Tell whether fewer than so many deliveries are open."""
        with suppress(*AWAY):
            return await self.open() < most
        return False

    async def traces(self) -> Sequence[int | None]:
        """Give what changes whenever a worker does anything: attempts, claims, and what Telegram heard."""
        heard = self.telegram.journal.stat().st_size if self.telegram.journal.exists() else 0
        with suppress(*AWAY):
            return heard, await self.pool.fetchval(TRACES)
        return (heard,)

    async def verdict(self, *, settled: bool = True) -> list[Violation]:
        """Ask the checker, which knows neither the engine nor this test."""
        connection = await asyncpg.connect(self.url)
        try:
            records = await read_records(connection)
        finally:
            await connection.close()
        lease = timedelta(seconds=self.lease)
        return check(records, self.telegram.entries(), self.accepted, settled=settled, lease=lease)

    async def states(self) -> dict[str, int]:
        rows = await self.pool.fetch("select state, count(*) from delivery group by 1")
        return {row["state"]: row["count"] for row in rows}

    async def unlike(self, state: str) -> list[str]:
        """Say of the first ten deliveries in another state where, in which, why, and after which attempts."""
        return [row[0] for row in await self.pool.fetch(UNLIKE, state)]

    async def state_of(self, slug: str) -> str:
        row = await self.pool.fetchrow(
            "select state from delivery d join channel c on c.id = d.channel_id where slug = $1", slug
        )
        assert row is not None
        return str(row["state"])


async def until(
    happens: Callable[[], Awaitable[bool]],
    within: float = PATIENCE,
    moves: Callable[[], Awaitable[object]] | None = None,
) -> None:
    """Wait for something to come true; fail when that takes longer, counted anew from whenever something moves."""
    trace, looked = None, 0.0
    deadline = time.monotonic() + within
    while not await happens():
        if moves is not None and time.monotonic() > looked + LOOK_EVERY:
            before, trace, looked = trace, await moves(), time.monotonic()
            deadline = deadline if trace == before else looked + within
        assert time.monotonic() < deadline, f"it has not come true, and nothing has moved for {within:g} s"
        await asyncio.sleep(0.05)
