# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A rival of the bench that does not run says why; it is never a figure of 0."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from deploy.bench.desk import Counter, Piped, piped
from deploy.bench.journal import Account, Arrival, Journal
from deploy.bench.place import Telegram
from deploy.bench.rivals import BrokenError, told

ENDS_BADLY = "import sys; sys.exit('the configuration is wrong')"
ENDS_BADLY_LATER = f"import sys; print('ready', flush=True); sys.stdin.read(); {ENDS_BADLY}"


async def test_what_a_rival_complained_of_is_passed_on() -> None:
    with pytest.raises(BrokenError, match="exit code 1: the configuration is wrong"):
        await told([sys.executable, "-c", ENDS_BADLY], {}, patience=60)


async def test_a_rival_that_takes_too_long_is_ended_and_no_failure() -> None:
    waits = "import time; time.sleep(600)"

    said = await asyncio.wait_for(told([sys.executable, "-c", waits], {}, patience=2), 60)

    assert said == b""


def test_the_first_refusal_is_quoted() -> None:
    refused = Arrival(1.0, "sendMessage", "refused", code=400, description='Bad Request: unknown parameter "colour"')

    assert Account((refused, refused)).first_refusal() == (
        '2 calls came; the first was refused: Bad Request: unknown parameter "colour"'
    )
    assert Account(()).first_refusal() == "0 calls came"


TAKES_LINES = """
import json, sys
where = json.loads(sys.stdin.readline())["url"]
print("ready", flush=True)
for line in sys.stdin:
    chats, text = json.loads(line)
    with open(where, "a") as journal:
        for chat in chats:
            row = {"monotonic": 1e9, "method": "sendMessage", "did": "accepted", "chat": chat, "text": text}
            journal.write(json.dumps(row) + "\\n")
"""


def python(program: str) -> Sequence[str]:
    return [sys.executable, "-c", program]


async def test_what_a_sender_is_given_line_by_line_is_counted_and_timed_by_what_it_posts(tmp_path: Path) -> None:
    there = Telegram(str(tmp_path / "journal"), Journal(tmp_path / "journal"))

    async with piped(tmp_path / "log", there, python(TAKES_LINES)) as desk:
        counter = Counter(there, desk)
        await counter.hand_in([1, 2], "Mensa fredda")
        await counter.hand_in([3], "Scuola chiusa, avviso 1.")
        await desk.finish(60)

    assert (counter.owed, counter.account().reached()) == (3, 3)
    assert counter.waits_of("Scuola chiusa") == [1e9 - counter.handed[1].moment]
    assert counter.waits_of("Sciopero") == []


@pytest.mark.parametrize("program", [ENDS_BADLY, ENDS_BADLY_LATER])
async def test_a_sender_that_breaks_at_the_start_or_later_says_why(tmp_path: Path, program: str) -> None:
    there = Telegram(str(tmp_path), Journal(tmp_path / "journal"))

    with pytest.raises(BrokenError, match="the configuration is wrong"):
        async with piped(tmp_path / "log", there, python(program)) as desk:
            await hands_in_and_finishes(desk)


async def hands_in_and_finishes(desk: Piped) -> None:
    await desk.hand_in([1], "Mensa fredda")
    await desk.finish(60)
