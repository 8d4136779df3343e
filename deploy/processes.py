# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Programs that end when we do."""

import ctypes
import os
import secrets
import signal
import socket
import subprocess
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
OURS = range(20_000, 32_768)
"""Ports that Linux gives to no outgoing connection: a server that binds a moment later finds them free still."""
_given: deque[int] = deque(maxlen=1000)
"""The ports that this process was given last: whoever asked for one may not have bound it yet."""


def nothing_to_prepare() -> None:
    return


def at_once() -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Program:
    """One command, how it is asked to stop, and what the kernel sends it should we die first.

    Start it from the main thread: the kernel's signal belongs to the thread that started it.
    """

    name: str
    command: list[str]
    environment: Mapping[str, str]
    feed: bytes = b""
    stop_signal: signal.Signals = signal.SIGTERM
    last_signal: signal.Signals = signal.SIGKILL
    when_orphaned: signal.Signals = signal.SIGKILL
    privileges: tuple[str, ...] = ()  # further words for setpriv: a second setpriv would clear the signal
    grace: float = 10
    bad_setting: int | None = None  # the exit code by which it says that starting it again is no use
    prepare: Callable[[], None] = nothing_to_prepare
    is_ready: Callable[[], bool] = at_once

    def launch(self, log: Path) -> subprocess.Popen[bytes]:
        """Start it in a session of its own, so that a Ctrl-C at the terminal reaches only us."""
        self.prepare()
        orphaned = self.when_orphaned.name.removeprefix("SIG")
        with log.open("ab") as lines:
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig", orphaned, *self.privileges, *self.command],
                env=self.environment,
                stdin=subprocess.PIPE if self.feed else subprocess.DEVNULL,
                stdout=lines,
                stderr=lines,
                start_new_session=True,
            )
        if process.stdin:
            process.stdin.write(self.feed)
            process.stdin.close()
        return process


def kill_session(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    """Signal a launched program together with whatever it started itself."""
    try:
        os.killpg(process.pid, how)
    except ProcessLookupError:
        return


def end_with(parent: int) -> None:
    """Let the kernel end this process, which `parent` has forked, together with that one: a fork keeps no such wish."""
    if ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL) or os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def is_running(pid: int) -> bool:
    """Tell whether a process lives; a zombie that nobody has collected does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"


def free_port(preferred: int = 0) -> int:
    """Return the preferred port where it is free, else one of ours that nobody was given lately."""
    while not (preferred and _is_free(preferred)):
        preferred = secrets.choice(list(set(OURS).difference(_given)))
    _given.append(preferred)
    return preferred


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def last_words(log: Path, since: int = 0, limit: int = 800) -> str:
    """Return the end of what was written to a log since an offset."""
    with log.open("rb") as lines:
        lines.seek(since)
        return lines.read().decode("utf-8", "replace").strip()[-limit:]
