# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The Postgres and the Redis of one installation or of one test process."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from deploy import binaries
from deploy.binaries import Provider
from deploy.postgres import USER, Cluster
from deploy.processes import free_port, is_running
from deploy.redis import Redis
from deploy.server import Server
from deploy.unprivileged import reachable_binaries, reachable_place, unprivileged

MEMORY = Path("/dev/shm")  # noqa: S108  # a directory of our own in it, as mkdtemp makes it
ENOUGH_MEMORY = 1 << 30
PREFIX = "campanella-tests-"


def postgres_server(directory: Path, provider: Provider, *, durable: bool) -> Server:
    """Describe a Postgres whose data lie below a directory; its address lacks only the database's name."""
    identity, port, programs = unprivileged(), free_port(), binaries.postgres(provider)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    cluster = Cluster(
        binaries=reachable_binaries(identity, programs),
        directory=reachable_place(identity, directory / "postgres"),
        identity=identity,
        durable=durable,
    )
    address = f"postgresql://{USER}:{cluster.password}@127.0.0.1:{port}"
    return Server(cluster.program(port), directory / "postgres.log", address)


def redis_server(directory: Path, provider: Provider, *, durable: bool) -> tuple[Server, Callable[[], None]]:
    """Describe a Redis, and give the function that empties it."""
    redis = Redis(executable=binaries.redis(provider), directory=directory / "redis", durable=durable)
    return Server(redis.program(), directory / "redis.log", redis.address), redis.flush


@dataclass(frozen=True)
class Servers:
    """Both servers, described by `in_directory` and running after `start`."""

    postgres: Server
    redis: Server
    flush_redis: Callable[[], None]

    @classmethod
    def in_directory(cls, directory: Path, provider: Provider, *, durable: bool) -> Self:
        """Describe the servers whose data lie in a directory; durable ones survive a power cut."""
        postgres = postgres_server(directory, provider, durable=durable)
        return cls(postgres, *redis_server(directory, provider, durable=durable))

    def start(self) -> None:
        self.redis.start()
        self.postgres.start()

    def ensure_running(self) -> None:
        self.redis.ensure_running()
        self.postgres.ensure_running()

    def stop(self) -> None:
        self.redis.stop()
        self.postgres.stop()


@contextmanager
def passing_servers(provider: Provider) -> Iterator[Servers]:
    """Run servers for tests, in memory where there is room, and leave nothing behind."""
    directory = _passing_directory()
    try:
        servers = Servers.in_directory(directory, provider, durable=False)
        try:
            servers.start()
            yield servers
        finally:
            servers.stop()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _passing_directory() -> Path:
    in_memory = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH_MEMORY
    place = MEMORY if in_memory else Path(tempfile.gettempdir())
    for left in place.glob(f"{PREFIX}*"):  # of a run that was killed
        pid = left.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdigit() and not is_running(int(pid)) and left.stat().st_uid == os.geteuid():
            shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=place))
