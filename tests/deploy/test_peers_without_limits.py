# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""S4's peers: each is given a bulk and then a notice for each chat, and what it reached stands beside what it took."""

import math
import sys
from pathlib import Path

from deploy.bench.desk import Counter, piped
from deploy.bench.journal import Journal
from deploy.bench.place import Telegram
from deploy.bench.throughput_of_others import BULK, SINGLE, Burst, bursts, figures_of

SAYS_ONE_TWICE = """
import json, sys, time
where = json.loads(sys.stdin.readline())["url"]
print("ready", flush=True)
for line in sys.stdin:
    chats, text = json.loads(line)
    with open(where, "a") as journal:
        for chat in chats:
            if "(2)" in text:
                chat, text = before
            row = {"monotonic": time.monotonic(), "method": "sendMessage", "did": "accepted"}
            journal.write(json.dumps({**row, "chat": chat, "text": text}, separators=(",", ":")) + "\\n")
            before = chat, text
"""


async def test_a_peer_of_s4_has_a_bulk_and_a_notice_for_each_and_what_it_lost_shows(tmp_path: Path) -> None:
    """It posts the second once more in place of the third."""
    there = Telegram(str(tmp_path / "journal"), Journal(tmp_path / "journal"))

    async with piped(tmp_path / "log", there, [sys.executable, "-c", SAYS_ONE_TWICE]) as desk:
        both = await bursts(range(1, 101), "Mensa fredda", Counter(there, desk))

    assert list(both) == [BULK, SINGLE]
    assert (both[BULK].reached, both[SINGLE].reached, len(there.journal.since().posts)) == (100, 99, 201)
    assert both[BULK].per_second > 0
    assert both[BULK].cpu_ms >= 0, "its process was known"


def test_a_peer_of_s4_is_laid_beside_ours_in_medians_and_with_its_worst_loss() -> None:
    rounds = [
        {BULK: Burst(100, per_second, 2.0), SINGLE: Burst(reached, math.nan, math.nan)}
        for per_second, reached in ((50.0, 100), (40.0, 90), (400.0, 100))
    ]

    found = {figure.what: figure.value for figure in figures_of("loop", rounds, (500.0, 400.0), 100)}

    assert found["bulk: ours to it"] == 10
    assert found["one notice per channel: reached, of 100"] == 90
    assert math.isnan(found["one notice per channel: ours to it"])
