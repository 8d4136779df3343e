# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A withdrawal publishes no text that nobody has approved, whatever a channel showed meanwhile."""

from typing import Any
from uuid import UUID

import pytest

from app.amend import Change, withdraw
from app.database import Pool
from app.domain.outcome import Delivered, Doubted, Undeletable
from app.outbox import decide
from tests.given import a_channel, accepted
from tests.outbox.conftest import claimed, deliveries, recorded
from tests.outbox.test_approval import CHINESE_FIRST, approved, corrected, shown, two_channels
from tests.outbox.test_once_key import came_to, one_call

IN_DOUBT = "update delivery set due_at = now() where state = 'in_doubt'"
WAYS = ["answered", "found", "seen by a person"]
NO_MORE = "update channel set interim = false where slug = 'zh'"


async def guarded(pool: Pool, *languages: str) -> None:
    await pool.execute("update service set approvals = $1 where slug = 'mensa'", languages)


async def taken_back(pool: Pool, number: UUID) -> list[str]:
    await withdraw(pool, Change(number, "mensa", "test", None))
    return await shown(pool)


async def stands(pool: Pool, way: str = "answered", texts: dict[str, Any] = CHINESE_FIRST) -> UUID:
    """Let a notice come to its Chinese channel, in one of the ways in which that can be known."""
    if way == "found":
        await pool.execute("update channel set can_ask = true, last_reference = '1' where slug = 'zh'")
    number = (await accepted(pool, event_id="e1", texts=texts, in_doubt="hold")).id
    if way == "answered":
        await shown(pool)
        return number
    for call in (await claimed(pool)).calls:
        await recorded(pool, call, Doubted("timeout") if call.owed.slug == "zh" else Delivered(("1",)))
    await pool.execute(IN_DOUBT)
    if way == "found":
        (asked,) = (await claimed(pool)).calls
        await recorded(pool, asked, Delivered(("7",)))
    else:
        await claimed(pool)
        (held,) = [row["id"] for row in await deliveries(pool) if row["state"] == "held"]
        await decide(pool, held, "sent", ["7"])
    return number


@pytest.mark.parametrize("way", WAYS)
async def test_what_was_shown_meanwhile_is_struck_in_whichever_way_it_came_to_be_known(pool: Pool, way: str) -> None:
    await two_channels(pool, interim=True)
    number = await stands(pool, way)
    await pool.execute(NO_MORE)

    assert await taken_back(pool, number) == ["Sciopero r1 True"]


@pytest.mark.parametrize("what", ["interim", "fallback"])
async def test_what_was_shown_meanwhile_is_struck_as_such_where_the_channel_shows_it_no_longer(
    pool: Pool, what: str
) -> None:
    await two_channels(pool, interim=True)
    number = (await accepted(pool, event_id="e1", texts=CHINESE_FIRST)).id
    assert await shown(pool) == ["Sciopero r1 False"]

    await pool.execute(f"update channel set {what} = false where slug = 'zh'")  # noqa: S608 - ours

    assert await taken_back(pool, number) == ["Sciopero r1 True"]


@pytest.mark.parametrize("before", [["zh-Hans"], []], ids=["always guarded", "guarded later"])
async def test_what_was_corrected_meanwhile_is_struck_in_the_form_that_it_came_to(
    pool: Pool, before: list[str]
) -> None:
    await two_channels(pool, interim=True)
    await guarded(pool, *before)
    number = await stands(pool)
    await guarded(pool, "zh-Hans")
    await corrected(pool, number, {"zh-Hans": {"title": "Nobody has read this"}, "it": {"title": "Nuovo"}})
    assert await shown(pool) == ["Nuovo r2 False"]
    await pool.execute(NO_MORE)

    assert await taken_back(pool, number) == ["Nuovo r2 True"]


@pytest.mark.parametrize("before", [["zh-Hans"], []], ids=["always guarded", "guarded later"])
async def test_a_channel_of_another_language_by_now_strikes_what_it_showed(pool: Pool, before: list[str]) -> None:
    await guarded(pool, *before)
    await a_channel(pool, "zh", language="it")
    number = await stands(pool)
    await guarded(pool, "zh-Hans")
    await pool.execute("update channel set language = 'zh-Hans'")

    assert await taken_back(pool, number) == ["Sciopero r1 True"]


async def test_what_was_shown_meanwhile_is_struck_also_where_its_own_language_is_guarded_by_now(pool: Pool) -> None:
    await two_channels(pool, interim=True)
    number = await stands(pool)
    await guarded(pool, "it", "zh-Hans")

    assert await taken_back(pool, number) == ["Sciopero r1 True"]


async def test_a_doubt_of_an_earlier_revision_makes_no_later_text_known(pool: Pool) -> None:
    await a_channel(pool, "zh", kind="told", language="zh-Hans")
    number = (await accepted(pool, event_id="e1", texts=CHINESE_FIRST)).id
    await came_to(pool, await one_call(pool), Doubted("reset"))
    await guarded(pool, "zh-Hans")
    await corrected(pool, number, {"zh-Hans": {"title": "Nobody has read this"}, "it": {"title": "Nuovo"}})

    await withdraw(pool, Change(number, "mensa", "test", None))

    assert (await one_call(pool)).intent.payload == "Nuovo r2 True"


async def test_what_cannot_be_deleted_after_all_stays_struck_as_it_stood(pool: Pool) -> None:
    await two_channels(pool)
    number = (await accepted(pool, event_id="e1", texts=CHINESE_FIRST)).id
    await approved(pool, number)
    await shown(pool)
    await corrected(pool, number, {"zh-Hans": {"title": "Nobody has read this"}})
    assert await taken_back(pool, number) == ["Ba gong r2 True"]

    await withdraw(pool, Change(number, "mensa", "test", None), delete=True)
    for call in (await claimed(pool)).calls:
        await recorded(pool, call, Undeletable("too old"))

    assert await shown(pool) == []
