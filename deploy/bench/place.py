# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""An installation to be measured: database, sandbox, workers and the API, each a process of its own."""

import asyncio
import math
import os
import secrets
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace

import asyncpg

from app.database import SERVER_SETTINGS, Pool
from deploy import programs
from deploy.bench.ground import Ground
from deploy.bench.journal import Journal
from deploy.processes import Program, free_port, last_words
from deploy.server import Server, ServerError
from deploy.state import CHECKOUT

TOKEN = "123456789:SANDBOX-for-the-bench-000000000000"  # noqa: S105 - worth nothing outside our own sandbox
# A measuring rod must not pause: collecting garbage among a journal of thousands takes longer than the pace's margin.
STEADY = "import gc, runpy; gc.disable(); runpy.run_module('deploy.sandbox', run_name='__main__')"
PATIENCE = 120.0
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Limits:
    """What the sandbox allows and the workers believe to be allowed: per second, per chat, per group and minute."""

    per_second: float = 30
    chat_per_second: float = 1
    group_per_minute: int = 20

    def environment(self) -> dict[str, str]:
        return {
            "CAMPANELLA_TELEGRAM_PER_SECOND": str(self.per_second),
            "CAMPANELLA_TELEGRAM_CHAT_PER_SECOND": str(self.chat_per_second),
            "CAMPANELLA_TELEGRAM_GROUP_PER_MINUTE": str(self.group_per_minute),
        }


REAL = Limits()
NONE = Limits(0, 0, 0)


@dataclass(frozen=True)
class Telegram:
    """A sandbox of its own process."""

    url: str
    journal: Journal


@dataclass(frozen=True)
class Place:
    """A running installation; `redis_url` is its doorbell's."""

    ground: Ground
    pool: Pool
    telegram: Telegram
    environment: Mapping[str, str]
    running: AsyncExitStack
    servers: list[Server] = field(default_factory=list)

    async def start_workers(self, how_many: int) -> list[Server]:
        """Start workers and wait until each has ticked."""
        return await self.start_as_workers(programs.workers(self.environment, how_many))

    async def start_as_workers(self, them: Sequence[Program]) -> list[Server]:
        """Start programs that do what workers do, and wait until each has ticked."""
        before = await self.pool.fetchval("select count(*) from worker")
        started = [self._start(program) for program in them]
        async with asyncio.timeout(PATIENCE):
            while await self.pool.fetchval("select count(*) from worker") < before + len(them):
                for server in started:
                    ensure_alive(server)
                await asyncio.sleep(0.1)
        return started

    def start_api(self) -> str:
        """Start one API process and give its address."""
        port = free_port()
        self.api_on(port)
        return f"http://127.0.0.1:{port}"

    def api_on(self, port: int) -> Server:
        """Start one API process on a port."""
        return self._start(programs.api(self.environment, "127.0.0.1", port))

    def bare_api_on(self, port: int) -> Server:
        """Start the bare loop of the acceptance figures on a port."""
        words = ["-m", "uvicorn", "deploy.bench.bare_api:app", "--port", str(port), "--no-access-log"]
        api = programs.api(self.environment, "127.0.0.1", port)  # for its way to tell when it is ready
        environment = {**self.environment, "BENCH_DATABASE_URL": self.environment["CAMPANELLA_DATABASE_URL"]}
        command = [sys.executable, *words]
        return self._start(replace(api, name="bare-api", command=command, environment=environment))

    def _start(self, program: Program) -> Server:
        server = started(self.ground, program)
        self.running.callback(server.stop)
        self.servers.append(server)
        return server

    def kill(self) -> None:
        """End the API and the workers as a power cut would, all in the same moment."""
        for server in self.servers:
            server.stop_immediately()

    def start_again(self) -> None:
        for server in self.servers:
            server.start()


@asynccontextmanager
async def telegram(ground: Ground, limits: Limits, *options: str) -> AsyncIterator[Telegram]:
    """Run a sandbox that makes any chat at its first post; `options` are further ones of its command."""
    journal, port = ground.file("journal"), free_port()
    journal.touch()
    environment = {**base_environment(), **limits.environment()}
    program = programs.sandbox(environment, port, TOKEN, journal)
    words = program.command[program.command.index("deploy.sandbox") + 1 :]
    command = [sys.executable, "-c", STEADY, *words, "--open-chats", *options]
    server = started(ground, replace(program, command=command))
    try:
        yield Telegram(f"http://127.0.0.1:{port}", Journal(journal))
    finally:
        server.stop()


@asynccontextmanager
async def place(ground: Ground, limits: Limits, settings: Mapping[str, str] | None = None) -> AsyncIterator[Place]:
    """Set up a clean installation with nothing running but its Telegram; `settings` are further CAMPANELLA_ ones."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(ground.database())
        there = await stack.enter_async_context(telegram(ground, limits))
        pool = await stack.enter_async_context(
            asyncpg.create_pool(database, min_size=0, max_size=5, server_settings=SERVER_SETTINGS)
        )
        environment = {
            **base_environment(),
            **limits.environment(),
            "CAMPANELLA_DATABASE_URL": database,
            "CAMPANELLA_REDIS_URL": ground.redis_url(),
            "CAMPANELLA_TELEGRAM_API_URL": there.url,
            "CAMPANELLA_TELEGRAM_TOKEN": TOKEN,
            "CAMPANELLA_ADMIN_KEY": secrets.token_urlsafe(32),
            "CAMPANELLA_REQUESTS_PER_MINUTE": "1000000",  # counted as in real life, and never reached
            "CAMPANELLA_REQUESTS_PER_DAY": "100000000",
            "CAMPANELLA_SHED_AFTER": "0",
            **(settings or {}),
        }
        running = await stack.enter_async_context(AsyncExitStack())
        yield Place(ground, pool, there, environment, running)


def base_environment() -> dict[str, str]:
    """Give the environment without any setting of the person's own installation."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("CAMPANELLA_")}
    return {**ours, "PYTHONPATH": str(CHECKOUT)}


def started(ground: Ground, program: Program) -> Server:
    server = Server(program, ground.file(f"{program.name}.log"), "")
    server.start()
    return server


def ensure_alive(server: Server) -> None:
    """Raise what a program last wrote, if it has ended."""
    if server.process is None or server.process.poll() is not None:
        raise ServerError(f"{server.program.name} ended: {last_words(server.log)}")


def cpu_seconds(server: Server) -> float:
    """Say how much processor time a server's process has used."""
    return 0.0 if server.process is None else cpu_seconds_of(server.process.pid)


def cpu_seconds_of(process: int) -> float:
    """Say how much processor time a process has used, with all its threads; of one that has ended nothing is known."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8") as stat:  # noqa: PTH123 - a file of the kernel's
            fields = stat.read().rpartition(")")[2].split()
    except OSError:
        return math.nan
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND
