# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Forks worker processes from one that has everything imported: a killed worker is replaced in milliseconds.

Each line on standard input asks for one more worker; the answer is its number. When the input ends, so do they all.
"""

import contextlib
import os
import signal
import sys

from workers.main import main

children: list[int] = []


def nurse() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries the dead
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while sys.stdin.readline():
        children.append(born())
        sys.stdout.write(f"{children[-1]}\n")
        sys.stdout.flush()
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def born() -> int:
    number = os.fork()
    if number:
        return number
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.dup2(2, 1)
    code = 1
    try:
        code = main()
    finally:
        os._exit(code)


if __name__ == "__main__":
    nurse()
