# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The sandbox's journal as the measuring rod: what arrived there, when, and what became of it."""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

LOOK_EVERY = 0.05
LINGER = 2.0
"""Seconds after the end until copies and refusals are counted: longer than a worker's tick and than a chat's second, so
that whoever still has a copy, or is refused one, has sent it by then."""
ACCEPTED = b'"did":"accepted"'
TOO_MANY_REQUESTS = 429


class Arrival(msgspec.Struct):
    """One call as the sandbox saw it; `monotonic` is this machine's clock, the same in every process."""

    monotonic: float
    method: str
    did: str
    chat: int | str | None = None
    text: str | None = None
    code: int | None = None
    description: str | None = None


LINES = msgspec.json.Decoder(Arrival)


@dataclass(frozen=True, slots=True)
class Account:
    """All that arrived since a mark."""

    arrivals: tuple[Arrival, ...]

    @property
    def posts(self) -> list[Arrival]:
        return [one for one in self.arrivals if one.did == "accepted" and one.method == "sendMessage"]

    @property
    def refusals(self) -> int:
        return sum(one.code == TOO_MANY_REQUESTS for one in self.arrivals)

    @property
    def moments(self) -> list[float]:
        return sorted(post.monotonic for post in self.posts)

    def moment_of(self, number: int) -> float:
        """Say when the post of this number came, or the last of fewer: what comes later is counted, and not timed."""
        return self.moments[:number][-1] if self.posts else math.nan

    def first_refusal(self) -> str:
        """Say how many calls came, and what was said to the first that was refused."""
        said = next(
            (f"; the first was refused: {one.description}" for one in self.arrivals if one.did == "refused"), ""
        )
        return f"{len(self.arrivals)} calls came{said}"

    def reached(self) -> int:
        """Count the pairs of chat and text that are there at least once."""
        return len(self._copies())

    def doubles(self) -> int:
        return sum(copies - 1 for copies in self._copies().values())

    def _copies(self) -> Counter[tuple[int | str | None, str | None]]:
        return Counter((post.chat, post.text) for post in self.posts)


@dataclass(frozen=True, slots=True)
class Journal:
    path: Path

    def mark(self) -> int:
        """Name this moment, for a later look at what came after it."""
        return self.path.stat().st_size if self.path.exists() else 0

    def since(self, mark: int = 0) -> Account:
        return Account(tuple(LINES.decode_lines(self._whole_lines(mark))))

    async def until_posts(self, many: int, mark: int, patience: float, ended: Callable[[], bool] | None = None) -> bool:
        """Wait until so many calls were accepted since the mark; False when patience is over or all has ended."""
        deadline, seen, place = time.monotonic() + patience, 0, mark
        while time.monotonic() < deadline:
            is_last_look = ended is not None and ended()
            new = self._whole_lines(place)
            seen, place = seen + new.count(ACCEPTED), place + len(new)
            if seen >= many:
                return True
            if is_last_look:
                return False
            await asyncio.sleep(LOOK_EVERY)
        return False

    def _whole_lines(self, mark: int) -> bytes:
        if not self.path.exists():
            return b""
        with self.path.open("rb") as lines:
            lines.seek(mark)
            whole, newline, _ = lines.read().rpartition(b"\n")
        return whole + newline
