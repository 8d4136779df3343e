# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A server of names that leads whoever asks to addresses of its own choice."""

import socket
from collections.abc import Sequence
from typing import Any

from app.names import Info


class Liar:
    """Says of every name that it is at these addresses; of several answers each once, and the last one ever after.

    It lies about the port as well, so that an ordinary https address leads to a server of the test's own.
    """

    def __init__(self, port: int, *answers: Sequence[str]) -> None:
        """Take the port to lead to, and the answers in their order."""
        self._port, self._answers = port, list(answers)

    def __call__(self, *_: Any) -> list[Info]:
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return [(_family(each), socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (each, self._port)) for each in answer]


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET
