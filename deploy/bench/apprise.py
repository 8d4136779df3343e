# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Apprise as a rival, in an environment of its own that is made at the first use."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import groupby
from pathlib import Path

from deploy.bench.desk import Desk, piped
from deploy.bench.ground import Ground
from deploy.bench.place import TOKEN, Telegram
from deploy.bench.rivals import Calls, SkippedError, told
from deploy.state import CHECKOUT

VERSION = "2.2.0"
ENVIRONMENT = CHECKOUT / ".state" / f"apprise-{VERSION}"
# Telegram's address is a constant of the plugin. Nothing else is changed.
PROGRAM = """
import json, sys
from apprise import Apprise
from apprise.plugins import telegram

order = json.load(sys.stdin)
telegram.NotifyTelegram.notify_url = order["url"] + "/bot"
for chats, text in order["notices"]:
    sender = Apprise()
    if not sender.add(f"tgram://{order['token']}/{'/'.join(map(str, chats))}/{order['options']}"):
        sys.exit("the address was not understood")
    sender.notify(body=text)
"""
# Each notice in a thread of its own, as in the service that its makers offer around it: none waits for another.
AS_THEY_COME = """
import json, sys, threading
from apprise import Apprise
from apprise.plugins import telegram

order = json.loads(sys.stdin.readline())
telegram.NotifyTelegram.notify_url = order["url"] + "/bot"

def notify(chats, text):
    sender = Apprise()
    sender.add(f"tgram://{order['token']}/{'/'.join(map(str, chats))}/{order['options']}")
    sender.notify(body=text)

print("ready", flush=True)
for line in sys.stdin:
    threading.Thread(target=notify, args=json.loads(line)).start()
"""
RETRIES = "?retry=10&wait=1"
WITH_RETRIES = f"Apprise, {RETRIES[1:]}"
_making = asyncio.Lock()


async def as_it_comes(telegram: Telegram, calls: Calls, patience: float) -> None:
    await _notify(telegram, calls, "", patience)


async def with_retries(telegram: Telegram, calls: Calls, patience: float) -> None:
    await _notify(telegram, calls, RETRIES, patience)


@asynccontextmanager
async def desk(ground: Ground, telegram: Telegram, chats: Sequence[int]) -> AsyncIterator[Desk]:  # noqa: ARG001
    async with _running(ground, telegram, "") as opened:
        yield opened


@asynccontextmanager
async def patient_desk(ground: Ground, telegram: Telegram, chats: Sequence[int]) -> AsyncIterator[Desk]:  # noqa: ARG001
    async with _running(ground, telegram, RETRIES) as opened:
        yield opened


@asynccontextmanager
async def _running(ground: Ground, telegram: Telegram, options: str) -> AsyncIterator[Desk]:
    words = [str(await _python()), "-c", AS_THEY_COME]
    async with piped(ground.file("apprise.log"), telegram, words, options=options) as opened:
        yield opened


async def _notify(telegram: Telegram, calls: Calls, options: str, patience: float) -> None:
    """One notification for each text, to all its chats."""
    python = await _python()
    notices = [[[chat for chat, _ in same], text] for text, same in groupby(calls, key=lambda call: call[1])]
    given = {"url": telegram.url, "token": TOKEN, "notices": notices, "options": options}
    await told([str(python), "-c", PROGRAM], given, patience)


async def _python() -> Path:
    python, stamp = ENVIRONMENT / "bin" / "python", ENVIRONMENT / "complete"
    async with _making:
        if not stamp.exists():
            await _run(sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT))
            await _run(str(python), "-m", "pip", "install", "-q", "--retries", "1", f"apprise=={VERSION}")
            stamp.touch()
    return python


async def _run(*words: str) -> None:
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*words, stdin=quiet, stdout=quiet, stderr=quiet)
    if await process.wait():
        raise SkippedError(f"Apprise {VERSION} could not be installed here, so it is not in the table.")
