# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Run the sandbox: `python -m deploy.sandbox --port 8081`."""

import argparse
import asyncio
import json
import re
import signal
import sys
from pathlib import Path

import uvloop

from deploy.sandbox.control import is_loopback
from deploy.sandbox.limits import Limits
from deploy.sandbox.sandbox import TOKEN, Sandbox
from deploy.sandbox.standstill import watch

REAL_TOKEN = re.compile(r"\d{6,}:[A-Za-z0-9_-]{35}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--token", default=TOKEN, help="the token the bot must use (default: %(default)s)")
    parser.add_argument("--journal", type=Path, help="append every call as one JSON line to this file")
    parser.add_argument("--standstills", action="store_true", help="journal when this process stood still, too")
    parser.add_argument("--per-second", type=float, default=30, help="writes of the bot; 0 is no limit")
    parser.add_argument("--chat-per-second", type=float, default=1, help="writes to one chat; 0 is no limit")
    parser.add_argument("--group-per-minute", type=float, default=20, help="writes to one group or channel")
    parser.add_argument("--slack", type=float, default=0.0, help="seconds by which the windows are shorter")
    parser.add_argument("--chats", type=Path, help="a JSON list of chats: id, type, title, username, rights, member")
    parser.add_argument("--open-chats", action="store_true", help="make unknown chats when they are first used")
    parser.add_argument("--ignore-unknown", action="store_true", help="ignore unknown parameters, as Telegram does")
    parser.add_argument("--seed", type=int, default=0, help="of the dice of faults that happen by chance")
    parser.add_argument("--force", action="store_true", help="listen beyond this machine, or take a real-looking token")
    return parser.parse_args()


def check_harmless(options: argparse.Namespace) -> None:
    """Stop what would expose the sandbox, or hand a real bot's token to it by mistake."""
    if options.force:
        return
    if not is_loopback(options.host):
        sys.exit(f"sandbox: {options.host} is reachable from other machines; --force if that is meant")
    if REAL_TOKEN.fullmatch(options.token) and "SANDBOX" not in options.token:
        sys.exit("sandbox: that token looks like a real bot's; use one with SANDBOX in it, or --force")


async def run(options: argparse.Namespace) -> None:
    limits = Limits(options.per_second, options.chat_per_second, options.group_per_minute, options.slack)
    sandbox = await Sandbox.start(
        port=options.port,
        host=options.host,
        limits=limits,
        journal=options.journal,
        forced=options.force,
        token=options.token,
        open_chats=options.open_chats,
        ignores_unknown=options.ignore_unknown,
        seed=options.seed,
    )
    for chat in json.loads(options.chats.read_text("utf-8")) if options.chats else []:
        sandbox.add_chat(**chat)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    print(f"Telegram sandbox: {sandbox.url}  (token {sandbox.token})", flush=True)
    watching = [asyncio.create_task(watch(sandbox.record))] if options.standstills else []
    await stop.wait()
    for task in watching:
        task.cancel()
    await sandbox.stop()


if __name__ == "__main__":
    chosen = arguments()
    check_harmless(chosen)
    uvloop.run(run(chosen))
