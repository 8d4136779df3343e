# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A Postgres that cannot write: read-only, or with a table whose disk is full."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

FULL = Path("/dev/full")
"""Where whatever is written finds no space left on the device, on every Linux and with any rights."""
PLACE = "select current_setting('data_directory') || '/' || pg_relation_filepath($1)"


@asynccontextmanager
async def read_only(url: str) -> AsyncIterator[None]:
    """Make the whole server read-only for all sessions, also those that are open."""
    await _set(url, "alter system set default_transaction_read_only = on", "on")
    try:
        yield
    finally:
        await _set(url, "alter system reset default_transaction_read_only", "off")


async def _set(url: str, statement: str, value: str) -> None:
    """Change the configuration; a session that begins later sees it only when all that are open were told of it."""
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.execute("select pg_reload_conf()")
    await connection.close()
    async with asyncio.timeout(60):
        while await _shown(url) != value:  # noqa: ASYNC110 - what is waited for happens in Postgres
            await asyncio.sleep(0.02)


async def _shown(url: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        shown: str = await connection.fetchval("show default_transaction_read_only")
    finally:
        await connection.close()
    return shown


@asynccontextmanager
async def full(url: str, table: str) -> AsyncIterator[None]:
    """Let an empty table, to which no other refers, lie on a full disk: the first row that wants room fails with 53100.

    A truncation gives it a new file, which all sessions then open; here that is the device that is always full.
    """
    await _truncate(url, table, on_full_disk=True)
    try:
        yield
    finally:
        await _truncate(url, table, on_full_disk=False)


async def _truncate(url: str, table: str, *, on_full_disk: bool) -> None:
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            assert not await connection.fetchval(f"select count(*) from {table}")  # noqa: S608 - a table of ours
            await connection.execute(f"truncate {table}")
            if on_full_disk:
                _fill(Path(await connection.fetchval(PLACE, table)))
    finally:
        await connection.close()


def _fill(place: Path) -> None:
    place.unlink()
    place.symlink_to(FULL)
