# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""./dev up, whole: real servers, the real API, a real worker, the sandbox."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path

import pytest

from deploy.binaries import Provider
from deploy.processes import free_port, is_running
from deploy.state import CHECKOUT
from tests.deploy.children import commands_of_children, soon

START = 180


PROGRAMS = {
    "postgres": "/postgres -D",
    "redis": "-server",
    "sandbox": "-m deploy.sandbox --",
    "sandbox-wechat": "-m deploy.sandbox_wechat",
    "api": "-m app.cli api",
    "worker": "-m workers",
}


@dataclass
class Up:
    """A running ./dev up and what it started."""

    process: subprocess.Popen[str]
    port: int

    def children(self) -> dict[str, int]:
        """Number the programs that run now."""
        started = commands_of_children(self.process.pid)
        return {name: pid for pid, command in started.items() for name, words in PROGRAMS.items() if words in command}

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer:
                return bool(answer.status == HTTPStatus.OK)
        except OSError:
            return False

    def has_another(self, name: str, than: int) -> bool:
        return self.children().get(name, than) != than


@contextmanager
def running(state: Path, provider: Provider, more: Mapping[str, str] | None = None, port: int = 0) -> Iterator[Up]:
    port = port or free_port()
    words = ["-m", "deploy.up", "--port", str(port), "--state", str(state), "--servers", provider.value]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CAMPANELLA_")}
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=CHECKOUT,
        env={**environment, **(more or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Up(process, port)
    finally:
        process.terminate()  # in good order: nothing may write any more into a directory that is being removed
        try:
            process.communicate(timeout=START)
        finally:
            process.kill()


def test_everything_comes_up_heals_and_goes_in_good_order(open_directory: Path, provider: Provider) -> None:
    with running(open_directory / "state", provider) as up:
        assert soon(up.is_ready, within=START)
        before = up.children()
        assert set(before) == set(PROGRAMS)

        for name in ("worker", "api", "redis", "postgres"):
            os.kill(before[name], signal.SIGKILL)
            assert soon(partial(up.has_another, name, before[name]), within=START), name
        assert soon(up.is_ready, within=START)

        last = up.children()
        up.process.send_signal(signal.SIGTERM)
        said, _ = up.process.communicate(timeout=START)
        assert up.process.returncode == 0, said
        assert not any(is_running(number) for number in last.values())


def test_killed_itself_it_leaves_nothing_running_and_starts_again_on_the_same_data(
    open_directory: Path, provider: Provider
) -> None:
    with running(open_directory / "state", provider) as up:
        assert soon(up.is_ready, within=START)
        children = up.children()

        up.process.kill()

        assert soon(lambda: not any(is_running(number) for number in children.values()), within=START)
    with running(open_directory / "state", provider) as up:
        assert soon(up.is_ready, within=START)


def test_a_wrong_setting_ends_it_with_2_and_the_sentence_of_the_program(
    open_directory: Path, provider: Provider
) -> None:
    with running(open_directory / "state", provider, {"CAMPANELLA_TELEGRAM_TIMEOUT": "soon"}) as up:
        said, _ = up.process.communicate(timeout=START)

    assert up.process.returncode == 2
    assert "CAMPANELLA_TELEGRAM_TIMEOUT" in said


@pytest.mark.parametrize("workers", ["-1", "many", "33"])
def test_a_wrong_number_of_workers_ends_it_with_2(open_directory: Path, provider: Provider, workers: str) -> None:
    with running(open_directory / "state", provider, {"CAMPANELLA_WORKERS": workers}) as up:
        said, _ = up.process.communicate(timeout=START)

    assert (up.process.returncode, workers in said) == (2, True)


async def test_what_the_environment_names_is_used_and_not_started(
    open_directory: Path, provider: Provider, database_url: str, redis_url: str
) -> None:
    named = {
        "CAMPANELLA_DATABASE_URL": database_url,
        "CAMPANELLA_REDIS_URL": redis_url,
        "CAMPANELLA_TELEGRAM_API_URL": "http://127.0.0.1:9",
        "CAMPANELLA_TELEGRAM_TOKEN": "123456789:SANDBOX-none",
        "CAMPANELLA_WECHAT_APP_ID": "wx0000000000sandbox",
        "CAMPANELLA_WECHAT_SECRET": "SANDBOX-none",
        "CAMPANELLA_WECHAT_API_URL": "http://127.0.0.1:9",
    }

    with running(open_directory / "state", provider, named) as up:
        assert soon(up.is_ready, within=START)
        assert set(up.children()) == {"api", "worker"}
        assert not (open_directory / "state/postgres").exists()


def test_a_taken_port_is_said(open_directory: Path, provider: Provider) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with running(open_directory / "state", provider, port=port) as up:
            said, _ = up.process.communicate(timeout=START)

    assert (up.process.returncode, f"Port {port} is in use" in said) == (2, True)
