# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The two ways to Postgres: a pool of plain connections for the hot path, and SQLModel sessions for the rest."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import asyncpg
from asyncpg.exceptions._base import DataError as BaseDataError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from app.settings import Settings
from app.tasks import within

PATIENCE = 5
"""Seconds that a connection or a statement may take."""
SERVER_SETTINGS = {
    "application_name": "campanella",
    "statement_timeout": str(PATIENCE * 1000),
    "lock_timeout": "2000",
    "idle_in_transaction_session_timeout": "15000",
    "tcp_user_timeout": "15000",  # for an answer that nobody takes, which holds its locks whatever the others say
    "timezone": "UTC",
    "jit": "off",
}
if TYPE_CHECKING:  # asyncpg's classes are generic for the type checker only
    Connection = asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]
    Driver = asyncpg.Connection[asyncpg.Record]
else:
    Connection, Pool, Driver = asyncpg.pool.PoolConnectionProxy, asyncpg.Pool, asyncpg.Connection


@dataclass(frozen=True)
class Database:
    """Both pools of one process; `close` before the process ends."""

    pool: Pool
    engine: AsyncEngine
    sessions: async_sessionmaker[AsyncSession]

    @classmethod
    async def open(cls, settings: Settings, *, most: int = 10) -> Self:
        """Open the pools, which connect when first used, so that a process starts while Postgres is away."""
        url = str(settings.database_url)
        pool = await asyncpg.create_pool(
            url,
            min_size=0,
            max_size=most,
            server_settings=SERVER_SETTINGS,
            command_timeout=15,
            timeout=PATIENCE,
            reset=_as_it_is,
            connect=_connected,
        )
        how = {"server_settings": SERVER_SETTINGS, "timeout": PATIENCE, "command_timeout": 15}
        engine = engine_to(url, how, pool_size=3, max_overflow=7, pool_pre_ping=True)
        return cls(pool, engine, async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False))

    async def close(self) -> None:
        """Say goodbye on each connection, or drop those on which nobody takes it."""
        await asyncio.gather(*(within(PATIENCE, goodbye()) for goodbye in (self.engine.dispose, self.pool.close)))


def engine_to(url: str, how: Mapping[str, Any], **pool: Any) -> AsyncEngine:
    """Give an engine whose driver reads the URL by itself: SQLAlchemy would take sslmode for an argument of a call."""
    return create_async_engine("postgresql+asyncpg://", async_creator=partial(_connected, url, **how), **pool)


async def _connected(*where: Any, **how: Any) -> Driver:
    """Connect; where that takes too long no connection has gone dead, which `distrust` must be able to tell."""
    try:
        made: Driver = await asyncpg.connect(*where, **how)
    except TimeoutError as error:
        raise ConnectionError(str(error)) from error
    return made


async def driver_of(session: AsyncSession) -> Driver:
    """Give the driver's connection of a session, whose transaction must have begun for that."""
    begun = await session.connection()
    await begun.execute(text("select"))
    raw = await begun.get_raw_connection()
    connection: Driver = raw.driver_connection  # type: ignore[assignment]  # it is asyncpg's
    return connection


async def _as_it_is(_: object) -> None:
    """Give a connection back without asking Postgres to forget its session: none of ours changes one.

    An open transaction is rolled back by the driver before this.
    """


async def distrust(pool: Pool, error: BaseException) -> None:
    """Where one connection has gone dead, have the others made anew: its host may be gone, and another taken over.

    Each of them would cost as much time as the one did.
    """
    if isinstance(error, TimeoutError):
        await pool.expire_connections()


AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the last words of a server that ends a connection confuse the client
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.DiskFullError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.DeadlockDetectedError,
    OSError,
    TimeoutError,
)
"""What Postgres being away looks like: the caller is told to come back, the worker tries again."""
HELD_UP = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError, asyncpg.QueryCanceledError)
"""Of that, what concerns one statement alone, which waited for what somebody else holds."""


def is_away(error: BaseException) -> bool:
    """Tell Postgres being away from a value of ours that it can never take; asyncpg has two classes for those."""
    return isinstance(error, AWAY) and not isinstance(error, asyncpg.DataError | BaseDataError)
