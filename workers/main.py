# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""One worker process: a relay that ticks, an ear for the doorbell, a dispatcher per kind, and a drain at the end."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Mapping, Sequence
from functools import partial

import asyncpg
import uvloop

from app.database import AWAY, Database, Pool
from app.doorbell import Doorbell
from app.health import Health
from app.kinds import KINDS
from app.outgoing import Outgoing
from app.settings import Settings, SettingsError, load
from app.tasks import end, within
from app.telemetry import configure, log, prepare_kinds
from app.worker_port import serve
from workers.alarms import Alarms, alarm_post
from workers.bell import listen
from workers.callbacks.errand import Callbacks
from workers.clock import Clock
from workers.comeback import look_for_comebacks
from workers.counting import Counting
from workers.desk import Desk, Tools
from workers.inspection import answer_questions
from workers.kinds import desks as set_up
from workers.leaving import end_within
from workers.media import Fetching
from workers.prune import Kept
from workers.reach import tracing
from workers.recorder import Recorder
from workers.relay import Errand, Relay
from workers.showing import answer_renderings
from workers.turn import Dispatcher
from workers.way import Way

DRAIN, CLOSE = 25.0, 8.0
"""Seconds the calls on the wire are given at the end, where the slowest are left to the sweep; and then the rest."""
ERRANDS, GOODBYE = 8.0, 3.0
"""Seconds for what is being fetched, called back and checked meanwhile, and for saying that this process is gone."""


def errands(pool: Pool, desks: Mapping[str, Desk], turns: Sequence[Dispatcher], outgoing: Outgoing) -> list[Errand]:
    """Give what a worker looks after: questions about channels, their comebacks, media, and a turn for each kind."""
    fetching = Fetching(pool, outgoing)

    async def fetch_and_go_on() -> None:
        while await fetching.fetch():
            for dispatcher in turns:
                await dispatcher.turn()

    answers = [partial(answer_questions, pool, desks), partial(answer_renderings, pool, desks)]
    looks = [*answers, partial(look_for_comebacks, pool, desks)]
    return [*looks, fetch_and_go_on, *(dispatcher.turn for dispatcher in turns)]


async def run(settings: Settings, stop: asyncio.Event, registry: Mapping[str, str] = KINDS) -> None:
    """Work until `stop` is set, then drain. SettingsError when a kind of channel cannot be set up."""
    database = await Database.open(settings)
    pool, outgoing, files = database.pool, Outgoing.of(settings, [tracing()]), Outgoing.of(settings)
    doorbell = Doorbell(str(settings.redis_url))
    clock, way = Clock(), Way(tell=doorbell.ring)
    desks = set_up(Tools(settings, pool, outgoing, clock), registry)
    recorder, health = Recorder(pool), Health(settings)
    turns = [Dispatcher(pool, desk, recorder, settings, way) for desk in desks.values()]
    more = [Callbacks(pool, outgoing, settings, clock).look, Alarms(pool, settings, alarm_post(settings)).look]
    more.append(Counting(desks.values()).look)
    relay = Relay(pool, [*errands(pool, desks, turns, files), *more], Kept.of(settings), clock, way)
    relay.landed = [kind for kind, desk in desks.items() if settings.spare_in_lease(desk.timeout)]
    prepare_kinds(desks)

    def hears() -> bool:
        return relay.is_warm and way.hears and not stop.is_set()

    log.info("worker.started")
    async with asyncio.TaskGroup() as group:
        jobs = [relay.run(), recorder.run(), listen(str(settings.redis_url), relay, hears), serve(settings, health)]
        tasks = [group.create_task(job) for job in jobs]
        await stop.wait()
        health.drain()
        doorbell.ring()  # what was heard last is for the others
        await asyncio.gather(relay.drain(ERRANDS), *(dispatcher.drain(DRAIN) for dispatcher in turns))
        await end(tasks)
    with contextlib.suppress(*AWAY, asyncpg.PostgresError):  # it forgets us by itself
        await within(GOODBYE, relay.leave())
    closing = (outgoing.close(), files.close(), doorbell.close(), *(desk.close() for desk in desks.values()))
    await asyncio.gather(*closing)
    await database.close()
    log.info("worker.stopped")


async def _main(settings: Settings) -> None:
    stop = asyncio.Event()

    def told() -> None:
        stop.set()
        end_within(DRAIN + CLOSE)

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told)
    await run(settings, stop)


def main() -> int:
    """Start a worker; a setting that is missing or wrong is named, exit code 2."""
    try:
        settings = load()
        configure(settings)
        uvloop.run(_main(settings))
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0
