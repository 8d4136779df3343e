# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Small programs for the supervisor, and a look at what runs."""

import contextlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from deploy.processes import Program

PATIENCE = 30.0


def a_program(name: str, script: str, *, grace: float = PATIENCE) -> Program:
    """A Python program of a few words that says its number and then does what the script says; 2 is its bad setting."""
    words = f"import os, signal, sys, time\n{script}\n"
    command = [sys.executable, "-c", words]
    return Program(name=name, command=command, environment=dict(os.environ), grace=grace, bad_setting=2)


def numbers_in(log: Path) -> list[int]:
    """The process numbers that a program has written, one for each life."""
    return [int(line) for line in log.read_text().split() if line.isdigit()] if log.exists() else []


def soon(happens: Callable[[], bool], within: float = PATIENCE) -> bool:
    """Tell whether something comes true in time, for what runs outside this process."""
    deadline = time.monotonic() + within
    while not happens():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def commands() -> dict[int, str]:
    """Every process of this machine with its argument list."""
    found = {}
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found[int(file.parent.name)] = file.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    return found


def commands_of_children(parent: int) -> dict[int, str]:
    """What a process has started and what runs, with the argument lists."""
    listed = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    running = commands()
    return {int(number): running[int(number)] for number in listed.split() if running.get(int(number))}
