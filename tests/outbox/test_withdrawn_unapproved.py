# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A withdrawal publishes no text that nobody has approved, whatever a channel showed meanwhile."""

import pytest

from app.amend import Change, withdraw
from app.database import Pool
from app.domain.outcome import Undeletable
from tests.given import accepted
from tests.outbox.conftest import claimed, recorded
from tests.outbox.test_approval import CHINESE_FIRST, approved, corrected, shown, two_channels


@pytest.mark.parametrize("what", ["interim", "fallback"])
async def test_what_was_shown_meanwhile_is_struck_as_such_where_the_channel_shows_it_no_longer(
    pool: Pool, what: str
) -> None:
    await two_channels(pool, interim=True)
    number = (await accepted(pool, event_id="e1", texts=CHINESE_FIRST)).id
    assert await shown(pool) == ["Sciopero r1 False"]

    await pool.execute(f"update channel set {what} = false where slug = 'zh'")  # noqa: S608 - ours
    await withdraw(pool, Change(number, "mensa", "test", None))

    assert await shown(pool) == ["Sciopero r1 True"]


async def test_what_cannot_be_deleted_after_all_stays_struck_as_it_stood(pool: Pool) -> None:
    await two_channels(pool)
    number = (await accepted(pool, event_id="e1", texts=CHINESE_FIRST)).id
    await approved(pool, number)
    await shown(pool)
    await corrected(pool, number, {"zh-Hans": {"title": "Nobody has read this"}})
    await withdraw(pool, Change(number, "mensa", "test", None))
    assert await shown(pool) == ["Ba gong r2 True"]

    await withdraw(pool, Change(number, "mensa", "test", None), delete=True)
    for call in (await claimed(pool)).calls:
        await recorded(pool, call, Undeletable("too old"))

    assert await shown(pool) == []
