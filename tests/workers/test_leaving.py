# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A worker that is told to end does end, whatever keeps it, and says what that was."""

import json
import subprocess
import sys

from workers.leaving import STUCK

DEAF = """
import asyncio, contextlib
from tests.telemetry.conftest import some_settings
from app.telemetry import configure
from workers.leaving import end_within

async def hears_nothing():
    while True:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)

async def main():
    configure(some_settings())
    end_within(0.3)
    deaf = asyncio.create_task(hears_nothing())
    await asyncio.sleep(0.1)
    deaf.cancel()
    await deaf

asyncio.run(main())
"""


def test_what_keeps_a_worker_from_ending_is_named_and_left() -> None:
    ended = subprocess.run([sys.executable, "-c", DEAF], capture_output=True, text=True, timeout=60, check=False)

    line = json.loads((ended.stderr or ended.stdout).splitlines()[-1])
    assert ended.returncode == STUCK
    assert line["event"] == "worker.stuck"
    assert any(each.startswith("hears_nothing at <string>:") for each in line["waiting"])
