# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""./dev demo, whole, to a sandbox that allows any pace."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.request import urlopen

from deploy.binaries import Provider
from deploy.processes import free_port
from deploy.state import CHECKOUT
from tests.deploy.children import commands

PATIENCE = 300
ANY_PACE = {
    "CAMPANELLA_TELEGRAM_PER_SECOND": "0",
    "CAMPANELLA_TELEGRAM_CHAT_PER_SECOND": "0",
    "CAMPANELLA_TELEGRAM_GROUP_PER_MINUTE": "0",
}

ADDRESSES = ("API docs", "Telegram page", "WeChat page", "webhooks", "noticeboard", "metrics")


def demo(state: Path, provider: Provider, *words: str, more: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    where = ["--port", str(free_port()), "--state", str(state), "--servers", provider.value]
    ours = {name: value for name, value in os.environ.items() if not name.startswith("CAMPANELLA_")}
    return subprocess.Popen(
        [sys.executable, "-m", "deploy.demo", *where, *words],
        cwd=CHECKOUT,
        env={**ours, **ANY_PACE, **(more or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finished(run: subprocess.Popen[str]) -> tuple[int, str]:
    said, _ = run.communicate(timeout=PATIENCE)
    return run.returncode, said


def left_of(state: Path) -> list[str]:
    return [command for command in commands().values() if str(state) in command]


def test_once_gives_an_exact_account_and_leaves_nothing_running(open_directory: Path, provider: Provider) -> None:
    code, said = finished(demo(open_directory / "state", provider, "--once"))

    assert code == 0, said
    assert "79 delivered + 0 expired + 7 withdrawn + 0 dead + 0 held + 0 in_doubt + 0 due = 86 accepted" in said
    assert "The channels hold 85 posts; lost: 0, twice: 0." in said  # WeChat deletes what is withdrawn
    assert "Corrected mensa/2026-11-24/1: 8 of 8 channels show it." in said
    assert "Withdrawn iscrizioni/2027-01-07/8: 7 of 7 channels took it back." in said
    assert all(f"  {name} " in said for name in ADDRESSES)
    assert left_of(open_directory) == []


def test_it_stays_until_ctrl_c_and_leaves_nothing_running(open_directory: Path, provider: Provider) -> None:
    run = demo(open_directory / "state", provider)
    assert run.stdout is not None
    lines: list[str] = []
    for line in run.stdout:
        lines.append(line)
        if "until Ctrl-C" in line:
            break
    said = "".join(lines)
    receiver = next(line.split()[1] for line in lines if line.startswith("  webhooks "))
    with urlopen(receiver) as page:  # noqa: S310 - an address of our own
        shown = page.read().decode()

    assert "17 eventi con firma valida, 0 ripetuti, 0 rifiutati" in shown
    run.send_signal(signal.SIGINT)
    rest, _ = run.communicate(timeout=PATIENCE)

    assert run.returncode == 0, said + rest
    assert left_of(open_directory) == []


def test_it_can_be_repeated_in_a_database_of_others(
    open_directory: Path, provider: Provider, database_url: str, redis_url: str
) -> None:
    named = {"CAMPANELLA_DATABASE_URL": database_url, "CAMPANELLA_REDIS_URL": redis_url}

    first, said_first = finished(demo(open_directory / "state", provider, "--once", more=named))
    second, said_second = finished(demo(open_directory / "state", provider, "--once", more=named))

    assert (first, second) == (0, 0), said_first + said_second


def test_invented_notices_never_go_to_a_real_bot_api(open_directory: Path, provider: Provider) -> None:
    named = {"CAMPANELLA_TELEGRAM_TOKEN": "123458289:SANDBOX-none"}

    code, said = finished(demo(open_directory / "state", provider, "--once", more=named))

    assert (code, "sandbox on this machine only" in said) == (2, True)


def test_once_does_not_end_well_when_it_is_stopped_before_the_account(open_directory: Path, provider: Provider) -> None:
    run = demo(open_directory / "state", provider, "--once")
    assert run.stdout is not None
    assert any("accepted" in line for line in run.stdout)

    run.send_signal(signal.SIGTERM)
    code, _ = finished(run)

    assert (code, left_of(open_directory)) == (130, [])
