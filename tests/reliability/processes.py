# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The processes that a test ends, stops and starts again: workers, and the Telegram they speak to."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from aiohttp import ClientSession
from yarl import URL

from deploy.checker import Entry, read_journal

HERE = Path(__file__).parents[2]
SANDBOX = (sys.executable, "-m", "deploy.sandbox", "--port", "0", "--open-chats", "--standstills")


class Nursery:
    """The one process of a test run that all others of the product are forked from."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / "nursery.py")],
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def fork(self, order: Mapping[str, Any]) -> int:
        return int(self._told(order))

    def status_of(self, pid: int) -> int | None:
        """Give the exit code of one of its children, or minus the signal; None where it is not known to have ended."""
        status: int | None = json.loads(self._told({"ended": pid}))
        return status

    def _told(self, order: Mapping[str, Any]) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()

    def close(self) -> None:
        self._process.communicate(timeout=300)


class Processes:
    """Real processes of one module; `code` is the checkout that they run."""

    def __init__(
        self,
        nursery: Nursery,
        environment: Mapping[str, str],
        log: Path,
        code: Path = HERE,
        command: Sequence[str] = ("workers",),
    ) -> None:
        self.running: list[int] = []
        self.log = log
        self._nursery = nursery
        module, *arguments = command
        same = {"environment": dict(environment), "log": str(log), "code": str(code)}
        self._order: dict[str, Any] = {**same, "module": module, "arguments": arguments}

    def start(self, many: int = 1) -> Self:
        self.running += [self._nursery.fork(self._order) for _ in range(many)]
        return self

    def otherwise(self, module: str, **environment: str) -> "Processes":
        """Give processes of another module, with more in their environment and all else the same."""
        more = {**self._order["environment"], **environment}
        return Processes(self._nursery, more, self.log, Path(self._order["code"]), (module,))

    def kill(self, pid: int) -> None:
        """End it as a power cut would."""
        self.running.remove(pid)
        os.kill(pid, signal.SIGKILL)

    def ask_to_end(self, pid: int) -> None:
        self.running.remove(pid)
        os.kill(pid, signal.SIGTERM)

    def status_of(self, pid: int) -> int | None:
        return self._nursery.status_of(pid)

    def close(self) -> None:
        for pid in self.running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


class Telegram:
    """The sandbox in a process of its own, driven over its control API; its journal is the truth."""

    def __init__(self, directory: Path, *options: str) -> None:
        self.journal = directory / "journal.jsonl"
        self._process = subprocess.Popen(
            [*SANDBOX, "--journal", str(self.journal), *options],
            cwd=HERE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        words = self._process.stdout.readline().split()
        self.url, self.token = words[2], words[-1].rstrip(")")
        self._session = ClientSession(self.url)

    async def close(self) -> None:
        await self._session.close()
        self._process.terminate()
        self._process.wait(300)  # a long journal is a long way to the end

    async def fault(self, kind: str, chat: int | None = None, method: str | None = "sendMessage", **more: Any) -> None:
        await self._post("faults", {"kind": kind, "chat": chat, "method": method, **more})

    async def faults(self, rows: list[dict[str, Any]]) -> None:
        await self._post("faults", rows)

    async def calm(self) -> None:
        async with self._session.delete("/sandbox/faults") as answer:
            answer.raise_for_status()

    async def chat(self, number: int, **members: Any) -> None:
        await self._post("chats", {"id": number, **members})

    async def person(self, chat: int, deed: str, **figures: Any) -> Any:
        return (await self._post(f"chats/{chat}/{deed}", figures))["result"]

    async def away(self, seconds: float) -> None:
        """Let nobody reach it for so many seconds, which have begun when this returns."""
        await self._post("away", {"seconds": seconds})
        over = time.monotonic() + seconds
        while await self._is_reached() and time.monotonic() < over:  # noqa: ASYNC110 - another process tells of nothing
            await asyncio.sleep(0.01)

    async def _is_reached(self) -> bool:
        url = URL(self.url)
        try:
            _, writer = await asyncio.open_connection(url.host, url.port)
        except OSError:
            return False
        writer.close()
        return True

    async def shows(self, chat: int) -> list[str]:
        """Give what people read in a chat."""
        async with self._session.get(f"/sandbox/chats/{chat}/messages") as answer:
            return [message["text"] for message in json.loads(await answer.text()) if message.get("text")]

    async def found(self, chat: int, word: str) -> list[str]:
        """Give the numbers of the posts in which a person reads a word."""
        async with self._session.get(f"/sandbox/chats/{chat}/messages?limit=10000") as answer:
            shown = json.loads(await answer.text())
        return [str(message["id"]) for message in shown if word in (message.get("text") or "")]

    def entries(self) -> list[Entry]:
        return read_journal(self.journal) if self.journal.exists() else []

    def posts(self) -> list[Entry]:
        return [entry for entry in self.entries() if entry.is_post]

    async def _post(self, path: str, body: Any) -> Any:
        async with self._session.post(f"/sandbox/{path}", json=body) as answer:
            assert answer.ok, await answer.text()
            return json.loads(await answer.text())
