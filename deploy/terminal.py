# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Speaking to the person at the terminal, if there still is one."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

CONSOLE = Console(highlight=False, soft_wrap=True)


def tell(text: str) -> None:
    """Say a line, above whatever is drawn live; a closed terminal is no reason to stop draining."""
    with contextlib.suppress(OSError):
        CONSOLE.print(text, markup=False)


async def follow(logs: Path) -> None:
    """Say what is written to the logs, line by line, each with the name of its program in front."""
    read: dict[Path, int] = {}
    while True:
        for log, lines in _news(logs, read):
            for line in lines.splitlines():
                tell(f"{log.stem:>10} | {line}")
        await asyncio.sleep(0.2)


def _news(logs: Path, read: dict[Path, int]) -> Iterator[tuple[Path, str]]:
    """Yield the whole lines that each log has gained, and remember how far that was."""
    for log in sorted(logs.glob("*.log")):
        with log.open("rb") as lines:
            lines.seek(read.get(log, 0))
            whole, newline, _ = lines.read().rpartition(b"\n")
        read[log] = read.get(log, 0) + len(whole) + len(newline)
        yield log, whole.decode("utf-8", "replace")
