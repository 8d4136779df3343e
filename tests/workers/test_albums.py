# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Corrections that want other pictures and documents than those that are posted."""

from collections.abc import AsyncIterator, Sequence

import pytest

from app.amend import Change, amend, withdraw
from app.intake import Accepted
from app.routing import Routing
from deploy.sandbox import Sandbox
from deploy.sandbox.faults import FaultKind
from tests.given import a_notice
from tests.workers.conftest import CHAT, City, a_city, settings_for, until
from tests.workers.test_media import PDF, attached, png, sorts
from tests.workers.trap import Trap

TWO_DAYS = 48 * 3600.0
SIZES = {"a.png": 4, "b.png": 8, "c.png": 12, "d.png": 16}


@pytest.fixture
async def city(database_url: str, redis_url: str, sandbox: Sandbox, trap: Trap) -> AsyncIterator[City]:
    """A city whose worker may fetch pictures of four sizes, by which they are told apart."""
    trap.files = {f"/{name}": png(size, size) for name, size in SIZES.items()} | {"/e.pdf": PDF}
    members = {"fetch_exceptions": trap.host, "fetch_ca_file": trap.authority}
    async with a_city(settings_for(database_url, redis_url, sandbox, **members), sandbox) as city:
        yield city


async def posted(city: City, trap: Trap, *names: str) -> Accepted:
    await city.channel()
    notice = await city.accepts(event_id="e1", attachments=attached(trap, *names))
    await city.settled()
    return notice


async def corrected(city: City, trap: Trap, notice: Accepted, names: Sequence[str], title: str = "Giusto") -> None:
    new = a_notice(event_id="e1", texts={"it": {"title": title}}, attachments=attached(trap, *names))
    await amend(city.pool, Routing(), Change(notice.id, "mensa", "test", None), new)
    city.bell.ring()
    await city.settled()


def pictures(city: City) -> list[str]:
    """Name the pictures that people see, by their sizes."""
    names = {size: name for name, size in SIZES.items()}
    return [names[post.media[1][0]["width"]] for post in city.posts() if post.media and post.media[0] == "photo"]


@pytest.mark.parametrize("kept", [("a.png", "b.png"), ("a.png", "c.png"), ("b.png", "c.png"), ("c.png",)])
async def test_a_picture_taken_out_of_an_album_is_deleted_and_the_caption_stays_at_the_first(
    city: City, trap: Trap, kept: tuple[str, ...]
) -> None:
    notice = await posted(city, trap, "a.png", "b.png", "c.png")
    first = city.posts()[0].id

    await corrected(city, trap, notice, kept)

    assert sorted(pictures(city)) == sorted(kept)
    assert city.posts()[0].id == first
    assert "Giusto" in city.texts()[0]
    assert ".png" not in city.texts()[0]


async def test_a_new_picture_takes_the_place_of_one_taken_out_and_one_too_many_is_a_link(
    city: City, trap: Trap
) -> None:
    notice = await posted(city, trap, "a.png", "b.png")

    await corrected(city, trap, notice, ["b.png", "c.png", "d.png"])

    assert sorted(pictures(city)) == ["b.png", "c.png"]
    assert "d.png" in city.texts()[0]


async def test_after_48_hours_a_picture_taken_out_is_covered_by_one_that_stays(city: City, trap: Trap) -> None:
    notice = await posted(city, trap, "a.png", "b.png")
    city.sandbox.clock.offset = TWO_DAYS

    await corrected(city, trap, notice, ["b.png"])

    assert pictures(city) == ["b.png", "b.png"]
    assert "Giusto" in city.texts()[0]


async def test_when_all_pictures_are_taken_out_the_text_stands_alone(city: City, trap: Trap) -> None:
    notice = await posted(city, trap, "a.png", "b.png")

    await corrected(city, trap, notice, [])

    assert sorts(city) == ["text"]
    assert "Giusto" in city.texts()[0]


async def test_after_48_hours_the_caption_says_that_the_last_picture_is_no_longer_part_of_it(
    city: City, trap: Trap
) -> None:
    notice = await posted(city, trap, "a.png")
    city.sandbox.clock.offset = TWO_DAYS

    await corrected(city, trap, notice, [])

    assert pictures(city) == ["a.png"]
    assert "Un allegato mostrato qui non fa più parte dell'avviso." in city.texts()[0]


async def test_an_album_and_a_document_are_deleted_with_the_notice(city: City, trap: Trap) -> None:
    notice = await posted(city, trap, "a.png", "b.png", "e.pdf")
    assert sorts(city) == ["photo", "photo", "document"]

    await withdraw(city.pool, Change(notice.id, "mensa", "test", None), delete=True)
    city.bell.ring()
    await city.settled("withdrawn")

    assert city.posts() == []
    assert [entry.method for entry in city.sandbox.journal if entry.did == "deleted"] == [
        "deleteMessage",
        "deleteMessages",
    ]


async def test_no_caption_is_empty_or_like_another_so_that_each_can_be_asked_for(city: City, trap: Trap) -> None:
    await posted(city, trap, "a.png", "e.pdf")

    first, second = city.texts(CHAT)
    assert first != second
    assert "AV-" in first
    assert "AV-" in second


@pytest.mark.parametrize("names", [("a.png",), ("a.png", "b.png")])
async def test_a_picture_that_is_put_back_after_an_exchange_without_an_answer_is_seen_again(
    city: City, trap: Trap, names: tuple[str, ...]
) -> None:
    notice = await posted(city, trap, *names)
    city.sandbox.faults.add(FaultKind.ANSWER_RESET, method="editMessageMedia")
    new = a_notice(event_id="e1", attachments=attached(trap, *names[:-1], "c.png"))
    await amend(city.pool, Routing(), Change(notice.id, "mensa", "test", None), new)
    city.bell.ring()

    async def is_doubted() -> bool:
        return bool(await city.pool.fetchval("select exists (select from attempt where outcome = 'doubted')"))

    await until(is_doubted, 90)
    await corrected(city, trap, notice, names)

    assert pictures(city) == list(names)
