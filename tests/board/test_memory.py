# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What is kept for a moment."""

import asyncio

import pytest

from app.board.memory import Memory
from app.domain.errors import NotFoundError


class Maker:
    """Makes a number, as often as it is asked."""

    def __init__(self) -> None:
        self.made = 0

    async def __call__(self) -> int:
        self.made += 1
        await asyncio.sleep(0)
        return self.made


async def test_a_crowd_costs_one_making() -> None:
    memory, make = Memory[int](60), Maker()

    answers = await asyncio.gather(*(memory.get("page", make) for _ in range(100)))

    assert (set(answers), make.made) == ({1}, 1)


async def test_two_pages_are_two() -> None:
    memory, make = Memory[int](60), Maker()

    assert [await memory.get(key, make) for key in ("one", "two", "one")] == [1, 2, 1]


async def test_it_is_made_again_when_its_moment_is_over() -> None:
    memory, make = Memory[int](0), Maker()

    first = await memory.get("page", make)
    await asyncio.sleep(0.001)

    assert (first, await memory.get("page", make)) == (1, 2)


async def test_a_failure_is_told_and_not_kept() -> None:
    memory, make = Memory[int](60), Maker()

    async def fail() -> int:
        raise NotFoundError

    with pytest.raises(NotFoundError):
        await memory.get("page", fail)

    assert await memory.get("page", make) == 1


async def test_who_leaves_early_takes_nothing_from_the_others() -> None:
    memory, go = Memory[str](60), asyncio.Event()

    async def slow() -> str:
        await go.wait()
        return "page"

    impatient, patient = [asyncio.create_task(memory.get("page", slow)) for _ in range(2)]
    await asyncio.sleep(0)
    impatient.cancel()
    go.set()

    assert await patient == "page"


async def test_it_never_keeps_more_than_its_most() -> None:
    memory, make = Memory[int](60, most=10), Maker()

    for number in range(1000):
        await memory.get(str(number), make)

    assert len(memory) <= 10
