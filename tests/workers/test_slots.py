# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How many calls of a process carry bytes at a time, and when those come again that found no place."""

from contextlib import AsyncExitStack

import pytest

from workers.telegram.slots import LONGEST, LOOKS, UPLOADS, URGENT_UPLOADS, BusyError, Slots


async def turned_away(slots: Slots, *, urgent: bool) -> float:
    with pytest.raises(BusyError) as busy:
        async with slots.upload(urgent=urgent):
            pass
    return busy.value.seconds


async def test_what_is_urgent_has_every_place_and_some_of_its_own() -> None:
    slots = Slots()
    async with AsyncExitStack() as under_way:
        for _ in range(UPLOADS + URGENT_UPLOADS):
            await under_way.enter_async_context(slots.upload(urgent=True))

        assert [await turned_away(slots, urgent=urgent) for urgent in (True, False)] == [1.0, 1.0]

    async with slots.upload(urgent=False):
        pass


async def test_what_is_not_urgent_leaves_some_places() -> None:
    slots = Slots()
    async with AsyncExitStack() as under_way:
        for _ in range(UPLOADS):
            await under_way.enter_async_context(slots.upload(urgent=False))

        await turned_away(slots, urgent=False)
        async with slots.upload(urgent=True):
            pass


async def test_the_more_are_turned_away_the_later_each_comes_again() -> None:
    slots = Slots()
    async with AsyncExitStack() as under_way:
        for _ in range(UPLOADS):
            last = await under_way.enter_async_context(AsyncExitStack())
            await last.enter_async_context(slots.upload(urgent=False))

        waits = [await turned_away(slots, urgent=False) for _ in range(200)]
        await last.aclose()

        async with slots.upload(urgent=False):
            again = await turned_away(slots, urgent=False)

    assert (waits[0], waits[10 * LOOKS - 1], waits[-1]) == (1.0, 10.0, LONGEST)
    assert again == 1.0
