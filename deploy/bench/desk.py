# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Other senders that are given one notice after the other while time goes by, as a source gives them to ours."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from deploy.bench.ground import Ground
from deploy.bench.journal import Account
from deploy.bench.place import REAL, TOKEN, Limits, Telegram, telegram
from deploy.bench.rivals import BrokenError, SkippedError, broke
from deploy.processes import last_words

READY = b"ready\n"
STARTS_WITHIN = 60.0
ENDS_WITHIN = 10.0
T = TypeVar("T")


class Desk(Protocol):
    """Where a sender takes notices."""

    @property
    def pid(self) -> int:
        """The process that sends."""

    async def hand_in(self, chats: Sequence[int], text: str) -> None:
        """Return when the sender has it, not when it has sent it."""

    async def finish(self, patience: float) -> None:
        """Say that this was all; return when it has nothing more to do, or after so many seconds."""


Opening = Callable[[Ground, Telegram, Sequence[int]], AbstractAsyncContextManager[Desk]]
"""Starts a sender that is to know these chats; raises SkippedError or BrokenError where it cannot."""


@dataclass(frozen=True, slots=True)
class Handed:
    """What was on its way to a sender at a moment of this machine's monotonic clock."""

    moment: float
    chats: Sequence[int]
    text: str


@dataclass
class Counter:
    """A sender beside its own Telegram, and what it has been given."""

    there: Telegram
    desk: Desk
    handed: list[Handed] = field(default_factory=list)

    async def hand_in(self, chats: Sequence[int], text: str) -> None:
        self.handed.append(Handed(time.monotonic(), chats, text))
        await self.desk.hand_in(chats, text)

    @property
    def owed(self) -> int:
        return sum(len(one.chats) for one in self.handed)

    def waits_of(self, words: str) -> list[float]:
        """Give the seconds from handing in to the first post, of each notice with these words that was posted."""
        posts = self.account().posts
        wanted = [one for one in self.handed if words in one.text]
        came = [next((post.monotonic for post in posts if one.text in (post.text or "")), None) for one in wanted]
        return [moment - one.moment for one, moment in zip(wanted, came, strict=True) if moment is not None]

    def account(self, mark: int = 0) -> Account:
        return self.there.journal.since(mark)


async def each(
    ground: Ground,
    openings: Mapping[str, Opening],
    chats: Sequence[int],
    scene: Callable[[Counter], Awaitable[T]],
    limits: Limits = REAL,
) -> tuple[dict[str, T], list[str]]:
    """Let each sender play a scene, one after the other; say aloud which could not, and why."""
    found, remarks = dict[str, T](), list[str]()
    for name, opening in openings.items():
        try:
            found[name] = await alone(ground, opening, chats, scene, limits)
        except SkippedError as error:
            remarks.append(str(error))
        except Exception as error:  # noqa: BLE001 - whatever breaks one, the others are measured
            remarks.append(broke(name, error))
    return found, remarks


async def alone(
    ground: Ground,
    opening: Opening,
    chats: Sequence[int],
    scene: Callable[[Counter], Awaitable[T]],
    limits: Limits,
) -> T:
    """Give a sender a Telegram of its own; one that reached nobody did not run."""
    async with telegram(ground, limits, "--ignore-unknown") as there, opening(ground, there, chats) as desk:
        counter = Counter(there, desk)
        done = await scene(counter)
        if not counter.account().posts:
            raise BrokenError(counter.account().first_refusal())
        return done


@dataclass
class Piped:
    """A program that takes a notice a line, and ends after the last."""

    process: asyncio.subprocess.Process

    @property
    def pid(self) -> int:
        return self.process.pid

    async def hand_in(self, chats: Sequence[int], text: str) -> None:
        """Write it where the program reads: what it has not read yet is its queue."""
        self._stdin.write(json.dumps([list(chats), text]).encode() + b"\n")

    async def finish(self, patience: float) -> None:
        self._stdin.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.process.wait(), patience)

    @property
    def _stdin(self) -> asyncio.StreamWriter:
        if self.process.stdin is None:
            raise BrokenError("it was started without standard input")
        return self.process.stdin


@asynccontextmanager
async def piped(log: Path, there: Telegram, words: Sequence[str], **order: Any) -> AsyncIterator[Piped]:
    """Start a program, tell it where its Telegram is, wait until it says that it is ready, and end it."""
    pipe = asyncio.subprocess.PIPE
    with log.open("ab") as lines:
        process = await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe, stderr=lines)
    made = Piped(process)
    try:
        made._stdin.write(json.dumps({"url": there.url, "token": TOKEN, **order}).encode() + b"\n")  # noqa: SLF001
        if not await _is_ready(process):
            raise BrokenError(last_words(log) or f"nothing within {STARTS_WITHIN:.0f} s")
        yield made
        if process.returncode:
            raise BrokenError(f"exit code {process.returncode}: {last_words(log)}")
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _is_ready(process: asyncio.subprocess.Process) -> bool:
    if process.stdout is None:
        return False
    with contextlib.suppress(TimeoutError):
        return await asyncio.wait_for(process.stdout.readline(), STARTS_WITHIN) == READY
    return False
