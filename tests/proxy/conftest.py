# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""One API and one nginx for all tests of this folder."""

import os
import sys
from collections.abc import AsyncIterator

import aiohttp
import asyncpg
import pytest

from deploy.processes import Program, free_port
from deploy.servers import Servers
from tests.proxy.paper import NAME, Paper, paper
from tests.proxy.running import TRIES, Api, Proxy, fresh, listens, nginx, running

ADMIN = "an-operator-key-of-a-test-0123456789abcdef"
DATABASE = "behind_the_proxy"


@pytest.fixture(scope="package")
async def api(servers: Servers, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    """Run the API as it is run: a process that believes a proxy on this machine."""
    connection = await asyncpg.connect(servers.postgres.url("postgres"))
    await connection.execute(f"create database {DATABASE} template {template_database}")
    await connection.close()
    environment = {
        "PATH": os.environ["PATH"],
        "CAMPANELLA_DATABASE_URL": servers.postgres.url(DATABASE),
        "CAMPANELLA_REDIS_URL": servers.redis.url(0),
        "CAMPANELLA_ADMIN_KEY": ADMIN,
        "CAMPANELLA_ADMIN_KEY_STAYS": "true",
        "CAMPANELLA_TRUSTED_PROXIES": "127.0.0.1/32",
        "CAMPANELLA_HOSTS": NAME,
        "CAMPANELLA_PUBLIC_URL": f"https://{NAME}",
        "CAMPANELLA_WRONG_KEYS_PER_MINUTE": "0",
        "CAMPANELLA_SHED_AFTER": "0",
    }
    log = tmp_path_factory.mktemp("api") / "api.log"
    for _ in range(TRIES):
        port = free_port()
        command = [sys.executable, "-m", "app.cli", "api", "--port", str(port)]
        with running(Program(name="api", command=command, environment=environment), log) as process:
            if await listens(process, port):
                yield Api(port, log)
                return
    raise AssertionError(log.read_text())


@pytest.fixture(scope="package")
def own(tmp_path_factory: pytest.TempPathFactory) -> Paper:
    """The certificate of the proxy."""
    return paper(tmp_path_factory.mktemp("paper"))


@pytest.fixture(scope="package")
async def proxy(api: Api, own: Paper, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Proxy]:
    """The configuration as it is shipped, with its deadlines."""
    async with nginx(api, own, tmp_path_factory.mktemp("nginx")) as started:
        yield started


@pytest.fixture(scope="package")
async def hurried(api: Api, own: Paper, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Proxy]:
    """The same with deadlines of a second in place of ten: for those who miss them, and for nobody else."""
    short = {"client_header_timeout": "1s", "client_body_timeout": "1s"}
    async with nginx(api, own, tmp_path_factory.mktemp("nginx"), **short) as started:
        yield started


async def a_key(proxy: Proxy, **wish: str) -> str:
    """Make a source, and a key with these members."""
    slug, whose = fresh(), {"Authorization": f"Bearer {ADMIN}", "Host": NAME}
    async with aiohttp.ClientSession(f"http://127.0.0.1:{proxy.api.port}", headers=whose) as session:
        await session.post("/v1/sources", json={"slug": slug, "name": "Un sistema"})
        async with session.post(f"/v1/sources/{slug}/keys", json=wish) as answer:
            return str((await answer.json())["key"])
