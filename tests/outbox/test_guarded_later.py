# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What was shown before its language was guarded stands there, so that is what a withdrawal strikes."""

from dataclasses import replace

import pytest

from app.amend import Change, withdraw
from app.database import Pool
from app.domain.outcome import Doubted, Failed, Outcome, Undeletable
from app.outbox import claim, decide
from tests.given import a_channel, accepted
from tests.outbox.conftest import TURN, claimed, deliveries, plain, plainly, recorded
from tests.outbox.test_approval import CHINESE_FIRST, corrected, shown, two_channels
from tests.outbox.test_withdrawn_unapproved import IN_DOUBT, NO_MORE, WAYS, guarded, stands, taken_back

LATER = {"zh-Hans": {"title": "Nobody has read this"}, "it": {"title": "Nuovo"}}
UNTRANSLATED = {"title": "Covid"}


@pytest.mark.parametrize("way", WAYS)
async def test_what_was_shown_before_its_language_was_guarded_is_struck_as_it_stands(pool: Pool, way: str) -> None:
    await two_channels(pool)
    await guarded(pool)
    number = await stands(pool, way)
    await guarded(pool, "zh-Hans")

    assert await taken_back(pool, number) == ["Ba gong r1 True"]


async def test_so_is_what_waits_for_the_approval_of_a_correction(pool: Pool) -> None:
    await two_channels(pool)
    await guarded(pool)
    number = await stands(pool)
    await guarded(pool, "zh-Hans")
    await corrected(pool, number, LATER)
    assert await shown(pool) == []

    assert await taken_back(pool, number) == ["Ba gong r2 True"]


@pytest.mark.parametrize("outcome", [Failed("refused"), Doubted("no answer")])
async def test_so_is_what_could_not_be_corrected(pool: Pool, outcome: Outcome) -> None:
    await two_channels(pool, interim=True)
    await guarded(pool)
    number = await stands(pool)
    await guarded(pool, "zh-Hans")
    await corrected(pool, number, LATER)
    for call in (await claimed(pool)).calls:
        await recorded(pool, call, outcome)
    await pool.execute("update channel set free_at = now()")

    assert await taken_back(pool, number) == ["Ba gong r2 True"]


async def test_so_is_what_a_person_finds_later(pool: Pool) -> None:
    await a_channel(pool, "zh", language="zh-Hans")
    number = (await accepted(pool, event_id="e1", texts=CHINESE_FIRST, in_doubt="hold")).id
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Doubted("timeout"))
    await pool.execute(IN_DOUBT)
    await claimed(pool)
    (row,) = await deliveries(pool)
    await decide(pool, row["id"], "sent")
    await guarded(pool, "zh-Hans")
    assert await taken_back(pool, number) == []

    assert await decide(pool, row["id"], "sent", ["7"])

    assert await shown(pool) == ["Ba gong r1 True"]


async def test_so_is_what_cannot_be_deleted_after_all(pool: Pool) -> None:
    await two_channels(pool)
    await guarded(pool)
    number = await stands(pool)
    await guarded(pool, "zh-Hans")
    assert await taken_back(pool, number) == ["Ba gong r1 True"]

    await withdraw(pool, Change(number, "mensa", "test", None), delete=True)
    for call in (await claimed(pool)).calls:
        await recorded(pool, call, Undeletable("too old"))

    assert await shown(pool) == []


@pytest.mark.parametrize(("known", "struck"), [(None, "Ba gong r1 True"), ([], "Sciopero r1 True")])
async def test_of_what_an_earlier_version_posted_all_stands_there_that_is_not_marked(
    pool: Pool, known: list[str] | None, struck: str
) -> None:
    await two_channels(pool)
    await guarded(pool)
    number = await stands(pool)
    await guarded(pool, "zh-Hans")
    await pool.execute("update delivery set spoken = $1", known)

    assert await taken_back(pool, number) == [struck]


@pytest.mark.parametrize(("before", "struck"), [(["zh-Hans"], "Covid r2 True"), ([], "Also Covid r2 True")])
async def test_what_a_correction_needs_no_call_for_is_struck_in_the_language_that_was_shown(
    pool: Pool, before: list[str], struck: str
) -> None:
    await a_channel(pool, "zh", language="zh-Hans", interim=True)
    number = await stands(pool, texts={"zh-Hans": UNTRANSLATED, "it": UNTRANSLATED})
    await guarded(pool, *before)
    same = replace(plain(), render=lambda owed: [replace(part, digest="d1") for part in plainly(owed)])
    await pool.execute("update delivery set posts = replace(posts::text, posts -> 0 ->> 'digest', 'd1')::json")
    await corrected(pool, number, {"zh-Hans": {"title": "Also Covid"}, "it": UNTRANSLATED})
    assert (await claim(pool, same, TURN)).ended
    await guarded(pool, "zh-Hans")
    await pool.execute(NO_MORE)

    assert await taken_back(pool, number) == [struck]
