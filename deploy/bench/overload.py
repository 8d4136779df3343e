# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Three times as many notices as can be accepted: what is answered, how soon, whether anything is lost or grows."""

import asyncio
import contextlib
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.database import Pool
from deploy.bench.accept import Round, Target
from deploy.bench.city import add_chats, new_key, notice_json
from deploy.bench.figure import Figure, Measured, at_most, exactly, quantile
from deploy.bench.ground import Ground
from deploy.bench.place import NONE, place
from deploy.bench.rivals import answered
from deploy.bench.size import Size
from deploy.processes import free_port

FLOOD = (sys.executable, "-m", "deploy.bench.flood")
TIMES = 3
SHARES = {"urgent": 0.05, "normal": 0.6, "bulk": 0.35}
CONNECTIONS = 4000
"""More than are ever needed while everybody is answered soon."""
PATIENCE = 60.0
OWED = 3
ANSWERS = {"202", "429", "503"}
LOOK = 0.2
STORED = "select event_id from notice where event_id like 'flood/%'"
MEBI = 1024


@dataclass(frozen=True, slots=True)
class Flooded:
    """What a flood came to; seconds of the accepted and of the refused, and numbers of notices.

    `capacity`: accepted per second, and `usual`: the p99, before it. `lost`: answered with 202 and not stored.
    `memory`: MiB of the API process, before and at the most.
    """

    capacity: float
    usual: float
    rate: float
    elapsed: float
    statuses: Mapping[str, Mapping[str, int]]
    accepted: list[float]
    urgent: list[float]
    refused: list[float]
    late: list[float]
    connections: int
    unanswered: int
    lost: int
    memory: tuple[float, float]

    @property
    def counts(self) -> Counter[str]:
        """How often each status was answered, in all lanes."""
        return sum((Counter(each) for each in self.statuses.values()), Counter())


@dataclass
class Memory:
    """What one process holds, looked at again and again."""

    process: int
    most: float = field(default=0.0)

    def now(self) -> float:
        """Give the MiB that are resident, without pages of other files that it shares."""
        lines = Path(f"/proc/{self.process}/status").read_text(encoding="utf-8").splitlines()
        return int(next(line for line in lines if line.startswith("RssAnon")).split()[1]) / MEBI

    async def watch(self) -> None:
        while True:
            self.most = max(self.most, self.now())
            await asyncio.sleep(LOOK)


async def flooded(ground: Ground, seconds: float) -> Flooded:
    """Find out what one API process can do, then ask it for three times that.

    This is the load and what came of it, not the bench: the night's test of R-14 (tests/api/test_overload.py) lets it
    loose, too, and judges what was answered, stored and held. The figures and their aims (`measure`) no test runs.
    """
    async with place(ground, NONE, {"CAMPANELLA_SHED_AFTER": "0.25"}) as there:
        await add_chats(there.pool, "famiglie", OWED)
        port = free_port()
        api = there.api_on(port)
        target = Target(port, "/v1/notices", await new_key(there, f"http://127.0.0.1:{port}"), api)
        await target.round(1000, "warm")
        rounds = [await target.round(1500, f"capacity-{number}") for number in range(3)]
        memory = Memory(api.process.pid if api.process else 0)
        before = memory.now()
        async with watched(memory):
            said = await _flood(target, TIMES * max(each.per_second for each in rounds), seconds)
        stored = await _stored(there.pool)
    return _found(said, stored, rounds, (before, memory.most))


def _found(said: dict[str, Any], stored: set[int], rounds: Sequence[Round], memory: tuple[float, float]) -> Flooded:
    capacity = max(each.per_second for each in rounds)
    lanes: dict[str, Any] = said["lanes"]
    return Flooded(
        capacity=capacity,
        usual=quantile([second for each in rounds for second in each.seconds], 0.99),
        rate=TIMES * capacity,
        elapsed=said["elapsed"],
        statuses={lane: each["statuses"] for lane, each in lanes.items()},
        accepted=[second for each in lanes.values() for second in each["accepted"]],
        urgent=lanes["urgent"]["accepted"],
        refused=[second for each in lanes.values() for second in each["refused"]],
        late=said["late"],
        connections=said["connections"],
        unanswered=said["unanswered"],
        lost=len(set(said["taken"]) - stored),
        memory=memory,
    )


@contextlib.asynccontextmanager
async def watched(memory: Memory) -> AsyncIterator[None]:
    watching = asyncio.create_task(memory.watch())
    try:
        yield
    finally:
        watching.cancel()
        memory.most = max(memory.most, memory.now())


async def _flood(target: Target, rate: float, seconds: float) -> dict[str, Any]:
    how = {"rate": rate, "seconds": seconds, "shares": SHARES, "connections": CONNECTIONS, "patience": PATIENCE}
    where = {"port": target.port, "path": target.path, "key": target.key, "prefix": "flood"}
    return await answered(FLOOD, {**where, **how, "notice": notice_json("famiglie")}, seconds + 2 * PATIENCE)


async def _stored(pool: Pool) -> set[int]:
    return {int(row["event_id"].rpartition("/")[2]) for row in await pool.fetch(STORED)}


async def measure(ground: Ground, size: Size) -> Measured:
    """Measure with the usual patience of an API."""
    found = await flooded(ground, size.of(60.0, 15.0))
    return Measured(_figures(found), _remarks(found))


def _figures(found: Flooded) -> tuple[Figure, ...]:
    counts = found.counts
    other = sum(number for status, number in counts.items() if status not in ANSWERS) + found.unanswered
    urgent = found.statuses["urgent"].get("202", 0) / max(1, sum(found.statuses["urgent"].values()))
    before, most = found.memory
    return (
        Figure("capacity: accepted per second when asked by 32", found.capacity, "/s"),
        Figure("asked per second", found.rate, "/s"),
        Figure("accepted per second of the flood", counts["202"] / found.elapsed, "/s"),
        Figure("answers other than 202, 429, 503", other, "", exactly(0)),
        Figure("answered with 202 and not stored", found.lost, "", exactly(0)),
        Figure("urgent notices accepted", urgent, "", exactly(1)),
        Figure("accepted: p50", quantile(found.accepted, 0.5), "s"),
        Figure("accepted: p99", quantile(found.accepted, 0.99), "s", at_most(1)),
        Figure("urgent: p99", quantile(found.urgent, 0.99), "s", at_most(1)),
        Figure("refused: p50", 1000 * quantile(found.refused, 0.5), "ms"),
        Figure("memory of the API, at the most to before", most / before, "", at_most(1.1)),
        Figure(
            "share of the capacity that is still accepted", counts["202"] / found.elapsed / found.capacity, "", None
        ),
    )


def _remarks(found: Flooded) -> tuple[str, ...]:
    by_lane = "; ".join(f"{lane} {dict(sorted(each.items()))}" for lane, each in found.statuses.items())
    before, most = found.memory
    late = 1000 * quantile(found.late, 0.99)
    return (
        f"Answers: {by_lane}. Open loop: every request at its moment, seconds from that moment.",
        f"{found.connections} connections; callers {late:.0f} ms late (p99); {before:.0f} to {most:.0f} MiB.",
        "Callers, API and Postgres share the cores: what the callers take is missing in what is accepted.",
    )
