# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Notices that share a push, and whose pictures are uploaded for it while one of them is corrected."""

import asyncio
import hashlib
from uuid import UUID

from tests.wechat.sharing import corrected, several, titles
from tests.wechat.test_sandbox_page import picture
from tests.wechat.town import Town
from tests.workers.conftest import until
from workers.wechat.kept import FETCHING, KIND, LET_GO, TAKE

FETCHED = "update media set state = 'ready', kind = 'photo', content = $1"
MAP = {"title": "Cartina", "href": "https://www.comune.example.it/cartina.png"}
UPLOAD = f"picture {hashlib.sha256(picture()).hexdigest()[:24]}"


async def is_taken_along(town: Town, notice: UUID) -> bool:
    return bool(await town.pool.fetchval("select state = 'in_doubt' from delivery where notice_id = $1", notice))


async def has_its_cover(town: Town) -> bool:
    """Tell whether the uploads have begun: until then a correction is seen, and goes out with the push."""
    return bool(town.sandbox.account.uploads)


async def test_a_correction_amid_the_uploads_leaves_what_another_notice_pushes_as_it_is(town: Town) -> None:
    await town.channel()
    _, two = await several(town, "uno", "due", attachments=[MAP])
    await town.pool.execute(FETCHED, picture())
    await town.pool.execute("update delivery set due_at = now()")
    assert await town.pool.fetchval(TAKE, KIND, UPLOAD, FETCHING)  # as where another worker uploads it just now

    assert not await has_its_cover(town)
    turn = asyncio.create_task(town.turn())
    await until(lambda: is_taken_along(town, two))
    await until(lambda: has_its_cover(town))
    await corrected(town, two, "due", "due, corretto", attachments=[MAP])
    await town.pool.execute(LET_GO, KIND, UPLOAD)
    came = await turn
    await town.settles()

    assert "Failed" not in came
    assert sorted(titles(town)[0]) == ["due", "uno"]
    (send,) = town.sandbox.sends
    assert [f'<img src="{town.sandbox.url}/mmbiz/' in article.content for article in send.articles] == [True] * 4
    assert set(await town.states()) == {"delivered"}
