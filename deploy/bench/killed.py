# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""S8: what was accepted, after everything was ended by kill -9 in the middle of it and started again."""

import math
import time

from deploy.bench import alertmanager, rivals
from deploy.bench.city import FIRST_CHANNEL, add_chats, source, until_over, until_settled
from deploy.bench.figure import OURS, Figure, Measured, at_most, exactly
from deploy.bench.ground import Ground
from deploy.bench.journal import Account
from deploy.bench.place import REAL, place
from deploy.bench.size import Size

MANY, BEFORE = 60, 10
PATIENCE = 60.0
LEASE = {"CAMPANELLA_TELEGRAM_TIMEOUT": "4", "CAMPANELLA_LEASE": "10"}
RIVALS = {"Alertmanager": alertmanager.killed}


async def measure(ground: Ground, size: Size) -> Measured:  # noqa: ARG001 - it is as long as a lease
    """Kill ours and each rival after the first posts of one notice to many channels."""
    figures = list(await _ours(ground))
    calls = [[FIRST_CHANNEL - number, "Mensa: pasto freddo"] for number in range(1, MANY + 1)]
    accounts, left_out = await rivals.each(ground, RIVALS, calls, PATIENCE)
    for name, account in accounts.items():
        figures += _figures(name, account)
    how = (
        f"One notice to {MANY} channels, all accepted; API and worker killed after {BEFORE} posts, and started again.",
        f"Our lease is {LEASE['CAMPANELLA_LEASE']} s, and the channels can be asked about what was on the wire.",
        "What is not there after the lease is asked after twice, a second apart, and then posted.",
        "A Prometheus would repeat its alerts; a source that was answered 200 does not.",
    )
    return Measured(tuple(figures), (*how, *left_out))


async def _ours(ground: Ground) -> tuple[Figure, ...]:
    """Post once to each channel first: asking begins behind a post that is known."""
    async with place(ground, REAL, LEASE) as there:
        await add_chats(there.pool, "scuole", MANY, channels=True)
        await there.start_workers(1)
        async with source(there) as mensa:
            journal = there.telegram.journal
            await mensa.hand_in("scuole")
            await journal.until_posts(MANY, 0, PATIENCE)
            await until_settled(there.pool, PATIENCE)
            mark = journal.mark()
            await mensa.hand_in("scuole")
            await journal.until_posts(BEFORE, mark, PATIENCE)
        there.kill()
        killed = time.monotonic()
        there.start_again()
        await until_settled(there.pool, PATIENCE)
        settled = time.monotonic() - killed
        await until_over(there.pool, PATIENCE)
        account = journal.since(mark)
    return figures_of_ours(account, killed, settled)


def figures_of_ours(account: Account, killed: float, settled: float) -> tuple[Figure, ...]:
    """Count all that came, and time what came after the kill."""
    after = [moment - killed for moment in account.moments if moment > killed]
    return (
        *_figures(OURS, account),
        Figure("killed: until the next, the start included", min(after, default=math.nan), "s"),
        Figure("killed: until the last", max(after, default=math.nan), "s"),
        Figure("killed: until all is settled, lease + 5", settled, "s", at_most(float(LEASE["CAMPANELLA_LEASE"]) + 5)),
    )


def _figures(who: str, account: Account) -> tuple[Figure, ...]:
    ours = who == OURS
    return (
        Figure(f"killed: reached, of {MANY}", account.reached(), "", exactly(MANY) if ours else None, who),
        Figure("killed: posted twice", account.doubles(), "", exactly(0) if ours else None, who),
    )
