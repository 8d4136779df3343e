# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""S3: a bulk to 5,000 private chats on two workers, and urgent notices that overtake it."""

import asyncio
import math
import random
from collections.abc import Sequence

from deploy.bench import desk
from deploy.bench.city import FIRST_CHAT, Handed, Source, add_chats, source, until_over
from deploy.bench.desk import Counter
from deploy.bench.figure import OURS, Figure, Measured, at_least, at_most, exactly, nothing_open, quantile, rate
from deploy.bench.ground import Ground
from deploy.bench.journal import Account
from deploy.bench.others import OTHERS
from deploy.bench.place import REAL, place
from deploy.bench.size import Size

URGENT = 60
URGENT_TITLE = "Scuola chiusa oggi, avviso"
EDGE = 2.0
"""Seconds at both ends of the bulk that are not its steady state."""
OTHERS_BULK, OTHERS_URGENT = 300, 10
OTHERS_PATIENCE = 60.0


async def measure(ground: Ground, size: Size) -> Measured:
    """Hand in the bulk, then urgent notices all the time that it takes."""
    bulk = size.of(5000, 900)
    patience = bulk / REAL.per_second * 1.5 + 30
    async with place(ground, REAL) as there:
        await add_chats(there.pool, "famiglie", bulk)
        await add_chats(there.pool, "urgenza", URGENT, each_its_own=True)
        await there.start_workers(2)
        async with source(there) as mensa:
            await mensa.hand_in("famiglie", priority="bulk")
            urgent = asyncio.create_task(_urgent(mensa, bulk / REAL.per_second))
            await there.telegram.journal.until_posts(bulk + URGENT, 0, patience)
            await urgent
            still_open = await until_over(there.pool, patience)
        account = there.telegram.journal.since()
    others, left_out = await desk.each(ground, OTHERS, _chats(), _overtakes)
    figures = [*figures_of_ours(account, mensa.handed[1:], bulk), nothing_open(still_open)]
    for name, counter in others.items():
        figures += _figures_of(name, counter)
    return Measured(tuple(figures), (*_REMARKS, *left_out))


async def _urgent(mensa: Source, seconds: float) -> None:
    """Post at moments that have nothing to do with anybody's clock, from a while after the start to near the end."""
    for number in range(1, URGENT + 1):
        await asyncio.sleep(0.9 * seconds / URGENT * random.uniform(0.6, 1.4))  # noqa: S311 - spread, not secrecy
        title = _title(number)
        await mensa.hand_in(f"urgenza-{number}", priority="urgent", texts={"it": {"title": title}})


def _title(number: int) -> str:
    return f"{URGENT_TITLE} {number}."


async def _overtakes(counter: Counter) -> Counter:
    """Hand a bulk in, and urgent notices while it would last for one who uses the pace."""
    bulk = _chats()[:OTHERS_BULK]
    await counter.hand_in(bulk, "Mensa: pasto freddo\nVenerdì 27 novembre il pranzo è servito freddo.")
    for number, chat in enumerate(_chats()[OTHERS_BULK:], start=1):
        await asyncio.sleep(0.9 * OTHERS_BULK / REAL.per_second / OTHERS_URGENT)
        await counter.hand_in([chat], _title(number))
    await counter.desk.finish(OTHERS_PATIENCE)
    return counter


def _chats() -> range:
    return range(FIRST_CHAT + 1, FIRST_CHAT + OTHERS_BULK + OTHERS_URGENT + 1)


def _figures_of(who: str, counter: Counter) -> tuple[Figure, ...]:
    account, waits = counter.account(), counter.waits_of(URGENT_TITLE)
    figures = (
        Figure(f"reached, of {counter.owed}", account.reached(), who=who),
        Figure("posted twice", account.doubles(), who=who),
        Figure("refused with 429", account.refusals, who=who),
        Figure("of 30/s until the last", 100 * rate(account.moments) / REAL.per_second, "%", who=who),
        Figure(f"urgent that came, of {OTHERS_URGENT}", len(waits), who=who),
    )
    return (*figures, *_urgent_figures(waits, who)) if waits else figures


def _urgent_figures(waits: list[float], who: str) -> tuple[Figure, ...]:
    aim = at_most(1000) if who == OURS else None
    return (
        Figure("urgent, accepted to wire, p50", 1000 * quantile(waits, 0.5), "ms", who=who),
        Figure("urgent, accepted to wire, p99", 1000 * quantile(waits, 0.99), "ms", aim, who),
        Figure("urgent, accepted to wire, longest", 1000 * quantile(waits, 1), "ms", who=who),
    )


def figures_of_ours(account: Account, urgent: Sequence[Handed], bulk: int) -> tuple[Figure, ...]:
    """Count all that came; the rate is that until the last that was owed."""
    steady, waits = _steady(account.moments[: bulk + URGENT]), _waits(account, urgent)
    return (
        Figure(f"reached, of {bulk + URGENT}", account.reached(), "", exactly(bulk + URGENT)),
        Figure("posted twice", account.doubles(), "", exactly(0)),
        Figure("refused with 429", account.refusals, "", exactly(0)),
        Figure("of 30/s in steady state", 100 * steady / REAL.per_second, "%", at_least(97)),
        Figure(f"urgent that came, of {URGENT}", len(waits), "", exactly(URGENT)),
        *_urgent_figures(waits, OURS),
    )


def _steady(moments: Sequence[float]) -> float:
    """Give the arrivals per second without both ends; what is all ends has no steady state."""
    if not moments or moments[-1] - moments[0] <= 2 * EDGE:
        return math.nan
    first, last = moments[0] + EDGE, moments[-1] - EDGE
    return sum(first <= moment < last for moment in moments) / (last - first)


def _waits(account: Account, urgent: Sequence[Handed]) -> list[float]:
    """Give the seconds from each urgent acceptance to its arrival, if it came; one that was there sooner waited 0."""
    texts = [(post.text or "", post.monotonic) for post in reversed(account.posts)]
    came = {text.split("\n")[0].split()[-1]: moment for text, moment in texts if URGENT_TITLE in text}
    arrivals = [(came.get(f"{number}."), one.accepted) for number, one in enumerate(urgent, start=1)]
    return [max(0.0, moment - accepted) for moment, accepted in arrivals if moment is not None]


_REMARKS = (
    f"{URGENT} urgent notices, each to a chat of its own; accepted is when the API's answer was there.",
    f"The others get a bulk of {OTHERS_BULK} and {OTHERS_URGENT} urgent ones, and have {OTHERS_PATIENCE:.0f} s.",
    "The loop is as late as the bulk is long; Apprise takes a thread for each notice, Alertmanager a group for each.",
)
