# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""S4: no limits. Posts per second and processor time per post, beside a bare aiogram loop on the same sandbox.

The others have their turns between, each with a sandbox of its own.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.domain.notice import Notice
from app.intake import Origin, accept
from app.routing import Routing
from deploy.bench import rivals
from deploy.bench.city import FIRST_CHAT, SOURCE, add_chats, notice_json, until_settled
from deploy.bench.figure import Figure, Measured, at_least, median, rate
from deploy.bench.ground import Ground
from deploy.bench.place import NONE, Place, cpu_seconds, place
from deploy.bench.size import Size
from deploy.bench.throughput_of_others import Others
from deploy.server import Server
from workers.turn import AT_ONCE

PATIENCE = 90.0
BARE_AT_ONCE = (50, AT_ONCE)
"""Calls of the bare loop at a time: what is good for it, and what ours makes. Ours is judged by the faster."""
BULK, SINGLE = "famiglie", "zona"
HOLD = "update channel set free_at = now() + interval '1 hour' where free_at < now() + interval '1 minute'"
RELEASE = "update channel set free_at = 'epoch'"


@dataclass(frozen=True, slots=True)
class Round:
    """One burst: posts per second between the first and the last arrival, and the sender's CPU per post."""

    per_second: float
    cpu_ms: float


@dataclass
class Bursts:
    """An installation without limits, and the bursts it is put through."""

    place: Place
    worker: Server
    bulk: int
    single: int
    routing: Routing = field(default_factory=Routing)
    text: str = ""

    async def to_everyone(self) -> Round:
        return await self._burst([BULK], self.bulk)

    async def one_per_channel(self) -> Round:
        return await self._burst([f"{SINGLE}-{number}" for number in range(1, self.single + 1)], self.single)

    async def bare(self, at_once: int) -> Round:
        """Let a bare aiogram loop post the same text to as many chats, so many calls at a time."""
        journal = self.place.telegram.journal
        mark = journal.mark()
        calls = [[FIRST_CHAT + number, self.text] for number in range(1, self.bulk + 1)]
        cpu = await rivals.aiogram_bulk(self.place.telegram, calls, at_once, PATIENCE)
        return Round(rate(journal.since(mark).moments), 1000 * cpu / self.bulk)

    async def _burst(self, areas: Sequence[str], posts: int) -> Round:
        """Let everything be due before the first may go."""
        pool, journal = self.place.pool, self.place.telegram.journal
        await pool.execute(HOLD)
        for area in areas:
            notice = Notice.model_validate_json(json.dumps(notice_json(area)))
            await accept(pool, self.routing, notice, Origin(SOURCE, "bench"))
        mark, before = journal.mark(), cpu_seconds(self.worker)
        await pool.execute(RELEASE)
        await journal.until_posts(posts, mark, PATIENCE)
        await until_settled(pool, PATIENCE)
        account = journal.since(mark)
        if account.reached() != posts or account.doubles():
            raise RuntimeError(f"{account.reached()} of {posts} arrived, {account.doubles()} twice")
        self.text = account.posts[0].text or self.text
        return Round(rate(account.moments), 1000 * (cpu_seconds(self.worker) - before) / posts)


async def bursts(there: Place, bulk: int, single: int) -> Bursts:
    """Make the channels, start a worker, and go through each kind of burst once to warm up."""
    await add_chats(there.pool, BULK, bulk)
    await add_chats(there.pool, SINGLE, single, each_its_own=True, channels=True)
    made = Bursts(there, (await there.start_workers(1))[0], bulk, single)
    await made.to_everyone()
    await made.one_per_channel()
    for at_once in BARE_AT_ONCE:
        await made.bare(at_once)
    return made


async def measure(ground: Ground, size: Size) -> Measured:
    """Alternate the bare loops, ours and the others, and compare the medians."""
    bulk, single, others = [], [], Others(ground, size)
    bare: dict[int, list[Round]] = {at_once: [] for at_once in BARE_AT_ONCE}
    async with place(ground, NONE) as there:
        made = await bursts(there, size.of(5000, 1500), size.of(2000, 600))
        for _ in range(size.of(3, 2)):
            for at_once, past in bare.items():
                past.append(await made.bare(at_once))
            bulk.append(await made.to_everyone())
            single.append(await made.one_per_channel())
            await others.round(made.text)
    remark = f"One worker, {AT_ONCE} calls at a time; {made.bulk} chats, {made.single} channels."
    ours = _median(bulk).per_second, _median(single).per_second
    return Measured((*figures(bulk, single, bare), *others.figures(ours)), (remark, *others.remarks))


def figures(bulk: Sequence[Round], single: Sequence[Round], bare: Mapping[int, Sequence[Round]]) -> tuple[Figure, ...]:
    """Give what was measured, in medians; the aim is the ratio to the faster bare loop."""
    bases = {at_once: _median(rounds) for at_once, rounds in bare.items()}
    return (
        *_ours("bulk", _median(bulk), bases, 0.8),
        *_ours("one notice per channel", _median(single), bases, 0.5),
        *(figure for at_once, base in bases.items() for figure in _of(base, at_once)),
    )


def _ours(what: str, ours: Round, bases: Mapping[int, Round], bound: float) -> tuple[Figure, ...]:
    fastest = max(bases, key=lambda at_once: bases[at_once].per_second)
    ratios = [
        Figure(
            f"{what}: ratio to the bare loop, {at_once} at a time{', the faster' if at_once == fastest else ''}",
            ours.per_second / base.per_second,
            aim=at_least(bound) if at_once == fastest else None,
        )
        for at_once, base in bases.items()
    ]
    return (
        Figure(f"{what}: posts per second", ours.per_second, "/s"),
        *ratios,
        Figure(f"{what}: CPU per post", ours.cpu_ms, "ms"),
    )


def _of(base: Round, at_once: int) -> tuple[Figure, ...]:
    who = f"{rivals.BARE}, {at_once} at a time"
    return (
        Figure("posts per second", base.per_second, "/s", who=who),
        Figure("CPU per post", base.cpu_ms, "ms", who=who),
    )


def _median(rounds: Sequence[Round]) -> Round:
    return Round(median([one.per_second for one in rounds]), median([one.cpu_ms for one in rounds]))
