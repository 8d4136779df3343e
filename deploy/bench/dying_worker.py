# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A worker for Telegram whose whole process ends where it sends a notice of one title; all others go out as usual."""

import asyncio
import os
import signal
from dataclasses import replace

import uvloop

from app.domain.delivery import Intent
from app.outbox import Owed
from app.settings import load
from app.telemetry import configure
from deploy.processes import end_with
from workers.desk import Desk, Report, Tools
from workers.main import run
from workers.telegram import kind

POISON = "Veleno"
WAY = 0.1
"""Seconds there, and as many back: the sandbox is on this machine, and Telegram is not."""


def desk(tools: Tools) -> Desk:
    usual = kind.desk(tools)

    async def send(owed: Owed, intent: Intent) -> Report:
        await asyncio.sleep(WAY)
        if any(text.title.startswith(POISON) for text in owed.notice.texts.values()):
            os.kill(os.getpid(), signal.SIGKILL)
        report = await usual.send(owed, intent)
        await asyncio.sleep(WAY)
        return report

    return replace(usual, send=send)


def work() -> None:
    settings = load()
    configure(settings)
    uvloop.run(run(settings, asyncio.Event(), {"telegram": "deploy.bench.dying_worker"}))


def main() -> None:
    """Fork a worker, and another as soon as it has ended: how long Python takes to start is not to be measured."""
    parent = os.getpid()
    while True:
        if not os.fork():
            end_with(parent)
            work()
        os.wait()


if __name__ == "__main__":
    main()
