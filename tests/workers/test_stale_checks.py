# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A check that stood still after it was told that its turn lasts: by then the channel is somebody else's."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from app.outbox.spare import STILL
from app.outgoing import Outgoing
from tests.workers.conftest import CHAT, City
from workers.desk import CALL, Tools
from workers.inspection import answer_questions
from workers.telegram.kind import desk as telegram_desk

QUESTION = "insert into channel_check (id, kind, address, ask) values (gen_random_uuid(), 'by hand', $1, true)"
LAPSE = "update channel set turn_until = now() - interval '1 second' where turn_until is not null"
POSTING, BEHIND = 1, 3
"""Before which of its calls the process stands still: the test post, or the question about the place after it."""


def standing_still(before: int, meanwhile: Callable[[], Awaitable[None]]) -> type[asyncpg.Connection]:
    """Give a connection whose answer to that question about the turn is read only after all that came meanwhile."""
    asked = []

    class Late(asyncpg.Connection):
        async def fetchval(self, query: str, *args: Any, **options: Any) -> Any:
            answer = await super().fetchval(query, *args, **options)
            asked.extend([query] * (query == STILL))
            if query == STILL and len(asked) == before:
                await meanwhile()
            return answer

    return Late


@pytest.mark.parametrize("before", [POSTING, BEHIND])
async def test_a_check_that_is_told_of_its_turn_too_late_posts_nothing_and_writes_over_no_notice(
    city: City, before: int
) -> None:
    async def others_have_had_the_turn() -> None:
        await city.pool.execute(LAPSE)
        await city.accepts(texts={"it": {"title": "Mensa chiusa"}})
        await city.settled(within=90)
        await asyncio.sleep(CALL)

    await city.channel(can_ask=True)
    await city.pool.execute(QUESTION, str(CHAT))
    late = standing_still(before, others_have_had_the_turn)
    async with asyncpg.create_pool(str(city.settings.database_url), min_size=0, connection_class=late) as pool:
        desk = telegram_desk(Tools(city.settings, pool, Outgoing.of(city.settings)))
        await answer_questions(pool, {"by hand": desk})
        await desk.close()

    (notice,) = city.texts()
    calls = [entry.method for entry in city.sandbox.journal if entry.method in ("sendMessage", "editMessageText")]
    assert notice.startswith("Mensa chiusa")
    assert calls[-1] == "sendMessage"
    assert calls.count("sendMessage") == (1 if before == POSTING else 2)
