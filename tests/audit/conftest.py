# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A database of each test's own, with an audit log in it."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.audit import Actor, record
from app.database import SERVER_SETTINGS, Pool

CLERK = Actor("cli:ufficio", "Ufficio", "192.0.2.7", "richiesta 4711")


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with asyncpg.create_pool(database_url, min_size=0, max_size=8, server_settings=SERVER_SETTINGS) as opened:
        yield opened


async def acts(pool: Pool, count: int) -> None:
    """Write down so many acts, each in a transaction of its own."""
    for number in range(count):
        async with pool.acquire() as connection, connection.transaction():
            before, after = {"name": f"Nome {number}"}, {"name": f"Nome {number + 1}", "services": ["mensa"]}
            await record(connection, CLERK, "source.changed", "source/mensa", before=before, after=after)
