# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Small programs for the supervisor, and a look at what runs."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from deploy.processes import Program

PATIENCE = 10


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
