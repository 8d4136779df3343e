# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError

from deploy.binaries import Provider
from deploy.processes import free_port, is_running
from deploy.servers import Servers
from deploy.state import CHECKOUT
from deploy.unprivileged import _shelter
from tests.deploy.children import commands, soon


@pytest.fixture
def own(open_directory: Path, provider: Provider) -> Iterator[Servers]:
    """Servers of one test, whose directory it may look into."""
    made = Servers.in_directory(open_directory / "state", provider, durable=False)
    made.start()
    yield made
    made.stop()


async def run(servers: Servers, statement: str) -> object:
    connection = await asyncpg.connect(servers.postgres.url("postgres"))
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_a_wrong_password_is_refused_by_both(servers: Servers) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(servers.postgres.url("postgres").replace("@", "x@"))
    with pytest.raises(AuthenticationError):
        await Redis.from_url(servers.redis.url(0).replace("@", "x@")).ping()


def test_passwords_stand_in_no_argument_list_and_in_no_readable_file(own: Servers, open_directory: Path) -> None:
    password = own.postgres.address.split(":")[2].split("@")[0]
    kept = open_directory / "state/postgres/password"

    listed = " ".join(commands().values())

    assert password not in listed
    assert own.redis.address.split(":")[2].split("@")[0] not in listed
    assert (kept.read_text(), stat.S_IMODE(kept.stat().st_mode)) == (password, 0o600)


async def test_only_this_machine_can_reach_postgres(servers: Servers) -> None:
    assert await run(servers, "select current_setting('listen_addresses')") == "127.0.0.1"
    assert await run(servers, "select current_setting('unix_socket_directories')") == ""
    assert await run(servers, "select rolpassword like 'SCRAM-SHA-256%' from pg_authid where rolname = 'app'")


async def test_what_was_committed_survives_a_crash_of_postgres(own: Servers) -> None:
    await run(own, "create table kept as select 42 as answer")

    own.postgres.stop_immediately()
    own.postgres.start()

    assert await run(own, "select answer from kept") == 42


async def test_postgres_starts_again_after_its_lock_file_was_left_behind(own: Servers, open_directory: Path) -> None:
    lock = open_directory / "state/postgres/data/postmaster.pid"
    left = lock.read_text()
    assert own.postgres.process is not None
    own.postgres.process.kill()
    own.postgres.process.wait()
    assert soon(lambda: not is_running(int(left.split()[0])))

    lock.write_text(left.replace(left.split()[0], str(os.getpid()), 1))  # the number now names another process
    own.postgres.start()

    assert await run(own, "select true")


async def test_an_interrupted_initdb_is_not_taken_for_a_cluster(open_directory: Path, provider: Provider) -> None:
    half_made = open_directory / "state/postgres/unfinished"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")
    servers = Servers.in_directory(open_directory / "state", provider, durable=False)

    servers.start()

    assert await run(servers, "select true")
    servers.stop()


async def test_the_data_are_there_at_the_next_start(own: Servers, open_directory: Path, provider: Provider) -> None:
    await run(own, "create table kept as select 42 as answer")
    own.stop()

    again = Servers.in_directory(open_directory / "state", provider, durable=False)
    again.start()

    assert await run(again, "select answer from kept") == 42
    again.stop()


async def test_a_flushed_redis_has_forgotten_everything(servers: Servers, redis_url: str) -> None:
    redis = Redis.from_url(redis_url)
    await redis.set("bell", "rung")

    servers.flush_redis()

    assert await redis.dbsize() == 0
    await redis.aclose()


def test_no_port_is_given_twice_while_it_may_not_be_bound_yet() -> None:
    assert len({free_port() for _ in range(300)}) == 300


def test_when_its_parent_is_killed_no_server_stays(open_directory: Path, provider: Provider) -> None:
    numbers = numbers_of_servers_whose_parent_is_killed(open_directory, provider, os.environ["PATH"])

    assert soon(lambda: not any(is_running(number) for number in numbers))


def test_the_same_where_user_namespaces_are_forbidden(open_directory: Path, provider: Provider) -> None:
    path = f"{a_place_where_unshare_fails(open_directory)}:{os.environ['PATH']}"

    numbers = numbers_of_servers_whose_parent_is_killed(open_directory, provider, path)

    assert soon(lambda: not any(is_running(number) for number in numbers))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes nobody")
def test_a_checkout_that_nobody_may_enter_has_its_cluster_elsewhere(tmp_path: Path, provider: Provider) -> None:
    tmp_path.chmod(0o700)
    path = f"{a_place_where_unshare_fails(tmp_path)}:{os.environ['PATH']}"

    numbers = numbers_of_servers_whose_parent_is_killed(tmp_path, provider, path)

    assert soon(lambda: not any(is_running(number) for number in numbers))
    elsewhere = _shelter(tmp_path / "state/postgres")
    assert (elsewhere / "data/PG_VERSION").exists()
    shutil.rmtree(elsewhere)


def numbers_of_servers_whose_parent_is_killed(directory: Path, provider: Provider, path: str) -> list[int]:
    environment = dict(os.environ, PYTHONPATH=str(CHECKOUT), PATH=path)
    words = [sys.executable, "-m", "tests.deploy.parent", str(directory / "state"), provider.value]
    parent = subprocess.Popen(words, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    numbers = [int(number) for number in parent.stdout.readline().split()]
    assert len(numbers) == 2
    assert all(is_running(number) for number in numbers)
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    return numbers


def a_place_where_unshare_fails(directory: Path) -> Path:
    """Stand in for a container that refuses user namespaces."""
    refuses = directory / "refusing/unshare"
    refuses.parent.mkdir()
    shutil.copy("/bin/false", refuses)
    return refuses.parent
