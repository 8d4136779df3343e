# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""S2: ten notices to one channel under one a second: in order, none refused."""

from collections.abc import Sequence

from deploy.bench import alertmanager, apprise, rivals
from deploy.bench.city import FIRST_CHANNEL, add_chats, source, until_over
from deploy.bench.figure import OURS, Figure, Measured, at_most, exactly, nothing_open
from deploy.bench.ground import Ground
from deploy.bench.journal import Account
from deploy.bench.place import REAL, place
from deploy.bench.size import Size

MANY = 10
BOUND = 11
PATIENCE = 45.0


async def measure(ground: Ground, size: Size) -> Measured:  # noqa: ARG001 - it is as long as Telegram makes it
    figures = list(await _ours(ground))
    titles = [f"Avviso numero {number}." for number in range(1, MANY + 1)]
    calls = [[FIRST_CHANNEL - 1, title] for title in titles]
    accounts, left_out = await rivals.each(ground, RIVALS, calls, PATIENCE)
    for name, account in accounts.items():
        figures += figures_of(name, account, titles, account.moments[0])
    return Measured(tuple(figures), tuple(left_out))


async def _ours(ground: Ground) -> tuple[Figure, ...]:
    """Hand them in one after the other, and count the seconds from the first POST on."""
    titles = [f"Avviso numero {number}." for number in range(1, MANY + 1)]
    async with place(ground, REAL) as there:
        await add_chats(there.pool, "scuola", 1, channels=True)
        await there.start_workers(1)
        async with source(there) as mensa:
            for title in titles:
                await mensa.hand_in("scuola", texts={"it": {"title": title}})
            await there.telegram.journal.until_posts(MANY, 0, PATIENCE)
            still_open = await until_over(there.pool, PATIENCE)
        account, began = there.telegram.journal.since(), mensa.handed[0].posted
        return (*figures_of(OURS, account, titles, began), nothing_open(still_open))


def in_order(account: Account, titles: Sequence[str]) -> int:
    """Count the posts that came after all that were before them in the order of acceptance, and only once."""
    came = [number for post in account.posts for number, title in enumerate(titles) if title in (post.text or "")]
    return sum(number == place for place, number in enumerate(came))


def figures_of(who: str, account: Account, titles: Sequence[str], began: float) -> tuple[Figure, ...]:
    """Count all that came, and time the last that was owed."""
    ours = who == OURS
    seconds = account.moment_of(MANY) - began
    return (
        Figure(f"in order, of {MANY}", in_order(account, titles), "", exactly(MANY) if ours else None, who),
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
