# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""An album that breaks off in the middle, since Telegram counts each of its items and may leave out some."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from app.amend import Change, withdraw
from app.domain.delivery import STRUCK
from app.domain.known import MAY_STAND
from deploy.sandbox import Sandbox
from deploy.sandbox.chats import Author
from deploy.sandbox.faults import FaultKind
from deploy.sandbox.text import Formatted
from tests.workers.conftest import CHAT, City, a_city, settings_for, until
from tests.workers.test_asking import FORWARD, OPERATIONS, WAYS, askable, is_in_doubt
from tests.workers.test_asking_after_a_restore import RESTORED
from tests.workers.test_media import attached, png, sorts
from tests.workers.trap import Trap

THREE = ("a.png", "b.png", "c.png")
OTHER = CHAT - 1
LAST = "select last_reference from channel where slug = 'scuola'"
AT_ONCE = "update delivery set due_at = now() where state = 'in_doubt' and lease_until is null"
SENT = "select count(*) from attempt where action = 'post'"
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


def pictures(city: City) -> list[str]:
    """Name the pictures that people see, by their sizes."""
    sizes = [post.media[1][0]["width"] for post in city.posts() if post.media]
    return [THREE[size - 4] for size in sizes]


async def deleted(city: City, notice: UUID) -> None:
    await withdraw(city.pool, Change(notice, "mensa", "test", None), delete=True)
    city.bell.ring()
    await city.settled("withdrawn")


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
    assert (pictures(city), "Percorso" in first, second) == (["a.png", "b.png"], True, "")
    assert [name in first for name in THREE] == [False, False, True]
    assert [post.media[0] for post in city.posts(OTHER) if post.media] == ["photo"] * 3
    assert [row["state"] for row in await city.pool.fetch(STATES)] == ["ready"]

    city.sandbox.faults.add(FaultKind.ANSWER_RESET, method="sendMessage", chat=CHAT)
    await city.accepts(texts={"it": {"title": "Domani"}})
    await settled(city)

    assert sorts(city) == ["photo", "photo", "text"]
    assert await city.pool.fetchval(LAST) == str(city.posts()[-1].id)


@WAYS
@pytest.mark.parametrize("lost", [[0], [0, 1], [1, 2]])
async def test_what_stands_of_an_album_is_found_without_its_first_item_too_and_is_not_posted_once_more(
    city: City, trap: Trap, lost: list[int]
) -> None:
    await askable(city)
    city.sandbox.faults.add(FaultKind.BROKEN_ALBUM, method="sendMediaGroup", chat=CHAT, lost=lost)

    await city.accepts(in_doubt="repeat", texts={"it": {"title": "Percorso"}}, attachments=attached(trap, *THREE))
    await settled(city)

    there = THREE[: len(THREE) - len(lost)]
    assert (pictures(city), "Percorso" in city.texts()[0]) == (list(there), True)
    assert [name in city.texts()[0] for name in THREE] == [name not in there for name in THREE]
    assert await city.pool.fetchval(SENT) == 1


@WAYS
@pytest.mark.parametrize(("fault", "lost"), [(FaultKind.BROKEN_ALBUM, [1]), (FaultKind.ANSWER_RESET, [])])
async def test_a_deletion_takes_away_all_that_stands_of_an_album_whose_answer_was_lost(
    city: City, trap: Trap, fault: FaultKind, lost: list[int]
) -> None:
    await askable(city)
    city.sandbox.faults.add(fault, method="sendMediaGroup", chat=CHAT, lost=lost)
    notice = await city.accepts(attachments=attached(trap, *THREE))
    await settled(city)

    await deleted(city, notice.id)

    assert city.posts() == []


@WAYS
async def test_of_an_album_with_somebodys_picture_in_it_only_the_first_item_is_known_and_that_is_struck(
    city: City, trap: Trap
) -> None:
    await askable(city)
    city.sandbox.faults.add(FaultKind.ANSWER_RESET, method="sendMediaGroup")
    notice = await city.accepts(attachments=attached(trap, *THREE))
    await until(lambda: is_in_doubt(city))
    city.posts()[1].author = Author.HUMAN
    await settled(city)

    assert await city.pool.fetchval(LAST) == str(city.posts()[-1].id)
    await deleted(city, notice.id)

    assert len(city.posts()) == 3
    assert await city.pool.fetchval("select last_error from delivery") == STRUCK


@pytest.mark.parametrize("city", [FORWARD], indirect=True)
async def test_after_a_restore_what_stands_behind_the_first_item_may_be_anything_and_is_let_be(
    city: City, trap: Trap
) -> None:
    await askable(city)
    await city.pool.execute(RESTORED)
    city.sandbox.faults.add(FaultKind.BROKEN_ALBUM, method="sendMediaGroup", chat=CHAT, lost=[1, 2])
    notice = await city.accepts(attachments=attached(trap, *THREE))
    await until(lambda: is_in_doubt(city))
    unknown = city.sandbox.world.post(city.sandbox.world.chats[CHAT], text=Formatted("Dopo la copia"))
    city.sandbox.post_as_human(CHAT, "Auguri")
    await settled(city)

    await deleted(city, notice.id)

    assert [post.text.text for post in city.posts()][-2:] == ["Dopo la copia", "Auguri"]
    assert unknown.edited is None


@pytest.mark.parametrize("city", [FORWARD], indirect=True)
async def test_pictures_of_which_nobody_can_tell_whose_they_are_are_a_persons_and_nothing_is_repeated(
    city: City, trap: Trap
) -> None:
    """A bot that may edit other people's posts asks by forwards, which do not say who posted what."""
    await askable(city)
    city.sandbox.set_rights(CHAT, {"can_edit_messages": True})
    city.sandbox.faults.add(FaultKind.BROKEN_ALBUM, method="sendMediaGroup", chat=CHAT, lost=[0])

    await city.accepts(in_doubt="repeat", attachments=attached(trap, *THREE))
    await city.settled("held")

    assert sorts(city) == ["photo", "photo"]
    assert await city.pool.fetchval("select last_error from delivery") == MAY_STAND
    assert await city.pool.fetchval(LAST) is None


@WAYS
async def test_a_whole_album_whose_answer_was_lost_is_taken_with_its_last_place(city: City, trap: Trap) -> None:
    await askable(city)
    city.sandbox.faults.add(FaultKind.ANSWER_RESET, method="sendMediaGroup")

    await city.accepts(attachments=attached(trap, *THREE))
    await settled(city)

    assert sorts(city) == ["photo"] * 3
    assert await city.pool.fetchval(LAST) == str(city.posts()[-1].id)
    assert [entry for entry in city.sandbox.journal if entry.did == "edited"] == []
