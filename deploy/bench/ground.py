# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Servers of the bench's own, with the settings of an installation: what is committed survives a power cut."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import asyncpg
from pydantic_core import Url

from app.migrate import migrate
from app.settings import Settings
from deploy.binaries import Provider
from deploy.servers import Servers
from deploy.state import CHECKOUT

TEMPLATE = "template_bench"
REDIS_DATABASES = 16


@dataclass(frozen=True)
class Ground:
    """Where scenarios are set up: both servers, and a directory for logs and journals."""

    servers: Servers
    directory: Path
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @asynccontextmanager
    async def database(self) -> AsyncIterator[str]:
        """Give the URL of a clean, migrated database, dropped at the end."""
        name = f"bench_{next(self.numbers)}"
        await self.administer(f"create database {name} template {TEMPLATE}")
        try:
            yield self.servers.postgres.url(name)
        finally:
            await self.administer(f"drop database if exists {name} with (force)")

    def redis_url(self) -> str:
        """Give one of Redis's databases, so that installations side by side do not hear each other's bells."""
        return self.servers.redis.url(next(self.numbers) % REDIS_DATABASES)

    def file(self, name: str) -> Path:
        return self.directory / f"{next(self.numbers)}-{name}"

    async def prepare(self) -> None:
        await self.administer(f"create database {TEMPLATE}")
        url = self.servers.postgres.url(TEMPLATE)
        await migrate(Settings(database_url=Url(url), redis_url=Url(self.servers.redis.url(0))))

    async def settings(self) -> dict[str, str]:
        """Say by which settings Postgres keeps what is committed."""
        connection = await asyncpg.connect(self.servers.postgres.url("postgres"))
        try:
            names = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers")
            return {name: await connection.fetchval(f"show {name}") for name in names}
        finally:
            await connection.close()

    async def administer(self, statement: str) -> None:
        connection = await asyncpg.connect(self.servers.postgres.url("postgres"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def ground() -> Iterator[Ground]:
    """Start the servers in a directory of this run's own, and leave nothing behind."""
    directory = CHECKOUT / ".state" / f"bench-{os.getpid()}"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o700, parents=True)
    try:
        servers = Servers.in_directory(directory, Provider.EMBEDDED, durable=True)
        try:
            servers.start()
            made = Ground(servers, directory)
            asyncio.run(made.prepare())
            yield made
        finally:
            servers.stop()
    finally:
        shutil.rmtree(directory, ignore_errors=True)
