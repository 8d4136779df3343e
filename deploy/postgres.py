# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A Postgres cluster of our own: loopback only, SCRAM, a random password that only its owner can read."""

import os
import secrets
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

from deploy.processes import Program, is_running
from deploy.unprivileged import Identity

USER = "app"
LINE_OF_STATE = 7
ENVIRONMENT = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "TZ": "UTC", "HOME": "/"}
# Without fsync a crash of the machine loses data, a crash of the process does not: what was committed has reached
# the kernel. That would no longer hold with synchronous_commit off, so tests that kill Postgres keep it on.
# The checker reads when a notice was committed; elsewhere it allows for a while.
HASTY = ("fsync=off", "full_page_writes=off", "dynamic_shared_memory_type=mmap", "track_commit_timestamp=on")


class ClusterError(Exception):
    """The cluster could not be made; the text is what initdb said."""


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Where a cluster lies, who runs it, and whether it must survive a power cut."""

    binaries: Path
    directory: Path
    identity: Identity
    durable: bool

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def password(self) -> str:
        """Return the cluster's password, made at the first call."""
        file = self.directory / "password"
        if not file.exists():
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.write_text(secrets.token_urlsafe(24), encoding="ascii")
            self.identity.give(file)
        return file.read_text(encoding="ascii")

    def program(self, port: int) -> Program:
        """Describe the server: SIGINT is a fast shutdown, SIGQUIT a crash that is recovered from."""
        settings = ["listen_addresses=127.0.0.1", f"port={port}", "unix_socket_directories=", "max_connections=200"]
        settings += [] if self.durable else HASTY
        switches = [word for setting in settings for word in ("-c", setting)]
        return Program(
            name="postgres",
            command=[*self.identity.prefix, str(self.binaries / "postgres"), "-D", str(self.data), *switches],
            environment=ENVIRONMENT,
            stop_signal=signal.SIGINT,
            last_signal=signal.SIGQUIT,
            when_orphaned=signal.SIGINT,
            privileges=self.identity.privileges,
            prepare=self.prepare,
            is_ready=self.is_ready,
        )

    def prepare(self) -> None:
        """Make the cluster if there is none, and take away a lock file whose number now names another process."""
        if not self.data.exists():
            self._make()
        pid = self._pid()
        if pid and is_running(pid) and not self._is_ours(pid):
            (self.data / "postmaster.pid").unlink()

    def is_ready(self) -> bool:
        lines = self._lock_file()
        return len(lines) > LINE_OF_STATE and lines[LINE_OF_STATE].strip() == "ready" and is_running(int(lines[0]))

    def _make(self) -> None:
        """Run initdb beside the final place, so that an interrupted run is not taken for a cluster."""
        unfinished, secret = self.directory / "unfinished", self.password
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        self.identity.give(unfinished)
        how = ["-U", USER, "-A", "scram-sha-256", "--pwfile", str(self.directory / "password")]
        how += ["-E", "UTF8", "--locale=C.UTF-8", "--no-instructions", *([] if self.durable else ["--no-sync"])]
        made = self.identity.run([str(self.binaries / "initdb"), "-D", str(unfinished), *how], ENVIRONMENT)
        if made.returncode != 0:
            raise ClusterError(f"initdb failed: {(made.stderr or made.stdout).replace(secret, '...').strip()}")
        unfinished.rename(self.data)

    def _lock_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError:
            return []

    def _pid(self) -> int:
        lines = self._lock_file()
        return int(lines[0]) if lines and lines[0].strip().isdigit() else 0

    def _is_ours(self, pid: int) -> bool:
        try:
            return str(self.data).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False
