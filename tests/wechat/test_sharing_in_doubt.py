# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Notices that are corrected while they are in doubt, and of which certainly nothing was sent: no old form goes out."""

import asyncio
from contextlib import suppress

import pytest

from tests.reliability.ground import until
from tests.wechat.sharing import corrected, several, titles
from tests.wechat.town import Town
from workers.wechat.kind import QUOTAS
from workers.wechat.ledger import Ledger

NOT_FIRST = "update delivery set due_at = now() + interval '2 hours' where notice_id <> $1"


async def killed_before_the_draft(town: Town) -> None:
    """Have a worker reserve a push, and be killed while it asks for the draft."""
    fault = town.sandbox.fault("hang_before_accepting", method="draft/add")

    async def hangs() -> bool:
        return fault.used > 0

    working = asyncio.create_task(town.turn())
    await until(hangs)
    working.cancel()
    with suppress(asyncio.CancelledError):
        await working
    await town.lapses()


@pytest.mark.parametrize("hands_in", ["uno", "due"])
@pytest.mark.parametrize("changed", ["uno", "due"])
async def test_what_is_corrected_before_wechat_was_told_goes_out_as_corrected(
    town: Town, changed: str, hands_in: str
) -> None:
    await town.channel()
    numbers = dict(zip(("uno", "due"), await several(town, "uno", "due"), strict=True))
    await killed_before_the_draft(town)
    began = await town.states()
    await corrected(town, numbers[changed], changed, "corretto")
    await town.pool.execute(NOT_FIRST, numbers[hands_in])

    await town.settles()

    (kept,) = {"uno", "due"} - {changed}
    assert began == ["in_doubt", "in_doubt"]
    assert [sorted(each) for each in titles(town)] == [sorted(["corretto", kept])]
    assert await town.states() == ["delivered", "delivered"]
    assert [row["shown"] == row["wanted"] for row in await town.rows()] == [True, True]


async def test_what_is_corrected_after_its_draft_had_failed_goes_out_as_corrected(town: Town) -> None:
    await town.channel()
    _, two = await several(town, "uno", "due")
    await killed_before_the_draft(town)
    await town.pool.execute(NOT_FIRST, two)
    await town.pool.execute("update delivery set due_at = now() where notice_id = $1", two)
    town.sandbox.fault("reset_before_accepting", method="draft/add")
    came = await town.turn()
    await corrected(town, two, "due", "corretto")

    await town.settles()
    town.later(days=1)  # a push a day
    await town.day()

    assert came == ["Failed"]
    assert sorted(title for each in titles(town) for title in each) == ["corretto", "uno"]
    assert await town.states() == ["delivered", "delivered"]


async def test_what_shares_its_push_with_nobody_goes_out_as_corrected_too(town: Town) -> None:
    await town.channel()
    (one,) = await several(town, "uno")
    await killed_before_the_draft(town)
    await corrected(town, one, "uno", "corretto")

    await town.settles()

    assert titles(town) == [["corretto"]]
    assert await town.states() == ["delivered"]


async def test_what_was_handed_in_without_an_answer_is_repeated_as_it_was(town: Town) -> None:
    await town.channel()
    one, _ = await several(town, "uno", "due")
    town.sandbox.fault("answer_reset", method="message/mass/sendall")
    await town.turn()
    await corrected(town, one, "uno", "corretto")

    await town.settles()

    assert titles(town) == [["uno", "due"]]
    assert [(row["shown"], row["wanted"]) for row in await town.rows()] == [(1, 2), (1, 1)]


async def test_a_push_of_which_wechat_was_told_is_not_given_up_as_unsent(town: Town) -> None:
    await town.channel()
    await several(town, "uno")
    town.sandbox.fault("answer_reset", method="message/mass/sendall")
    await town.turn()
    ledger = Ledger(town.pool, QUOTAS["service"])
    (row,) = await town.rows()
    (push,) = await ledger.all_of(row["id"])

    assert not await ledger.give_up(push)
    assert await town.pool.fetchval("select state from push") == "called"
