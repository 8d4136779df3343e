# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Prometheus's Alertmanager as a rival, where Debian's package is installed: one alert for each call."""

import asyncio
import contextlib
import json
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

from deploy.bench.desk import Desk
from deploy.bench.ground import Ground
from deploy.bench.journal import LINGER
from deploy.bench.place import TOKEN, Telegram
from deploy.bench.rivals import BrokenError, Calls, SkippedError
from deploy.processes import free_port, last_words

PROGRAM = "prometheus-alertmanager"
PATIENCE = 15


async def alerts(telegram: Telegram, calls: Calls, patience: float) -> None:
    """Give it an alert for each call, and wait until all have arrived or patience is over."""
    with _storage() as directory:
        async with _running(telegram, calls, directory) as running:
            await _hand_in(running.url, calls)
            await _until_over(telegram, len(calls), patience)


async def killed(telegram: Telegram, calls: Calls, patience: float) -> None:
    """As above, but kill it when the first have arrived, and start it again on the same storage."""
    with _storage() as directory:
        async with _running(telegram, calls, directory) as running:
            await _hand_in(running.url, calls)
            await telegram.journal.until_posts(1, 0, patience)
        async with _running(telegram, calls, directory):
            await _until_over(telegram, len(calls), patience)


async def _until_over(telegram: Telegram, owed: int, patience: float) -> None:
    """Wait for as many posts as are owed, since it does not tell when it is done; and a little longer, for copies."""
    await telegram.journal.until_posts(owed, 0, patience)
    await asyncio.sleep(LINGER)


@contextlib.contextmanager
def _storage() -> Iterator[Path]:
    if shutil.which(PROGRAM) is None:
        raise SkippedError(f"Alertmanager is not installed (Debian: {PROGRAM}), so it is not in the table.")
    with tempfile.TemporaryDirectory() as directory:
        yield Path(directory)


async def _hand_in(url: str, calls: Calls) -> None:
    """Give it an alert for each call; each is answered with 200."""
    async with aiohttp.ClientSession() as session:
        for number, call in enumerate(calls):
            await _post(session, url, [_alert(number, *call)])


def _alert(number: int, chat: int, text: str) -> dict[str, Any]:
    return {"labels": {"alertname": f"n{number:05}", "chat": str(chat)}, "annotations": {"text": text}}


async def _post(session: aiohttp.ClientSession, url: str, alerts: Sequence[dict[str, Any]]) -> None:
    async with session.post(f"{url}/api/v2/alerts", json=alerts) as response:
        response.raise_for_status()


@dataclass(frozen=True, slots=True)
class Running:
    """Where a running Alertmanager takes alerts, and its process."""

    url: str
    pid: int


@dataclass
class Alerts:
    """A running Alertmanager that is told of an alert for each chat of a notice."""

    telegram: Telegram
    session: aiohttp.ClientSession
    running: Running
    numbers: Iterator[int] = field(default_factory=count)
    owed: int = 0

    @property
    def pid(self) -> int:
        return self.running.pid

    async def hand_in(self, chats: Sequence[int], text: str) -> None:
        self.owed += len(chats)
        await _post(self.session, self.running.url, [_alert(next(self.numbers), chat, text) for chat in chats])

    async def finish(self, patience: float) -> None:
        await _until_over(self.telegram, self.owed, patience)


@contextlib.asynccontextmanager
async def desk(ground: Ground, telegram: Telegram, chats: Sequence[int]) -> AsyncIterator[Desk]:  # noqa: ARG001
    with _storage() as directory:
        calls = [[chat, ""] for chat in chats]
        async with _running(telegram, calls, directory) as running, aiohttp.ClientSession() as session:
            yield Alerts(telegram, session, running)


@contextlib.asynccontextmanager
async def _running(telegram: Telegram, calls: Calls, directory: Path) -> AsyncIterator[Running]:
    port, file = free_port(), directory / "alertmanager.yml"
    file.write_text(json.dumps(_configuration(telegram, calls)), encoding="utf-8")  # JSON is YAML, too
    words = [f"--config.file={file}", f"--storage.path={directory}", f"--web.listen-address=127.0.0.1:{port}"]
    log = directory / "log"
    with log.open("ab") as lines:
        process = await asyncio.create_subprocess_exec(
            PROGRAM, *words, "--cluster.listen-address=", stdout=lines, stderr=lines
        )
    try:
        if not await _is_ready(process, f"http://127.0.0.1:{port}"):
            raise BrokenError(last_words(log))
        yield Running(f"http://127.0.0.1:{port}", process.pid)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()  # as a power cut would
        await process.wait()


async def _is_ready(process: asyncio.subprocess.Process, url: str) -> bool:
    """Wait until it answers; False when it has ended, or patience has."""
    deadline = time.monotonic() + PATIENCE
    async with aiohttp.ClientSession() as session:
        while process.returncode is None and time.monotonic() < deadline:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"{url}/-/ready") as response:
                    if response.ok:
                        return True
            await asyncio.sleep(0.1)
    return False


def _configuration(telegram: Telegram, calls: Calls) -> dict[str, Any]:
    """A receiver for each chat, a group for each alert, nothing held back."""
    chats = sorted({chat for chat, _ in calls})
    receivers = [{"name": str(chat), "telegram_configs": [_receiver(telegram, chat)]} for chat in chats]
    routes = [{"receiver": str(chat), "matchers": [f'chat="{chat}"']} for chat in chats]
    waits = {"group_by": ["alertname"], "group_wait": "0s", "group_interval": "1s", "repeat_interval": "1h"}
    return {"route": {"receiver": str(chats[0]), "routes": routes, **waits}, "receivers": receivers}


def _receiver(telegram: Telegram, chat: int) -> dict[str, Any]:
    message = "{{ (index .Alerts 0).Annotations.text }}"
    return {"api_url": telegram.url, "bot_token": TOKEN, "chat_id": chat, "message": message, "parse_mode": ""}
