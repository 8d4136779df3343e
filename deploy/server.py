# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""One server process, started and waited for, stopped, crashed and started again."""

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from deploy.processes import Program, kill_session, last_words

PATIENCE = 30
PAUSE = 0.01


class ServerError(Exception):
    """A server did not start; the text is what it last wrote."""


@dataclass
class Server:
    """One server on a loopback port; start it from the main thread."""

    program: Program
    log: Path
    address: str
    process: subprocess.Popen[bytes] | None = None

    def url(self, database: str | int) -> str:
        return f"{self.address}/{database}"

    def start(self) -> None:
        """Start and wait until it answers; tried again while an earlier one still lets go of its port and data."""
        deadline = time.monotonic() + PATIENCE
        since = self.log.stat().st_size if self.log.exists() else 0
        self.process = self.program.launch(self.log)
        while not self.program.is_ready():
            if time.monotonic() > deadline:
                self.stop()
                raise ServerError(f"{self.program.name} did not start: {last_words(self.log, since)}")
            if self.process.poll() is not None:
                time.sleep(20 * PAUSE)
                self.process = self.program.launch(self.log)
            time.sleep(PAUSE)

    def ensure_running(self) -> None:
        if self.process is None or self.process.poll() is not None:
            self.start()

    def stop(self) -> None:
        """Stop in good order, or not so good after the grace."""
        if self.process is None:
            return
        self.process.send_signal(self.program.stop_signal)
        try:
            self.process.wait(self.program.grace)
        except subprocess.TimeoutExpired:
            self.stop_immediately()
        self.process = None

    def stop_immediately(self) -> None:
        """Crash it: connections are cut, nothing is tidied."""
        if self.process is not None:
            kill_session(self.process, self.program.last_signal)
            self.process.wait()
            self.process = None

    def restart(self) -> None:
        self.stop()
        self.start()
