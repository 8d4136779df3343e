# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""./dev in a checkout of its own, whose programs only say how they were called."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.state import CHECKOUT, State, StateError

SAYS_HOW = "import os, sys\nprint(sys.argv[1:], os.environ['PYTHONPATH'], os.getcwd(), os.getpid(), sep='\\n')\n"
NO_NETWORK = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_NO_INDEX": "0", "PIP_CONFIG_FILE": os.devnull}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A clone with ./dev, its locks, and stand-ins for the programs."""
    clone = tmp_path / "a clone"
    shutil.copytree(CHECKOUT / "requirements", clone / "requirements")
    shutil.copy(CHECKOUT / "dev", clone)
    (clone / "deploy").mkdir()
    for name in ("__init__", "up", "demo", "check", "bench", "audit", "locks"):
        (clone / f"deploy/{name}.py").write_text("" if name == "__init__" else SAYS_HOW)
    return clone


def prepared_for(checkout: Path, lock: str) -> None:
    """Make an environment that says it holds all of a lock."""
    python = checkout / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    digest = hashlib.sha256((checkout / f"requirements/{lock}.lock").read_bytes()).hexdigest()
    (checkout / ".venv/campanella-lock").write_text(f"{lock} {digest}")


def dev(checkout: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(checkout / "dev"), *words]
    environment = {**os.environ, "PATH": os.defpath, **more}
    return subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=False, timeout=60)


def test_help_names_every_command_and_needs_no_environment(checkout: Path) -> None:
    said = dev(checkout, "--help")

    assert said.returncode == 0
    assert all(f"./dev {name}" in said.stdout for name in ("demo", "up", "test", "check", "bench", "audit", "lock"))
    assert not (checkout / ".venv").exists()


def test_an_unknown_command_ends_with_2_and_says_what_there_is(checkout: Path) -> None:
    said = dev(checkout, "fly")

    assert (said.returncode, said.stdout) == (2, "")
    assert "'fly'" in said.stderr
    assert "./dev demo" in said.stderr


@pytest.mark.parametrize(("lock", "command"), [("demo", "up"), ("demo", "demo"), ("dev", "check"), ("dev", "up")])
def test_a_prepared_environment_is_used_at_once(checkout: Path, lock: str, command: str) -> None:
    prepared_for(checkout, lock)

    said = dev(checkout, command, "--port", "8099")

    assert said.stdout.splitlines()[:3] == ["['--port', '8099']", str(checkout), str(checkout)]
    assert (said.returncode, said.stderr) == (0, "")


def test_a_lock_needs_no_environment_and_an_audit_that_of_the_tests(checkout: Path) -> None:
    locked = dev(checkout, "lock", "starlette")
    assert not (checkout / ".venv").exists()
    prepared_for(checkout, "dev")
    audited = dev(checkout, "audit", "--osv", "http://127.0.0.1/v1/query")

    assert (locked.returncode, locked.stdout.splitlines()[0]) == (0, "['starlette']")
    assert (audited.returncode, audited.stdout.splitlines()[0]) == (0, "['--osv', 'http://127.0.0.1/v1/query']")


def test_dev_becomes_the_program_so_that_signals_reach_it(checkout: Path) -> None:
    prepared_for(checkout, "demo")
    words = [sys.executable, str(checkout / "dev"), "up"]

    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as started:
        said, _ = started.communicate()

    assert said.splitlines()[3] == str(started.pid)


@pytest.mark.parametrize("command", ["demo", "check"])
def test_an_environment_of_another_lock_is_prepared_anew_and_without_a_network_that_is_said(
    checkout: Path, command: str
) -> None:
    prepared_for(checkout, "demo")
    with (checkout / "requirements/demo.lock").open("a") as lock:
        lock.write("# newer\n")

    said = dev(checkout, command, **NO_NETWORK)

    assert said.returncode == 1
    assert "the first run needs the network" in said.stderr
    assert (checkout / ".venv/campanella-lock").read_text() == "unfinished"


def test_what_an_interrupted_run_has_left_is_cleared_away(checkout: Path) -> None:
    (checkout / ".venv/lib/python3.11/site-packages/half").mkdir(parents=True)
    (checkout / ".venv/lib64").symlink_to("lib")
    (checkout / ".venv/campanella-lock").write_text("unfinished")

    said = dev(checkout, "demo", **NO_NETWORK)

    assert "the first run needs the network" in said.stderr
    assert not list(checkout.glob(".venv/lib/python3.11/site-packages/half"))


def test_two_runs_in_one_checkout_are_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()

    with State(tmp_path / "state").held(), pytest.raises(StateError, match=rf"process {os.getpid()}\)"):  # noqa: SIM117
        with State(tmp_path / "state").held():
            pass


def test_a_secret_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    state = State(tmp_path)

    first, second = state.secret("key", lambda: "first"), state.secret("key", lambda: "second")

    assert (first, second) == ("first", "first")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
