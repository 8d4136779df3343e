# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""One worker process: a relay that ticks, an ear for the doorbell, a dispatcher per kind, and a drain at the end."""

import asyncio
import contextlib
import signal
import sys

import uvloop

from app.database import AWAY, Database
from app.health import Health
from app.settings import Settings, SettingsError, load
from app.telemetry import configure, log, prepare_kinds
from app.worker_port import serve
from workers.bell import listen
from workers.desk import Desk
from workers.recorder import Recorder
from workers.relay import Relay
from workers.telegram.kind import telegram
from workers.turn import Dispatcher

DRAIN = 25.0
"""Seconds the calls on the wire are given at the end; the slowest are left to the sweep."""


def kinds(settings: Settings) -> dict[str, Desk]:
    """The kinds of channel this installation can publish to. A new kind is a folder and a row here."""
    return {"telegram": telegram(settings)}


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Work until `stop` is set, then drain."""
    database = await Database.open(settings)
    desks = kinds(settings)
    recorder = Recorder(database.pool)
    dispatchers = {name: Dispatcher(database.pool, desk, recorder, settings) for name, desk in desks.items()}
    relay = Relay(database.pool, desks, dispatchers)
    prepare_kinds(desks)
    log.info("worker.started")
    async with asyncio.TaskGroup() as group:
        jobs = [relay.run(), recorder.run(), listen(str(settings.redis_url), relay), serve(settings, Health(settings))]
        tasks = [group.create_task(job) for job in jobs]
        await stop.wait()
        await asyncio.gather(*(dispatcher.drain(DRAIN) for dispatcher in dispatchers.values()))
        for task in tasks:
            task.cancel()
    with contextlib.suppress(*AWAY):
        await relay.leave()
    for desk in desks.values():
        await desk.close()
    await database.close()
    log.info("worker.stopped")


async def _main(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await run(settings, stop)


def main() -> int:
    """Start a worker; a setting that is missing or wrong is named, exit code 2."""
    try:
        settings = load()
        kinds(settings)
    except (SettingsError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    configure(settings)
    uvloop.run(_main(settings))
    return 0
