# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Whoever is turned away at the door has no line of the access log; how many they were, and who, is said."""

import asyncio
import time
from contextlib import suppress

from app.api.crowd import Crowd
from app.api.gate import MOST_TOLD, Gate
from app.database import Pool
from tests.telemetry.conftest import Configured, Written


def said(written: Written) -> list[dict[str, object]]:
    """Give the lines about it, whatever a busy machine made others say."""
    return [line for line in written.documents if line["event"] == "load.shed"]


async def told(written: Written, gate: Gate) -> dict[str, object]:
    """Let the gate watch until it has said who was turned away."""
    watching, deadline = asyncio.create_task(gate.watch()), time.monotonic() + 60
    while not said(written) and time.monotonic() < deadline:  # noqa: ASYNC110 - it offers nothing to wait on
        await asyncio.sleep(0.02)
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    (line,) = said(written)
    return line


async def test_the_keys_that_most_of_them_sent_are_named_and_all_are_counted(
    pool: Pool, configured: Configured
) -> None:
    written, crowd = configured(), Crowd()
    for number in range(MOST_TOLD + 5):
        for _ in range(number + 1):
            crowd.note_turned_away(f"key-{number:02}")

    line = await told(written, Gate(pool, 0.25, crowd))

    many = MOST_TOLD + 5
    assert (line["event"], line["level"], line["count"]) == ("load.shed", "warning", many * (many + 1) // 2)
    assert line["callers"] == {f"key-{number:02}": number + 1 for number in range(5, many)}
    assert crowd.turned_away == {}
