# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Runs what a command does in Postgres, and says in one sentence when Postgres cannot be used."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy.exc import DBAPIError

from app.database import AWAY, PATIENCE, Database
from app.settings import load
from app.vitals import problem


class PostgresAwayError(Exception):
    """Postgres cannot be used; the text says why, and what to look at."""


def in_the_database(work: Callable[[Database], Awaitable[None]]) -> None:
    """Open the database for one piece of work."""

    async def main() -> None:
        async with _opened() as database:
            await work(database)

    run(main())


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run what needs Postgres; PostgresAwayError when it cannot be used."""
    try:
        asyncio.run(work)
    except (*AWAY, asyncpg.PostgresError, DBAPIError) as error:
        cause = error.orig.__cause__ if isinstance(error, DBAPIError) and error.orig else error
        why = problem(cause or error, PATIENCE)
        raise PostgresAwayError(f"Postgres {why}. Is CAMPANELLA_DATABASE_URL right?") from None


@asynccontextmanager
async def _opened() -> AsyncIterator[Database]:
    database = await Database.open(load())
    try:
        yield database
    finally:
        await database.close()
