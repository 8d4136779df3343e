# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What Postgres and Redis say, asked on connections of our own that no load can occupy, in a bounded time."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import asyncpg
import redis.exceptions
from redis.asyncio import Redis

from app.doorbell import over_tls
from app.figures import FIGURES, Figures
from app.levels import KEPT, LEVELS, Levels
from app.settings import Settings
from app.telemetry import log

FAULTS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    redis.exceptions.RedisError,
    OSError,
    TimeoutError,
)
BROKEN = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)
"""What a kept connection fails with when Postgres has gone since; the last words of a server confuse the client."""
REVISION = "select version_num, current_setting('transaction_read_only') = 'on' as sealed from alembic_version"
SERVER_SETTINGS = {
    "application_name": "campanella health",
    "enable_seqscan": "off",  # a table just filled has no statistics yet, and must not be read whole for that
    "enable_bitmapscan": "off",  # nor all that waits be sorted, where the index gives the first of it in order
    "work_mem": "16MB",
    "jit": "off",
}
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Heard(Generic[T]):
    """An answer and the seconds it took, or a sentence that says what is wrong."""

    seconds: float
    answer: T | None = None
    problem: str | None = None


class Question(Generic[T]):
    """One question; whoever asks while it is being answered hears the same answer, so that a crowd costs nothing."""

    def __init__(self, ask: Callable[[], Awaitable[T]], patience: float) -> None:
        """Ask by `ask`, which may raise any of FAULTS, and wait so many seconds."""
        self._ask, self._patience = ask, patience
        self._asking: asyncio.Task[Heard[T]] | None = None

    async def put(self) -> Heard[T]:
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._hear())
        return await asyncio.shield(self._asking)

    async def _hear(self) -> Heard[T]:
        begun = time.perf_counter()
        try:
            async with asyncio.timeout(self._patience):
                answer = await self._ask()
            return Heard(time.perf_counter() - begun, answer=answer)
        except FAULTS as error:
            return Heard(time.perf_counter() - begun, problem=problem(error, self._patience))


class Line:
    """A connection to Postgres of our own, opened when first needed and again after any fault."""

    def __init__(self, url: str, patience: float) -> None:
        """Remember where Postgres is, and how many seconds it may take."""
        self._url, self._patience = url, patience
        self._turn = asyncio.Lock()
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None

    async def row(self, statement: str) -> dict[str, Any]:
        """Fetch one row, one after the other; a connection that broke since it was last used is replaced once."""
        async with self._turn:
            return await self._row_or_again(statement)

    async def _row_or_again(self, statement: str) -> dict[str, Any]:
        kept = self._connection is not None and not self._connection.is_closed()
        try:
            return await self._row(statement)
        except BROKEN:
            if not kept:
                raise
            return await self._row(statement)

    async def _row(self, statement: str) -> dict[str, Any]:
        if self._connection is None or self._connection.is_closed():
            settings = {**SERVER_SETTINGS, "statement_timeout": str(int(self._patience * 1000))}
            self._connection = await asyncpg.connect(self._url, timeout=self._patience, server_settings=settings)
        try:
            return dict(await self._connection.fetchrow(statement) or {})
        except BaseException:
            self.drop()
            raise

    def drop(self) -> None:
        """Let go without a farewell, which a silent server would never answer."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


class Vitals:
    """The questions of one process; `close` when it ends."""

    def __init__(self, settings: Settings) -> None:
        """Remember where the servers are; they are connected to when first asked."""
        self._redis_url = str(settings.redis_url)
        self._patience = settings.health_patience
        self._lines = [Line(str(settings.database_url), self._patience) for _ in range(2)]
        self._revision: Question[str | None] = Question(self._ask_revision, self._patience)
        self._figures: Question[Figures] = Question(self._ask_figures, self._patience)
        self._levels: Question[Levels] = Question(self._ask_levels, self._patience)
        self._levels_kept: tuple[float, Levels | None] = (-math.inf, None)
        self._redis: Question[bool] = Question(self._ask_redis, self._patience)
        self._away = {"database": False, "redis": False}

    async def postgres(self) -> Heard[str | None]:
        """Ask which revision the database has."""
        heard = await self._revision.put()
        if self._changed("database", away=heard.problem is not None):
            if heard.problem is None:
                log.info("database.back")
            else:
                log.error("database.away", problem=heard.problem)
        return heard

    async def redis(self) -> Heard[bool]:
        heard = await self._redis.put()
        if self._changed("redis", away=heard.problem is not None):
            if heard.problem is None:
                log.info("redis.back")
            else:
                log.warning("redis.away", problem=heard.problem)
        return heard

    async def figures(self) -> Figures | None:
        """Count what waits and what needs a person; None when Postgres does not tell."""
        return (await self._figures.put()).answer

    async def levels(self) -> Levels | None:
        """Tell the levels of service, at most KEPT seconds old; None when Postgres does not tell."""
        if time.monotonic() - self._levels_kept[0] > KEPT:
            self._levels_kept = (time.monotonic(), (await self._levels.put()).answer)
        return self._levels_kept[1]

    def close(self) -> None:
        for line in self._lines:
            line.drop()

    def _changed(self, name: str, *, away: bool) -> bool:
        changed, self._away[name] = self._away[name] != away, away
        return changed

    async def _ask_revision(self) -> str | None:
        row = await self._lines[0].row(REVISION)
        if row.get("sealed"):
            raise asyncpg.ReadOnlySQLTransactionError
        return row.get("version_num")

    async def _ask_figures(self) -> Figures:
        return Figures(**await self._lines[1].row(FIGURES))

    async def _ask_levels(self) -> Levels:
        return Levels(**await self._lines[1].row(LEVELS))

    async def _ask_redis(self) -> bool:
        how: dict[str, Any] = {"socket_timeout": self._patience, "socket_connect_timeout": self._patience}
        async with Redis.from_url(self._redis_url, **how, **over_tls(self._redis_url)) as redis:
            return bool(await redis.ping())


def problem(error: BaseException, patience: float) -> str:
    """Say what is wrong without a word of the server's own, which may name hosts and people."""
    match error:
        case asyncpg.UndefinedTableError():
            return "has no tables yet: run the migrations"
        case asyncpg.ReadOnlySQLTransactionError():
            return "takes nothing: it is read-only"
        case TimeoutError() | redis.exceptions.TimeoutError() | asyncpg.QueryCanceledError():
            return f"did not answer within {int(patience * 1000)} ms"
        case redis.exceptions.AuthenticationError():
            return "refused our password"
        case OSError() | redis.exceptions.ConnectionError():
            return "cannot be reached"
    return f"refused ({type(error).__name__})"
