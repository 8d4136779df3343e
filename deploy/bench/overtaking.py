# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""S3: a bulk to 5,000 private chats on two workers, and urgent notices that overtake it."""

import asyncio
import random

from deploy.bench.city import Source, add_chats, source
from deploy.bench.figure import Figure, Measured, at_least, at_most, exactly, quantile
from deploy.bench.ground import Ground
from deploy.bench.journal import Account
from deploy.bench.place import REAL, place
from deploy.bench.size import Size

URGENT = 60
URGENT_TITLE = "Scuola chiusa oggi, avviso"
EDGE = 2.0
"""Seconds at both ends of the bulk that are not its steady state."""


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
        account = there.telegram.journal.since()
    return _measured(account, mensa, bulk)


async def _urgent(mensa: Source, seconds: float) -> None:
    """Post at moments that have nothing to do with anybody's clock, from a while after the start to near the end."""
    for number in range(1, URGENT + 1):
        await asyncio.sleep(0.9 * seconds / URGENT * random.uniform(0.6, 1.4))  # noqa: S311 - spread, not secrecy
        title = _title(number)
        await mensa.hand_in(f"urgenza-{number}", priority="urgent", texts={"it": {"title": title}})


def _title(number: int) -> str:
    return f"{URGENT_TITLE} {number}."


def _measured(account: Account, mensa: Source, bulk: int) -> Measured:
    moments = account.moments
    first, last = moments[0] + EDGE, moments[-1] - EDGE
    steady = sum(first <= moment < last for moment in moments) / (last - first)
    waits = _waits(account, mensa)
    return Measured(
        (
            Figure(f"reached, of {bulk + URGENT}", account.reached(), "", exactly(bulk + URGENT)),
            Figure("posted twice", account.doubles(), "", exactly(0)),
            Figure("refused with 429", account.refusals, "", exactly(0)),
            Figure("of 30/s in steady state", 100 * steady / REAL.per_second, "%", at_least(97)),
            Figure("urgent, accepted to wire, p50", 1000 * quantile(waits, 0.5), "ms"),
            Figure("urgent, accepted to wire, p99", 1000 * quantile(waits, 0.99), "ms", at_most(1000)),
            Figure("urgent, accepted to wire, longest", 1000 * max(waits), "ms"),
        ),
        (f"{URGENT} urgent notices, each to a chat of its own; accepted is when the API's answer was there.",),
    )


def _waits(account: Account, mensa: Source) -> list[float]:
    """Give the seconds from each urgent acceptance to its arrival; one that reached Telegram sooner waited 0."""
    urgent = mensa.handed[1:]
    texts = [(post.text or "", post.monotonic) for post in account.posts]
    came = {text.split("\n")[0].split()[-1]: moment for text, moment in texts if URGENT_TITLE in text}
    return [max(0.0, came[f"{number}."] - one.accepted) for number, one in enumerate(urgent, start=1)]
