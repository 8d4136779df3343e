# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Brings the database to the newest form; safe to run from several processes at once."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.database import engine_to
from app.grants import grant
from app.running import PostgresAwayError
from app.settings import Settings
from app.telemetry import log

LOCK = 7_264_151_031
"""Any number that nothing else in the database locks by."""
HELD = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)
PAUSE, TRIES = 2.0, 240
"""Seconds in which others pass, and how often: ten minutes together, half a second of each for a lock."""
GIVEN_UP = (
    "Somebody holds a table that a migration changes: end what reads or writes it for so long (a backup, a query), "
    "and migrate again."
)


def configuration(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def newest() -> str | None:
    """Give the revision that this version of the code needs."""
    return ScriptDirectory.from_config(configuration()).get_current_head()


def present(connection: Connection) -> str | None:
    """Give the revision that the database has."""
    return MigrationContext.configure(connection).get_current_revision()


async def migrate(settings: Settings) -> None:
    """Run every migration that is missing, then give each role of Postgres its rights."""
    engine = engine_for(settings)
    try:
        async with engine.connect() as connection:
            await connection.execute(text(f"select pg_advisory_lock({LOCK})"))
            await connection.commit()
            await patiently(connection, _upgrade)
            await connection.run_sync(grant)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    command.upgrade(configuration(connection), "head")


async def patiently(connection: AsyncConnection, work: Callable[[Connection], None], tries: int = TRIES) -> None:
    """Migrate; a lock that is not to be had is let go, and tried for again: all who come later wait behind it.

    PostgresAwayError when it was not to be had in any of the tries.
    """
    for number in range(1, tries + 1):
        try:
            return await connection.run_sync(work)
        except DBAPIError as error:
            if not isinstance(error.orig and error.orig.__cause__, HELD):
                raise
        await connection.rollback()
        if number < tries:
            log.warning("migration.waiting", tries=number)
            await asyncio.sleep(PAUSE)
    raise PostgresAwayError(GIVEN_UP)


def engine_for(settings: Settings) -> AsyncEngine:
    return engine_to(str(settings.database_url), {"timeout": 10})
