# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A Redis (or its fork Valkey) of our own: loopback only, with a password that stands in no argument list."""

import os
import secrets
import socket
from dataclasses import dataclass, field
from pathlib import Path

from deploy.processes import Program, free_port


@dataclass(frozen=True, kw_only=True)
class Redis:
    """Where it lies and listens, and whether it keeps what it holds."""

    executable: Path
    directory: Path
    durable: bool
    port: int = field(default_factory=free_port)
    password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    @property
    def address(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}"

    def program(self) -> Program:
        """Describe the server, which reads its settings from standard input."""
        settings = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "requirepass": self.password,
            "save": '""',
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            "dir": f'"{self.directory}"',
        }
        return Program(
            name="redis",
            command=[str(self.executable), "-"],
            environment={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"},
            feed="".join(f"{name} {value}\n" for name, value in settings.items()).encode(),
            prepare=lambda: self.directory.mkdir(mode=0o700, parents=True, exist_ok=True),
            is_ready=self.is_ready,
        )

    def is_ready(self) -> bool:
        try:
            return self._ask("PING").endswith(b"+PONG\r\n")
        except OSError:
            return False

    def flush(self) -> None:
        """Forget everything, as FLUSHALL does."""
        self._ask("FLUSHALL")

    def _ask(self, command: str) -> bytes:
        """Say the password and one command, and return both answers."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(f"AUTH {self.password}\r\n{command}\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2:  # noqa: PLR2004  # one line for each
                more = connection.recv(1024)
                if not more:
                    break
                answer += more
            return answer
