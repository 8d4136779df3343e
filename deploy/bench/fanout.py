# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""S1: one notice to 300 private chats under 30 a second and one a second for each chat."""

from deploy.bench import alertmanager, apprise, rivals
from deploy.bench.city import FIRST_CHAT, add_chats, source, until_over
from deploy.bench.figure import OURS, Figure, Measured, at_most, exactly, nothing_open
from deploy.bench.ground import Ground
from deploy.bench.journal import Account
from deploy.bench.place import REAL, place
from deploy.bench.size import Size

MANY = 300
IDEAL, BOUND = 9.7, 10.6
PATIENCE = 45.0


async def measure(ground: Ground, size: Size) -> Measured:  # noqa: ARG001 - it is as long as Telegram makes it
    figures = list(await _ours(ground))
    text = "Mensa: pasto freddo\nVenerdì 27 novembre il pranzo è servito freddo."
    calls = [[FIRST_CHAT + number, text] for number in range(1, MANY + 1)]
    accounts, left_out = await rivals.each(ground, RIVALS, calls, PATIENCE)
    for name, account in accounts.items():
        figures += figures_of(name, account, account.moments[0])
    return Measured(tuple(figures), (f"The least that {MANY} chats can take is about {IDEAL} s.", *left_out))


async def _ours(ground: Ground) -> tuple[Figure, ...]:
    """Count the seconds from the POST on."""
    async with place(ground, REAL) as there:
        await add_chats(there.pool, "famiglie", MANY)
        await there.start_workers(1)
        async with source(there) as mensa:
            handed = await mensa.hand_in("famiglie")
            await there.telegram.journal.until_posts(MANY, 0, PATIENCE)
            still_open = await until_over(there.pool, PATIENCE)
        return (*figures_of(OURS, there.telegram.journal.since(), handed.posted), nothing_open(still_open))


def figures_of(who: str, account: Account, began: float) -> tuple[Figure, ...]:
    """Count all that came, and time the last that was owed."""
    ours = who == OURS
    seconds = account.moment_of(MANY) - began
    return (
        Figure(f"reached, of {MANY}", account.reached(), "", exactly(MANY) if ours else None, who),
        Figure("posted twice", account.doubles(), "", exactly(0) if ours else None, who),
        Figure("refused with 429", account.refusals, "", exactly(0) if ours else None, who),
        Figure("until the last", seconds, "s", at_most(BOUND) if ours else None, who),
    )


RIVALS = {
    rivals.SERIAL: rivals.aiogram_serial,
    "Apprise": apprise.as_it_comes,
    "Apprise, retry=10&wait=1": apprise.with_retries,
    "Alertmanager": alertmanager.alerts,
}
