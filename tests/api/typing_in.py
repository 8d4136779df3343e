# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Commands typed in, and how they ended."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from app.cli import main

Environment = dict[str, str]


NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


@dataclass(frozen=True)
class Ended:
    code: int
    said: str
    complained: str


Typed = Callable[..., Awaitable[Ended]]


def ended_with() -> int:
    """Run what is typed, and give the exit code."""
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
