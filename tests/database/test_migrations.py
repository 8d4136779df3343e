# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from pydantic_core import Url
from sqlalchemy import Connection

from app.migrate import configuration, engine_for, migrate, newest, present
from app.settings import Settings
from app.tables import Service


def settings(database_url: str) -> Settings:
    return Settings(database_url=Url(database_url), redis_url=Url("redis://127.0.0.1"))


async def test_the_migrations_make_exactly_the_tables_of_the_code(database_url: str) -> None:
    engine = engine_for(settings(database_url))

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Service.metadata))

    async with engine.connect() as connection:
        found = await connection.run_sync(differences)

    assert found == []
    await engine.dispose()


async def test_a_migrated_database_is_at_the_newest_revision_and_migrating_again_changes_nothing(
    database_url: str,
) -> None:
    await migrate(settings(database_url))
    engine = engine_for(settings(database_url))

    async with engine.connect() as connection:
        assert await connection.run_sync(present) == newest()

    await engine.dispose()


async def test_every_migration_can_be_taken_back_and_made_again(database_url: str) -> None:
    engine = engine_for(settings(database_url))

    async with engine.connect() as connection:
        await connection.run_sync(lambda there: command.downgrade(configuration(there), "base"))
        await connection.run_sync(lambda there: command.upgrade(configuration(there), "head"))
        assert await connection.run_sync(present) == newest()

    await engine.dispose()
