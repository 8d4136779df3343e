# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Brings the database to the newest form; safe to run from several processes at once."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.database import engine_to
from app.grants import grant
from app.settings import Settings

LOCK = 7_264_151_031
"""Any number that nothing else in the database locks by."""


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


def _upgrade(connection: Connection) -> None:
    connection.execute(text(f"select pg_advisory_lock({LOCK})"))
    connection.commit()
    command.upgrade(configuration(connection), "head")


async def migrate(settings: Settings) -> None:
    """Run every migration that is missing, then give each role of Postgres its rights."""
    engine = engine_for(settings)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_upgrade)
            await connection.run_sync(grant)
    finally:
        await engine.dispose()


def engine_for(settings: Settings) -> AsyncEngine:
    return engine_to(str(settings.database_url), {"timeout": 10})
