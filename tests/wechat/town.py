# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A worker with an Official Account in a sandbox, driven turn by turn, so that no test waits for a tick."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from pydantic import HttpUrl, SecretStr
from pydantic_core import Url

from app.database import Pool
from app.domain.settle import settle
from app.intake import Accepted
from app.outbox import Done, Turn, claim, record, sweep
from app.outgoing import Outgoing
from app.settings import Settings
from app.vault import Vault
from app.wechat.settings import WeChatSettings
from deploy.sandbox_wechat import APP_ID, SECRET, WeChat
from tests.given import a_channel, accepted
from tests.reliability.ground import until
from workers.desk import Tools
from workers.wechat.client import Client
from workers.wechat.kept import Kept
from workers.wechat.kind import desk_of
from workers.wechat.wire import Http

TURN = Turn(most=5, horizon=timedelta(milliseconds=200), lease=timedelta(seconds=30))
AT_ONCE = "update delivery set due_at = now() where state in ('due', 'in_doubt') and (due_at < now() + $1::interval)"
FREE = """
insert into pace (kind, slowdown) values ('wechat', 1) on conflict (kind) do update set free_at = 'epoch', sent = '{}'
"""
LAPSE = "update delivery set lease_until = now() - interval '1 second' where lease_until > now()"
LOCKED = Vault({})
JANUARY = datetime(2027, 1, 4, 3, tzinfo=UTC)
"""Midday in China, so that no next day, with its quotas, begins in the midst of a test."""
BOTH = {"zh-Hans": {"title": "11月27日食堂改供冷餐"}, "it": {"title": "Mensa: pasto freddo"}}


def settings_for(sandbox: WeChat, **members: Any) -> WeChatSettings:
    """Give an account's settings for a sandbox; a person chooses only where a test says so."""
    quick = {"timeout": 20, "poll": 0.05, "repeat_after": 0.05, "choice": "automatic", "callback_plain": True}
    return WeChatSettings(app_id=APP_ID, secret=SecretStr(SECRET), api_url=HttpUrl(sandbox.url), **{**quick, **members})


def client_for(pool: Pool, sandbox: WeChat, vault: Vault = LOCKED, timeout: float = 20) -> Client:
    return Client(Http(sandbox.url, timeout), Kept(pool, vault), APP_ID, SECRET)


@dataclass
class Town:
    """One worker of three lines, its WeChat, and a clock that can be set ahead for quotas and ages."""

    pool: Pool
    sandbox: WeChat
    members: dict[str, Any] = field(default_factory=dict)
    ahead: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        house = Settings(
            database_url=Url("postgresql://unused/unused"),
            redis_url=Url("redis://127.0.0.1"),
            municipality="Comune di Prato",
        )
        tools = Tools(house, self.pool, Outgoing())
        settings = settings_for(self.sandbox, **self.members)
        self.client = client_for(self.pool, self.sandbox, timeout=settings.timeout)
        self.desk = desk_of(tools, settings, self.client, self.now)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def later(self, **span: float) -> None:
        """Let time pass, here and at WeChat."""
        self.ahead += timedelta(**span)
        self.sandbox.clock.offset = self.ahead.total_seconds()
        self.sandbox.go_on()

    async def channel(self, slug: str = "wechat", address: str = "all", **members: Any) -> UUID:
        return await a_channel(self.pool, slug, kind="wechat", address=address, **{"language": "zh-Hans", **members})

    async def accepts(self, **members: Any) -> Accepted:
        return await accepted(self.pool, **{"texts": BOTH, **members})

    async def turn(self) -> list[str]:
        """Do once what is due; give what the attempts came to."""
        await self.pool.execute(FREE)
        taken = await claim(self.pool, self.desk.kind, TURN)
        came: list[str] = []
        for call in taken.calls:
            report = await self.desk.send(call.owed, call.intent)
            after = settle(call.owed.progress, call.intent, report.outcome, datetime.now(UTC), 0.0)
            await record(self.pool, [Done(call.owed, call.intent, call.token, report.outcome, after, report.wire)])
            came.append(type(report.outcome).__name__)
        return came

    async def killed(self) -> None:
        """Claim what is due, and be killed before anything comes of it."""
        await self.pool.execute(AT_ONCE, timedelta(minutes=1))
        await self.pool.execute(FREE)
        assert (await claim(self.pool, self.desk.kind, TURN)).calls
        await self.lapses()

    async def lapses(self) -> None:
        """Let the lease of a killed worker lapse, and its channel rest no longer."""
        await self.pool.execute(LAPSE)
        await until(self._finds_a_lapse)  # not right after a start of Postgres
        await self.pool.execute("update channel set free_at = now()")

    async def _finds_a_lapse(self) -> bool:
        return (await sweep(self.pool)).lapsed > 0

    async def settles(self, *, patience: float = 120, within: float = 1800) -> None:
        """Go on until nothing is due within so many seconds, hurrying what waits for less than that."""
        deadline = time.monotonic() + patience
        idle = 0
        while idle < 3:
            assert time.monotonic() < deadline, [dict(row) for row in await self.rows()]
            await self.pool.execute(AT_ONCE, timedelta(seconds=within))
            idle = 0 if await self.turn() else idle + 1

    async def day(self) -> None:
        """Look once at everything that waits, whatever it waits for, and go on with what is quick."""
        await self.pool.execute("update delivery set due_at = now() where state in ('due', 'in_doubt')")
        await self.settles(within=5)

    async def rows(self) -> list[asyncpg.Record]:
        rows: list[asyncpg.Record] = await self.pool.fetch("select * from delivery order by id")
        return rows

    async def states(self) -> list[str]:
        return [row["state"] for row in await self.rows()]

    async def reason(self) -> str:
        (row,) = await self.rows()
        return str(row["last_error"])

    async def attempts(self) -> list[str]:
        rows = await self.pool.fetch("select outcome from attempt order by delivery_id, token")
        return [row["outcome"] for row in rows]

    def calls(self, path: str) -> Iterator[Any]:
        return (entry for entry in self.sandbox.journal if entry.path.endswith(path))


@asynccontextmanager
async def a_town(pool: Pool, sandbox: WeChat, **members: Any) -> AsyncIterator[Town]:
    """Give a town in which it is as late as at WeChat: from the first on midday, whenever the test runs."""
    town = Town(pool, sandbox, members)
    town.ahead = timedelta(seconds=sandbox.clock.offset)
    if not town.ahead:
        at(town, JANUARY)
    yield town
    await town.client.http.close()


def at(town: Town, moment: datetime) -> None:
    """Go to a moment, here and at WeChat."""
    town.later(seconds=(moment - town.now()).total_seconds())


def quick(sandbox: WeChat) -> WeChat:
    """Let a key come again soon, and a job end at once."""
    sandbox.account.rules = replace(sandbox.account.rules, clientmsgid_rest=0.01, job=0.0, publication=0.0)
    return sandbox
