# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""./dev up: everything that Campanella needs, kept running until Ctrl-C."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg

from deploy.binaries import NotFoundError, Provider
from deploy.plan import FRESH, Plan, SettingError, plan
from deploy.postgres import ClusterError
from deploy.server import Server
from deploy.state import CHECKOUT, State, StateError
from deploy.supervisor import GaveUpError, Supervisor
from deploy.terminal import follow, tell

PORT = 8080
HIGHEST_PORT = 65_532  # the sandboxes and the receiver take the next three
PATIENCE = 60
SENTENCES = (NotFoundError, StateError, ClusterError, PermissionError)
Story = Callable[[Plan], Awaitable[int]]
"""What happens once everything runs; the exit code when it is over."""


def arguments(description: str) -> argparse.ArgumentParser:
    """Give the options that up and demo share; the description begins with the command."""
    parser = argparse.ArgumentParser(prog=description.partition(":")[0], description=description)
    parser.add_argument("--port", type=_port, default=PORT, help=f"of the API (default {PORT})")
    parser.add_argument("--host", default="127.0.0.1", help="address the API listens on (default 127.0.0.1)")
    parser.add_argument("--servers", type=Provider, default=Provider.EMBEDDED, help="embedded (default) or system")
    parser.add_argument("--state", type=Path, default=CHECKOUT / ".state", help="where data, keys and logs are kept")
    parser.add_argument("--verbose", action="store_true", help="show what every program logs")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"a port is a number from 1 to {HIGHEST_PORT}")
    return int(text)


def run(options: argparse.Namespace, story: Story, *, fresh: bool = False, if_stopped: int = 0) -> int:
    """Bring everything up, let the story happen, drain; returns the exit code, `if_stopped` when we were told to."""
    state = State(options.state.resolve())
    try:
        with state.held():
            made = plan(state, options.servers, options.host, options.port, fresh=fresh)
            code = asyncio.run(_supervised(made, story, verbose=options.verbose))
            return if_stopped if code is None else code
    except (SettingError, GaveUpError) as error:
        tell(str(error))
        return error.code if isinstance(error, GaveUpError) else 2
    except SENTENCES as error:
        tell(str(error))
        return 1


async def _supervised(made: Plan, story: Story, *, verbose: bool) -> int | None:
    logs = made.state.logs()
    supervisor = Supervisor(logs, tell)
    stop = _asked_to_stop(supervisor)
    following = asyncio.create_task(follow(logs)) if verbose else None
    work = asyncio.create_task(_work(made, supervisor, story))
    try:
        ends: set[asyncio.Future[Any]] = {work, stop, supervisor.gave_up}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if supervisor.gave_up.done():
            supervisor.gave_up.result()
        return work.result() if work.done() else None
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        tell("Stopping: the API and the workers finish what they have begun. (Ctrl-C again: at once.)")
        await supervisor.drain()
        if following:
            following.cancel()


async def _work(made: Plan, supervisor: Supervisor, story: Story) -> int:
    """Start everything at once: reading the programs takes longest, and they bear it that the database is not ready."""
    stand_ins, api = made.stand_ins(), made.api()
    for stage in (made.servers, stand_ins, [api, *made.workers()]):
        supervisor.start(stage)
    await supervisor.until_ready(made.servers, PATIENCE)
    if made.postgres:
        await _create_database(made.postgres, made.database, fresh=made.fresh)
    await supervisor.run(made.migrate())
    await supervisor.until_ready([*stand_ins, api], PATIENCE)
    return await story(made)


async def _create_database(postgres: Server, name: str, *, fresh: bool) -> None:
    """Make a database if it is not there; a fresh one takes the place of those that earlier runs made."""
    connection = await asyncpg.connect(postgres.url("postgres"))
    try:
        present = {row["datname"] for row in await connection.fetch("select datname from pg_database")}
        if name not in present:
            await connection.execute(f"create database {name}")
        for earlier in present if fresh else ():
            if earlier.startswith(f"{FRESH}_"):
                await connection.execute(f"drop database {earlier} with (force)")
    finally:
        await connection.close()


def _asked_to_stop(supervisor: Supervisor) -> asyncio.Future[None]:
    """Return what is done at the first signal to stop; a further Ctrl-C hurries."""
    asked: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def ask(how: signal.Signals) -> None:
        if not asked.done():
            asked.set_result(None)
        elif how is signal.SIGINT:
            supervisor.hurry()

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(each, ask, each)
    return asked


async def _stay(made: Plan) -> int:
    """Say where everything is, and stay until somebody stops us."""
    tell("Campanella is up. Ctrl-C ends it.")
    tell_addresses(made)
    await asyncio.Event().wait()
    return 0


def tell_addresses(made: Plan) -> None:
    tell(f"  API docs      {made.api_url}/docs")
    if made.sandbox_url:
        tell(f"  Telegram page {made.sandbox_url}/")
    if made.wechat_url:
        tell(f"  WeChat page   {made.wechat_url}/")
    if made.receiver_url:
        tell(f"  webhooks      {made.receiver_url}/")
    tell(f"  noticeboard   {made.api_url}/bacheca")
    tell(f"  metrics       {made.api_url}/metrics")
    if made.new_admin_key:
        tell(f"  operator key  {made.new_admin_key}  (made now, kept in .state/admin-key)")


def main() -> int:
    return run(arguments(__doc__ or "").parse_args(), _stay)


if __name__ == "__main__":
    sys.exit(main())
