# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""S4 for the other senders: no limits, a text to many chats and then one for each, as fast as each sends by itself."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from deploy.bench import apprise, desk, rivals
from deploy.bench.city import FIRST_CHAT
from deploy.bench.desk import Counter
from deploy.bench.figure import Figure, median, rate, ratio
from deploy.bench.ground import Ground
from deploy.bench.others import OTHERS
from deploy.bench.place import NONE, cpu_seconds_of
from deploy.bench.size import Size

CHATS, QUICK_CHATS, FEW = 1000, 300, 200
PATIENCE = 90.0
BULK, SINGLE = "bulk", "one notice per channel"
HERE = {name: opening for name, opening in OTHERS.items() if name != apprise.WITH_RETRIES}
"""Without limits nothing is refused, so that there is nothing to retry."""
HOW = (
    f"The others have fewer chats, as their figures say: the loop {FEW}, as it rests for 50 ms after each.",
    "None has a setting for calls at a time: the loop makes one, Apprise one a notice, Alertmanager one an alert.",
    "They keep nothing on the disk before they post. Apprise has a thread for each notice, as the service around it.",
)
Notices = Sequence[tuple[Sequence[int], str]]
Rates = tuple[float, float]
"""Posts per second of a bulk, and of one notice per channel."""


@dataclass(frozen=True, slots=True)
class Burst:
    """Posts that arrived, those of them per second, and the sender's CPU per post."""

    reached: int
    per_second: float
    cpu_ms: float


Both = Mapping[str, Burst]
"""A burst of each kind."""


@dataclass
class Others:
    """The other senders, each started anew for each of its rounds; who breaks has no further one."""

    ground: Ground
    size: Size
    rounds: dict[str, list[Both]] = field(default_factory=lambda: {name: [] for name in HERE})
    remarks: list[str] = field(default_factory=lambda: list(HOW))
    broken: set[str] = field(default_factory=set)

    async def round(self, text: str) -> None:
        """Let each send the text that ours has sent."""
        for name, opening in HERE.items():
            if name in self.broken:
                continue
            chats = range(FIRST_CHAT + 1, FIRST_CHAT + self._owed(name) + 1)
            scene = partial(bursts, chats, text)
            found, left_out = await desk.each(self.ground, {name: opening}, chats, scene, NONE)
            self.rounds[name] += found.values()
            self.remarks += left_out
            if not found:
                self.broken.add(name)

    def figures(self, ours: Rates) -> list[Figure]:
        measured = [(name, past) for name, past in self.rounds.items() if past]
        return [figure for name, past in measured for figure in figures_of(name, past, ours, self._owed(name))]

    def _owed(self, name: str) -> int:
        return FEW if name == rivals.SERIAL else self.size.of(CHATS, QUICK_CHATS)


async def bursts(chats: Sequence[int], text: str, counter: Counter) -> Both:
    """Post once to warm up; then the bulk, and then to each chat something of its own."""
    await _burst(counter, [(chats[:1], "Buongiorno")])
    bulk = await _burst(counter, [(chats, text)])
    single = await _burst(counter, [([chat], f"{text} ({number})") for number, chat in enumerate(chats)])
    await counter.desk.finish(PATIENCE)
    return {BULK: bulk, SINGLE: single}


async def _burst(counter: Counter, notices: Notices) -> Burst:
    """Hand all in as fast as it is taken, and wait until it has come, or patience is over."""
    mark, before = counter.there.journal.mark(), cpu_seconds_of(counter.desk.pid)
    await asyncio.gather(*(counter.hand_in(chats, text) for chats, text in notices))
    await counter.there.journal.until_posts(sum(len(chats) for chats, _ in notices), mark, PATIENCE)
    spent, account = cpu_seconds_of(counter.desk.pid) - before, counter.account(mark)
    reached = account.reached()
    return Burst(reached, rate(account.moments), 1000 * ratio(spent, reached))


def figures_of(who: str, rounds: Sequence[Both], ours: Rates, owed: int) -> tuple[Figure, ...]:
    """Give the medians of each kind, the worst round of what was reached, and how many times as fast ours was."""
    figures = list[Figure]()
    for what, our_rate in zip((BULK, SINGLE), ours, strict=True):
        past = [both[what] for both in rounds]
        per_second = median([one.per_second for one in past])
        figures += [
            Figure(f"{what}: reached, of {owed}", min(one.reached for one in past), who=who),
            Figure(f"{what}: posts per second", per_second, "/s", who=who),
            Figure(f"{what}: ours to it", ratio(our_rate, per_second), who=who),
            Figure(f"{what}: CPU per post", median([one.cpu_ms for one in past]), "ms", who=who),
        ]
    return tuple(figures)
