# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""An album that breaks off in the middle, since Telegram counts each of its items and may leave out some."""

from collections.abc import AsyncIterator

import pytest

from deploy.sandbox import Sandbox
from deploy.sandbox.faults import FaultKind
from tests.workers.conftest import CHAT, City, a_city, settings_for, until
from tests.workers.test_asking import OPERATIONS, WAYS, askable
from tests.workers.test_media import attached, png, sorts
from tests.workers.trap import Trap

THREE = ("a.png", "b.png", "c.png")
OTHER = CHAT - 1
LAST = "select last_reference from channel where slug = 'scuola'"
AT_ONCE = "update delivery set due_at = now() where state = 'in_doubt' and lease_until is null"
STATES = "select distinct state from media"


@pytest.fixture
async def city(
    request: pytest.FixtureRequest, database_url: str, redis_url: str, sandbox: Sandbox, trap: Trap
) -> AsyncIterator[City]:
    trap.files = {f"/{name}": png(size, size) for size, name in enumerate(THREE, 4)}
    sandbox.add_chat(OPERATIONS, "channel", "Sala operativa")
    members = {"fetch_exceptions": trap.host, "fetch_ca_file": trap.authority, "telegram_timeout": 30, "lease": 60}
    members |= getattr(request, "param", {})
    async with a_city(settings_for(database_url, redis_url, sandbox, **members), sandbox) as city:
        yield city


async def settled(city: City) -> None:
    """Wait until all is delivered, and let no doubt rest meanwhile."""

    async def is_delivered() -> bool:
        await city.pool.execute(AT_ONCE)
        return set(await city.states()) == {"delivered"}

    await until(is_delivered, within=90)


@WAYS
async def test_what_stands_of_a_broken_album_is_taken_and_says_where_the_rest_is(city: City, trap: Trap) -> None:
    """Its last place is free: whoever took that for known would ask behind the next post, and post it once more."""
    await askable(city)
    await city.channel("nidi", OTHER)
    city.sandbox.faults.add(FaultKind.BROKEN_ALBUM, method="sendMediaGroup", chat=CHAT, lost=[1])
    await city.accepts(texts={"it": {"title": "Percorso"}}, attachments=attached(trap, *THREE))
    await settled(city)

    first, second = city.texts()
    assert (sorts(city), "Percorso" in first, second) == (["photo", "photo"], True, "")
    assert [name in first for name in THREE] == [False, True, True]
    assert [post.media[0] for post in city.posts(OTHER) if post.media] == ["photo"] * 3
    assert [row["state"] for row in await city.pool.fetch(STATES)] == ["ready"]

    city.sandbox.faults.add(FaultKind.ANSWER_RESET, method="sendMessage", chat=CHAT)
    await city.accepts(texts={"it": {"title": "Domani"}})
    await settled(city)

    assert sorts(city) == ["photo", "photo", "text"]
    assert await city.pool.fetchval(LAST) == str(city.posts()[-1].id)


@WAYS
async def test_a_whole_album_whose_answer_was_lost_is_taken_with_its_last_place(city: City, trap: Trap) -> None:
    await askable(city)
    city.sandbox.faults.add(FaultKind.ANSWER_RESET, method="sendMediaGroup")

    await city.accepts(attachments=attached(trap, *THREE))
    await settled(city)

    assert sorts(city) == ["photo"] * 3
    assert await city.pool.fetchval(LAST) == str(city.posts()[-1].id)
    assert [entry for entry in city.sandbox.journal if entry.did == "edited"] == []
