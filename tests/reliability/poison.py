# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A worker with a kind of channel of its own, on whose poisoned notices the whole process dies.

Whatever is sent is a line in a file: where to, and what. The poison is written, and then the power is cut.
"""

import asyncio
import os
import signal
from collections.abc import Sequence
from pathlib import Path

import uvloop

from app.checks import Answer
from app.domain.delivery import Intent, Part
from app.domain.outcome import Delivered, Wire
from app.domain.pace import Limits
from app.outbox import ChannelKind, Owed
from app.settings import load
from app.telemetry import configure
from workers.desk import Desk, Finding, Pause, Report, Tools
from workers.main import run

KIND = "fragile"
POISON = "veleno"
BITTER = "amaro"
"""On this one the process dies before anything is sent, while it is rendered."""
SLOW = 2.0
"""Seconds that a send takes, however busy the machine: those beside the poison are on the wire when it kills."""
PAPER = "POISON_TEST_PAPER"


def desk(_: Tools) -> Desk:
    return Desk(ChannelKind(KIND, Limits(0, 0, 0), shown), send, inspect, close, timeout=10)


def shown(owed: Owed) -> Sequence[Part]:
    title = next(iter(owed.notice.texts.values())).title
    if title == BITTER:
        write(f"{owed.slug} {title}\n")
        os.kill(os.getpid(), signal.SIGKILL)
    return [Part(digest=title, payload=title)]


async def send(owed: Owed, intent: Intent) -> Report:
    await asyncio.sleep(0 if intent.payload == POISON else SLOW)
    write(f"{owed.slug} {intent.payload}\n")
    if intent.payload == POISON:
        os.kill(os.getpid(), signal.SIGKILL)
    return Report(Delivered((intent.payload,)), Wire.RESPONSE)


def write(line: str) -> None:
    with Path(os.environ[PAPER]).open("a", encoding="utf-8") as paper:
        paper.write(line)


async def inspect(address: str, _: Pause | None) -> Finding:
    return Finding(Answer("ok", title="Un canale", address=address))


async def close() -> None:
    """Nothing is open."""


def main() -> None:
    settings = load()
    configure(settings)
    uvloop.run(run(settings, asyncio.Event(), {KIND: "tests.reliability.poison"}))


if __name__ == "__main__":
    main()
