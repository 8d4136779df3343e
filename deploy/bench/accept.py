# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Notices accepted per second over HTTP by one API process, beside a bare handler that makes one INSERT."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from deploy.bench.bare_api import TABLE
from deploy.bench.city import add_chats, new_key, notice_json
from deploy.bench.figure import Figure, Measured, at_least, at_most, median, quantile
from deploy.bench.ground import Ground
from deploy.bench.place import NONE, cpu_seconds, place
from deploy.bench.rivals import answered
from deploy.bench.size import Size
from deploy.processes import free_port
from deploy.server import Server

CONNECTIONS = 32
OWED = 3
FLOOR, BURST = 150, 2000
BARE = "bare FastAPI handler, one INSERT"
LOAD = (sys.executable, "-m", "deploy.bench.load")
PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Target:
    """Who is asked, and how; `server` is the process that answers."""

    port: int
    path: str
    key: str
    server: Server = field(compare=False)

    async def round(self, requests: int, prefix: str) -> "Round":
        """Send so many new notices; all must be answered with 202."""
        notice: dict[str, Any] = notice_json("famiglie")
        how = {"connections": CONNECTIONS, "requests": requests, "prefix": prefix, "notice": notice}
        before = cpu_seconds(self.server)
        where = {"port": self.port, "path": self.path, "key": self.key}
        result = await answered(LOAD, {**where, **how}, PATIENCE)
        if result["statuses"] != {"202": requests}:
            raise RuntimeError(f"not every notice was accepted: {result['statuses']}")
        spent = cpu_seconds(self.server) - before
        return Round(requests / result["elapsed"], result["seconds"], 1000 * spent / requests)


@dataclass(frozen=True, slots=True)
class Round:
    """Notices accepted per second, the seconds that each took, and the milliseconds of processor time for one."""

    per_second: float
    seconds: Sequence[float]
    cpu_ms: float


async def measure(ground: Ground, size: Size) -> Measured:
    """Alternate the bare handler and ours, each warmed up once."""
    requests, rounds = size.of(2000, 1000), size.of(5, 3)
    async with place(ground, NONE) as there:
        await add_chats(there.pool, "famiglie", OWED)
        await there.pool.execute(TABLE)
        ports = free_port(), free_port()
        api, plain = there.api_on(ports[0]), there.bare_api_on(ports[1])
        ours = Target(ports[0], "/v1/notices", await new_key(there, f"http://127.0.0.1:{ports[0]}"), api)
        bare = Target(ports[1], "/notices", ours.key, plain)
        done: dict[Target, list[Round]] = {bare: [], ours: []}
        for number in range(rounds + 1):
            for target, past in done.items():
                past.append(await target.round(requests, f"round-{number}"))
        stored = await there.pool.fetchval("select count(*) from delivery")
    if stored != OWED * requests * (rounds + 1):
        raise RuntimeError(f"{stored} deliveries are stored")
    remark = f"{CONNECTIONS} connections, {OWED} deliveries for each notice, {rounds} rounds of {requests} notices."
    return Measured(figures(done[ours][1:], done[bare][1:]), (remark,))


def figures(ours: Sequence[Round], bare: Sequence[Round]) -> tuple[Figure, ...]:
    """Give what was measured, and the floor (R-23) that it may not fall below on two cores."""
    rate, base = (median([one.per_second for one in rounds]) for rounds in (ours, bare))
    cpu, bare_cpu = (median([one.cpu_ms for one in rounds]) for rounds in (ours, bare))
    seconds, plain = ([second for one in rounds for second in one.seconds] for rounds in (ours, bare))
    return (
        Figure("floor: accepted per second", rate, "/s", at_least(FLOOR)),
        Figure(
            f"floor: {BURST} accepted, slowest round", BURST / min(one.per_second for one in ours), "s", at_most(20)
        ),
        Figure("floor: p99", 1000 * quantile(seconds, 0.99), "ms", at_most(250)),
        Figure("ratio to the bare handler", rate / base, "", at_least(0.5)),
        Figure("p50", 1000 * quantile(seconds, 0.5), "ms"),
        Figure("p95", 1000 * quantile(seconds, 0.95), "ms"),
        Figure("CPU per notice", cpu, "ms"),
        Figure("CPU per notice: ratio to the bare handler", cpu / bare_cpu, ""),
        Figure("accepted per second", base, "/s", who=BARE),
        Figure("CPU per notice", bare_cpu, "ms", who=BARE),
        Figure("p99", 1000 * quantile(plain, 0.99), "ms", who=BARE),
    )
