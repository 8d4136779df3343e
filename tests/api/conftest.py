# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""One API for all tests of this folder: each uses sources, services and channels of its own."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.database import SERVER_SETTINGS, Pool
from app.settings import Settings
from deploy.servers import Servers
from tests.api.calling import Caller, served, some_settings

DATABASE = "all_tests_of_the_api"


@pytest.fixture(scope="session")
async def settings(servers: Servers, template_database: str) -> Settings:
    connection = await asyncpg.connect(servers.postgres.url("postgres"))
    await connection.execute(f"create database {DATABASE} template {template_database}")
    await connection.close()
    return some_settings(servers.postgres.url(DATABASE), servers.redis.url(0))


@pytest.fixture(scope="session")
async def pool(settings: Settings) -> AsyncIterator[Pool]:
    url = str(settings.database_url)
    async with asyncpg.create_pool(url, min_size=0, max_size=5, server_settings=SERVER_SETTINGS) as opened:
        yield opened


@pytest.fixture(scope="session")
async def operator(settings: Settings, pool: Pool) -> AsyncIterator[Caller]:
    """A caller with the bootstrap key."""
    async with served(settings, pool) as caller:
        yield caller


@pytest.fixture
async def source(operator: Caller) -> Caller:
    """A caller with the key of a source that may speak of every service."""
    return await operator.a_source()
