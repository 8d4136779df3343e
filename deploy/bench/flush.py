# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How long the disk takes to keep what is written: each commit waits for it, so a figure of ours is read beside it."""

import asyncio
import os
import time
from pathlib import Path

PAGE = b"\0" * 8192
"""As much as a small commit of Postgres writes."""


async def flush_seconds(path: Path) -> float:
    """Write a page to the end of a file, and give the seconds until the disk has it."""
    return await asyncio.to_thread(_flush, path)


def _flush(path: Path) -> float:
    file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    try:
        os.write(file, PAGE)
        begun = time.monotonic()
        os.fdatasync(file)
        return time.monotonic() - begun
    finally:
        os.close(file)
