# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Keeps programs running, and ends them in good order."""

import asyncio
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from deploy.processes import Program, kill_session, last_words

SHORT_LIFE = 5.0
SHORTEST_PAUSE, LONGEST_PAUSE = 0.1, 10.0
LOOK = 0.02
LAST_GRACE = 5.0


class GaveUpError(Exception):
    """A program cannot run at all; the text is its own last words, `code` is what we should end with."""

    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass
class Child:
    """A program that is to be running, and the process that presently is."""

    program: Program
    log: Path
    process: subprocess.Popen[bytes] | None = None
    since: int = 0

    def launch(self) -> subprocess.Popen[bytes]:
        self.since = self.log.stat().st_size if self.log.exists() else 0
        self.process = self.program.launch(self.log)
        return self.process

    def last_words(self) -> str:
        return last_words(self.log, self.since)


def pause(short_lives: int) -> float:
    """How long to wait before starting a program again, after so many lives in a row that ended soon."""
    return min(LONGEST_PAUSE, SHORTEST_PAUSE * 2.0 ** min(short_lives, 10))


async def gone(process: subprocess.Popen[bytes]) -> int:
    """Wait for the end of a process, and end what it started itself."""
    while (code := process.poll()) is None:  # noqa: ASYNC110  # Popen keeps the child with this thread
        await asyncio.sleep(LOOK)
    kill_session(process, signal.SIGKILL)
    return code


class Supervisor:
    """Starts programs in stages and ends them stage by stage, the last one first."""

    def __init__(self, logs: Path, tell: Callable[[str], None]) -> None:
        self._logs, self._tell = logs, tell
        self._stages: list[list[Child]] = []
        self._keepers: list[asyncio.Task[None]] = []
        self._stopping = False
        self._hurried = False
        self.gave_up: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def start(self, programs: Iterable[Program]) -> None:
        """Start a stage, and from now on start again what dies."""
        stage = [self._child(program) for program in programs]
        self._stages.append(stage)
        for child in stage:
            keeper = asyncio.create_task(self._keep(child, child.launch()))
            keeper.add_done_callback(self._kept)
            self._keepers.append(keeper)

    async def run(self, program: Program) -> None:
        """Run a program that ends by itself, such as the migrations."""
        child = self._child(program)
        self._stages.append([child])
        if code := await gone(child.launch()):
            raise GaveUpError(child.last_words() or f"{program.name} failed", code)

    async def until_ready(self, programs: Collection[Program], within: float) -> None:
        """Wait until these of the programs that were started answer."""
        deadline = time.monotonic() + within
        for child in [child for stage in self._stages for child in stage if child.program in programs]:
            while not child.program.is_ready():
                if time.monotonic() > deadline:
                    raise GaveUpError(f"{child.program.name} did not start: {child.last_words()}", 1)
                await asyncio.sleep(LOOK)

    async def drain(self) -> None:
        """End everything: each stage is asked, waited for, and made to end after its grace."""
        self._stopping = True
        for stage in reversed(self._stages):
            await asyncio.gather(*(self._end(child) for child in stage))
        for keeper in self._keepers:
            keeper.cancel()

    def hurry(self) -> None:
        """Wait no longer for anything that is being drained."""
        self._hurried = True

    def _child(self, program: Program) -> Child:
        return Child(program, self._logs / f"{program.name}.log")

    async def _keep(self, child: Child, process: subprocess.Popen[bytes]) -> None:
        short_lives = 0
        while True:
            began = time.monotonic()
            code = await gone(process)
            if self._stopping:
                return
            if code == child.program.bad_setting:
                raise GaveUpError(child.last_words() or f"{child.program.name} refuses its settings", code)
            short_lives = short_lives + 1 if time.monotonic() - began < SHORT_LIFE else 0
            self._tell(f"{child.program.name} ended ({code}) and is started again; its log is {child.log}")
            await asyncio.sleep(pause(short_lives))
            if self._stopping:
                return
            process = child.launch()

    def _kept(self, keeper: asyncio.Task[None]) -> None:
        error = None if keeper.cancelled() else keeper.exception()
        if error is not None and not self.gave_up.done():
            self.gave_up.set_exception(error)

    async def _end(self, child: Child) -> None:
        process = child.process
        if process is None or process.poll() is not None:
            return
        process.send_signal(child.program.stop_signal)
        deadline = time.monotonic() + child.program.grace
        while process.poll() is None and time.monotonic() < deadline and not self._hurried:  # noqa: ASYNC110  # see gone
            await asyncio.sleep(LOOK)
        if process.poll() is None:
            self._tell(f"{child.program.name} is made to end")
            kill_session(process, child.program.last_signal)
        try:
            await asyncio.wait_for(gone(process), LAST_GRACE)
        except TimeoutError:
            kill_session(process, signal.SIGKILL)
