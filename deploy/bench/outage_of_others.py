# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""S6 for the other senders: Telegram away under the same load, the four outages side by side."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import aiohttp

from deploy.bench import desk
from deploy.bench.city import FIRST_CHANNEL
from deploy.bench.desk import Counter, Opening
from deploy.bench.figure import Figure
from deploy.bench.ground import Ground
from deploy.bench.others import OTHERS
from deploy.bench.place import Telegram

CHATS = [FIRST_CHANNEL - number for number in range(1, 121)]
EACH, NOTICES_PER_SECOND = 3, 4.0
BEFORE, AFTER = 5.0, 5.0
PATIENCE = 60.0
"""Seconds that a sender has after the load has ended, or as long as the outage was, until what is not there is lost."""


@dataclass(frozen=True, slots=True)
class Came:
    """Posts that were owed, those that never came, and those that came once more."""

    owed: int
    lost: int
    doubles: int


async def be_away(there: Telegram, seconds: float) -> None:
    """Return when Telegram listens again."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{there.url}/sandbox/away", json={"seconds": seconds}) as response,
    ):
        response.raise_for_status()
    await asyncio.sleep(seconds + 0.1)


async def measure(ground: Ground, outages: Sequence[tuple[int, float]]) -> tuple[list[Figure], list[str]]:
    """Give the figures of each sender for outages by their names and real seconds, and sentences about them."""
    figures, remarks = list[Figure](), list(HOW)
    for name, opening in OTHERS.items():
        cells = await asyncio.gather(*(_cell(ground, name, opening, seconds) for _, seconds in outages))
        for (away, _), (found, left_out) in zip(outages, cells, strict=True):
            remarks += [one for one in left_out if one not in remarks]
            figures += [figure for came in found.values() for figure in _figures(name, away, came)]
    return figures, remarks


async def _cell(ground: Ground, name: str, opening: Opening, seconds: float) -> tuple[dict[str, Came], list[str]]:
    return await desk.each(ground, {name: opening}, CHATS, partial(_outage, seconds))


async def _outage(seconds: float, counter: Counter) -> Came:
    """Hand in at fixed moments, before, during and after the outage."""
    going = asyncio.create_task(_away_after(BEFORE, counter.there, seconds))
    began, number = time.monotonic(), 0
    while time.monotonic() < began + BEFORE + seconds + AFTER:
        first = number * EACH % len(CHATS)
        await counter.hand_in(CHATS[first : first + EACH], f"Avviso numero {number}.")
        number += 1
        await asyncio.sleep(began + number / NOTICES_PER_SECOND - time.monotonic())
    await going
    await counter.desk.finish(max(PATIENCE, seconds))
    account = counter.account()
    return Came(counter.owed, counter.owed - account.reached(), account.doubles())


async def _away_after(wait: float, there: Telegram, seconds: float) -> None:
    await asyncio.sleep(wait)
    await be_away(there, seconds)


def _figures(who: str, away: int, came: Came) -> tuple[Figure, ...]:
    return (
        Figure(f"away {away} s: never came, of {came.owed}", came.lost, who=who),
        Figure(f"away {away} s: posted twice", came.doubles, who=who),
    )


HOW = (
    f"The others have the load from {BEFORE:.0f} s before to {AFTER:.0f} s after, then {PATIENCE:.0f} s to be done.",
    "After an outage that is longer than that they have as long as it was.",
    "Their waits are real, too, and the scale favours them: ten retries after a second each last no longer than that.",
    "Alertmanager ends an alert that nobody repeats after five minutes (resolve_timeout); 600 s at 1:2 are no shorter.",
    "The loop leaves what fails, as documented.",
)
