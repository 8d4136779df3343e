# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Run the sandbox: `python -m deploy.sandbox_wechat --port 8083`."""

import argparse
import asyncio
import re
import signal
import sys
from pathlib import Path

import uvloop

from deploy.sandbox.control import is_loopback
from deploy.sandbox_wechat.rules import APP_ID, PROFILES, SECRET, Rules
from deploy.sandbox_wechat.sandbox import WeChat

REAL_SECRET = re.compile(r"[0-9a-f]{32}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.sandbox_wechat", description=__doc__)
    parser.add_argument("--port", type=int, default=8083)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--app-id", default=APP_ID)
    parser.add_argument("--secret", default=SECRET, help="what the account must use (default: %(default)s)")
    parser.add_argument("--profile", choices=PROFILES, default="overseas_service")
    parser.add_argument("--name", default="Comune di Esempio", help="of the account")
    parser.add_argument("--journal", type=Path, help="append every call as one JSON line to this file")
    parser.add_argument("--callback", help="where events go")
    parser.add_argument("--callback-token", default="sandbox")
    parser.add_argument("--callback-aes-key", help="43 letters: events are sealed")
    parser.add_argument("--rest", type=float, help="seconds before a clientmsgid may come again")
    parser.add_argument("--seed", type=int, default=0, help="of the dice of faults that happen by chance")
    parser.add_argument(
        "--force", action="store_true", help="listen beyond this machine, or take a real-looking secret"
    )
    return parser.parse_args()


def check_harmless(options: argparse.Namespace) -> None:
    """Stop what would expose the sandbox, or hand a real account's secret to it by mistake."""
    if options.force:
        return
    if not is_loopback(options.host):
        sys.exit(f"sandbox: {options.host} is reachable from other machines; --force if that is meant")
    if REAL_SECRET.fullmatch(options.secret):
        sys.exit("sandbox: that secret looks like a real account's; use another one, or --force")


async def run(options: argparse.Namespace) -> None:
    rules = Rules()
    rules.clientmsgid_rest = rules.clientmsgid_rest if options.rest is None else options.rest
    started = await WeChat.start(
        port=options.port,
        host=options.host,
        rules=rules,
        journal=options.journal,
        forced=options.force,
        seed=options.seed,
        app_id=options.app_id,
        secret=options.secret,
    )
    started.account.profile_name, started.account.name = options.profile, options.name
    callback = started.post.callback
    callback.url, callback.token, callback.aes_key = options.callback, options.callback_token, options.callback_aes_key
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    print(f"WeChat sandbox: {started.url}  (app id {options.app_id})", flush=True)
    await stop.wait()
    await started.stop()


if __name__ == "__main__":
    chosen = arguments()
    check_harmless(chosen)
    uvloop.run(run(chosen))
