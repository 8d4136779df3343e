# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Whether time tells an unknown id, a wrong secret and the right key apart: each many times, in turns, in one run."""

import itertools
import time
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

import aiohttp

from app.access import Access
from app.domain.key import checksum, key_id
from app.domain.key import new_key as made_up
from deploy.bench.city import new_key
from deploy.bench.figure import Figure, Measured, at_most, median
from deploy.bench.ground import Ground
from deploy.bench.place import NONE, place
from deploy.bench.size import Size

NOISE = 1.25
"""How far two medians of the same work may lie apart on a machine that does other things, too."""
RIGHT, WRONG, UNKNOWN = "right key", "wrong secret", "unknown id"
WARM = 50
Come = Callable[[str], Awaitable[None]]


async def measure(ground: Ground, size: Size) -> Measured:
    """Come with each kind of key, to what looks keys up and over HTTP."""
    calls = size.of(1000, 200)
    async with place(ground, NONE, {"CAMPANELLA_WRONG_KEYS_PER_MINUTE": "0"}) as there:
        url = there.start_api()
        right = await new_key(there, url)
        body = f"{right[:23]}{'0' * 32}"
        keys = {RIGHT: right, WRONG: body + checksum(body), UNKNOWN: made_up().text}
        access = Access(there.pool, None)
        async with aiohttp.ClientSession(url) as session:
            looked_up = await _medians(keys, calls, _afresh(access))
            remembered = await _medians(keys, calls, _again(access))
            over_http = await _medians({name: keys[name] for name in (WRONG, UNKNOWN)}, calls, _over(session))
    remark = f"Medians of {calls} calls each, in turns. Over HTTP the right key is answered with more than a refusal."
    figures = [*_figures("looked up", looked_up), *_figures("remembered", remembered), *_figures("HTTP", over_http)]
    return Measured(tuple(figures), (remark,))


async def _medians(keys: Mapping[str, str], calls: int, come: Come) -> dict[str, float]:
    """Give the median of each in microseconds; whose turn comes first changes from round to round."""
    taken: dict[str, list[float]] = {name: [] for name in keys}
    orders = itertools.cycle(itertools.permutations(keys.items()))
    for number in range(calls + WARM):
        for name, key in next(orders):
            began = time.perf_counter()
            await come(key)
            if number >= WARM:
                taken[name].append(1e6 * (time.perf_counter() - began))
    return {name: median(each) for name, each in taken.items()}


def _afresh(access: Access) -> Come:
    async def come(key: str) -> None:
        access.forget(key_id(key) or "")
        await access.caller(key)

    return come


def _again(access: Access) -> Come:
    async def come(key: str) -> None:
        await access.caller(key)

    return come


def _over(session: aiohttp.ClientSession) -> Come:
    async def come(key: str) -> None:
        async with session.get("/v1/services?limit=1", headers={"Authorization": f"Bearer {key}"}) as answer:
            await answer.read()
            if answer.status != HTTPStatus.UNAUTHORIZED:
                raise RuntimeError(f"a wrong key was answered with {answer.status}")

    return come


def _figures(how: str, medians: Mapping[str, float]) -> list[Figure]:
    """Show the medians, and each but the first as its ratio to that."""
    base, *others = medians
    figures = [Figure(f"{how}: {name}", value, "µs") for name, value in medians.items()]
    for name in others:
        ratio = medians[name] / medians[base]
        figures.append(Figure(f"{how}: how far {name} and {base} are apart", max(ratio, 1 / ratio), "", at_most(NOISE)))
    return figures
