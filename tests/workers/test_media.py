# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Attachments from the municipality's web server to a family's phone."""

import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from struct import pack

import pytest

from app.amend import Change, amend, withdraw
from app.routing import Routing
from deploy.sandbox import Sandbox
from deploy.sandbox.faults import FaultKind
from tests.given import a_notice
from tests.workers.conftest import CHAT, City, a_city, settings_for, until
from tests.workers.trap import Trap
from workers.telegram.sender import UPLOADING
from workers.telegram.slots import UPLOADS

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"

OTHER = CHAT - UPLOADS
# In one look, as each wait is over in a second.
WAITS_FOR_NOTHING = """
select count(*) = 1 and bool_and(d.attempts = 0 and d.due_at > now() and c.sent = '{}' and c.others_free_at <= now())
  from delivery d join channel c on c.id = d.channel_id where d.last_error = $1 and c.slug = 'sud'
"""


def png(width: int = 4, height: int = 4) -> bytes:
    """Draw a real picture, however small."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return pack(">I", len(data)) + name + data + pack(">I", zlib.crc32(name + data))

    rows = zlib.compress(b"".join(b"\x00" + b"\x7f" * width * 3 for _ in range(height)))
    head = chunk(b"IHDR", pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.fixture
async def city(database_url: str, redis_url: str, sandbox: Sandbox, trap: Trap) -> AsyncIterator[City]:
    """A city whose worker may fetch from the test's own web server."""
    trap.files = {"/a.png": png(), "/b.png": png(8, 8), "/c.pdf": PDF, "/fake.pdf": b"<html>no document</html>"}
    members = {"fetch_exceptions": trap.host, "fetch_ca_file": trap.authority, "telegram_timeout": 30, "lease": 60}
    async with a_city(settings_for(database_url, redis_url, sandbox, **members), sandbox) as city:
        yield city


def attached(trap: Trap, *names: str) -> list[dict[str, str]]:
    return [{"title": name, "href": f"https://{trap.host}/{name}"} for name in names]


def sorts(city: City) -> list[str]:
    return [post.media[0] if post.media else "text" for post in city.posts()]


async def test_a_picture_goes_out_with_the_notice_as_its_caption(city: City, trap: Trap) -> None:
    await city.channel()

    await city.accepts(texts={"it": {"title": "Percorso nuovo"}}, attachments=attached(trap, "a.png"))
    await city.settled()

    (post,) = city.posts()
    assert sorts(city) == ["photo"]
    assert post.text.text.startswith("Percorso nuovo")
    assert post.text.entities[0]["type"] == "bold"
    assert "a.png" not in post.text.text


async def test_a_long_notice_follows_its_document(city: City, trap: Trap) -> None:
    await city.channel()

    await city.accepts(
        texts={"it": {"title": "Ordinanza", "body": "Una frase lunga. " * 150}}, attachments=attached(trap, "c.pdf")
    )
    await city.settled()

    document, text = city.posts()
    assert sorts(city) == ["document", "text"]
    assert document.text.text.startswith("Ordinanza")
    assert text.text.text.count("Una frase lunga.") == 150


async def test_two_pictures_and_a_document_are_an_album_and_a_document(city: City, trap: Trap) -> None:
    await city.channel()

    await city.accepts(attachments=attached(trap, "a.png", "c.pdf", "b.png"))
    await city.settled()

    first, second, document = city.posts()
    assert sorts(city) == ["photo", "photo", "document"]
    assert first.album == second.album is not None
    assert document.album is None
    assert await city.pool.fetchval("select last_reference from channel") == str(document.id)


@pytest.mark.parametrize("name", ["none.png", "fake.pdf"])
async def test_what_cannot_be_had_goes_out_as_a_link(city: City, trap: Trap, name: str) -> None:
    await city.channel()

    await city.accepts(attachments=attached(trap, name))
    await city.settled()

    assert sorts(city) == ["text"]
    assert name in city.texts()[0]
    assert await city.pool.fetchval("select state from media") == "failed"


async def test_a_picture_that_telegram_refuses_becomes_a_link(city: City, trap: Trap) -> None:
    await city.channel()
    city.sandbox.faults.add(FaultKind.OK_FALSE_200, method="sendPhoto", description="IMAGE_PROCESS_FAILED")

    await city.accepts(attachments=attached(trap, "a.png"))
    await city.settled()

    assert sorts(city) == ["text"]
    assert "a.png" in city.texts()[0]


async def test_a_picture_that_is_too_large_for_a_photo_is_sent_as_a_document_and_costs_no_other(
    city: City, trap: Trap
) -> None:
    await city.channel()
    trap.files["/a.png"] = png(9999, 2)

    await city.accepts(attachments=attached(trap, "a.png", "b.png"))
    await city.settled()

    assert sorts(city) == ["document", "photo"]
    assert await city.pool.fetchval("select count(*) from media where state = 'ready'") == 2


async def posted_one_by_one(city: City, trap: Trap, between: Callable[[], None] = lambda: None) -> None:
    """Post a picture to a channel and then to another: when that has its turn, Telegram knows it already."""
    await city.channel("uno", CHAT)
    await city.channel("due", CHAT - 1)
    await city.pool.execute("update channel set turn_until = now() + interval '1 hour' where slug = 'due'")
    await city.accepts(event_id="e1", attachments=attached(trap, "a.png"))
    await until(lambda: is_posted(city))
    between()
    await city.pool.execute("update channel set turn_until = null")
    city.bell.ring()
    await city.settled()


async def test_a_picture_is_fetched_and_uploaded_once_for_all_channels(city: City, trap: Trap) -> None:
    await posted_one_by_one(city, trap)

    (first,), (second,) = city.posts(CHAT), city.posts(CHAT - 1)
    assert (trap.hits, len(city.sandbox.world.files.kept)) == (1, 1)
    assert first.media == second.media is not None


async def test_few_calls_at_a_time_carry_bytes_and_the_others_find_the_file_there(city: City, trap: Trap) -> None:
    channels = 3 * UPLOADS
    for number in range(channels):
        await city.channel(f"c{number}", CHAT - number)
    city.sandbox.faults.add(FaultKind.DELAYED, method="sendPhoto", delay=2.0, times=None)

    await city.accepts(attachments=attached(trap, "a.png"))
    await city.settled()

    assert [len(city.posts(CHAT - number)) for number in range(channels)] == [1] * channels
    assert 0 < len(city.sandbox.world.files.kept) <= UPLOADS
    assert await city.pool.fetchval("select count(*) from delivery where failures > 0") == 0


@asynccontextmanager
async def uploads_hang(city: City, trap: Trap) -> AsyncIterator[None]:
    """Let as many uploads hang as one process may have; none of them comes to an end before Telegram goes away."""
    for number in range(UPLOADS):
        await city.channel(f"c{number}", CHAT - number, areas=["nord"])
        city.sandbox.faults.add(FaultKind.DELAYED, chat=CHAT - number, method="sendPhoto", delay=600.0)
    await city.channel("sud", OTHER, areas=["sud"])
    await city.accepts(event_id="e1", attachments=attached(trap, "a.png"), audience={"areas": ["nord"]})
    await until(partial(is_so, city, "select count(*) = $1 from delivery where intent is not null", UPLOADS))
    yield
    await city.sandbox.server.leave()


async def test_an_urgent_picture_does_not_wait_for_uploads_that_hang(city: City, trap: Trap) -> None:
    urgent = {"priority": "urgent", "audience": {"areas": ["sud"]}}
    async with uploads_hang(city, trap):
        await city.accepts(event_id="e2", attachments=attached(trap, "b.png"), **urgent)
        await until(lambda: is_posted(city))

        assert len(city.posts(OTHER)) == 1
        assert await city.pool.fetch("select * from delivery where last_error = $1", UPLOADING) == []
        assert [len(city.posts(CHAT - number)) for number in range(UPLOADS)] == [0] * UPLOADS


async def test_a_picture_that_waits_for_other_uploads_costs_its_channel_nothing(city: City, trap: Trap) -> None:
    async with uploads_hang(city, trap):
        await city.accepts(event_id="e2", attachments=attached(trap, "b.png"), audience={"areas": ["sud"]})
        await until(partial(is_so, city, WAITS_FOR_NOTHING, UPLOADING))

        assert await city.pool.fetchval("select count(*) from attempt") == UPLOADS


async def is_so(city: City, question: str, *values: object) -> bool:
    return bool(await city.pool.fetchval(question, *values))


async def test_a_picture_that_telegram_has_forgotten_is_uploaded_once_more(city: City, trap: Trap) -> None:
    await posted_one_by_one(city, trap, city.sandbox.world.files.kept.clear)

    assert [post.media[0] for post in city.posts(CHAT - 1) if post.media] == ["photo"]
    assert await city.pool.fetchval("select state from media") == "ready"


async def is_posted(city: City) -> bool:
    return "delivered" in await city.states()


async def test_a_correction_changes_the_caption_and_exchanges_the_picture(city: City, trap: Trap) -> None:
    await city.channel()
    notice = await city.accepts(event_id="e1", attachments=attached(trap, "a.png"))
    await city.settled()
    (before,) = city.posts()
    picture = before.media

    new = a_notice(event_id="e1", texts={"it": {"title": "Giusto"}}, attachments=attached(trap, "b.png"))
    await amend(city.pool, Routing(), Change(notice.id, "mensa", "test", 1), new)
    city.bell.ring()
    await city.settled()

    (after,) = city.posts()
    assert "Giusto" in after.text.text
    assert (after.id, sorts(city)) == (before.id, ["photo"])
    assert after.media != picture


async def test_a_withdrawal_strikes_the_caption(city: City, trap: Trap) -> None:
    await city.channel()
    notice = await city.accepts(attachments=attached(trap, "a.png"))
    await city.settled()

    await withdraw(city.pool, Change(notice.id, "mensa", "test", None))
    city.bell.ring()
    await city.settled("withdrawn")

    (post,) = city.posts()
    assert post.text.text.startswith("AVVISO RITIRATO")


async def test_a_picture_in_doubt_is_asked_for_by_its_caption_and_adopted(city: City, trap: Trap) -> None:
    await city.channel(can_ask=True)
    await city.accepts()
    await city.settled()
    city.sandbox.faults.add(FaultKind.ANSWER_RESET, method="sendPhoto")

    await city.accepts(attachments=attached(trap, "a.png"))
    await city.settled()

    assert sorts(city) == ["text", "photo"]
    assert await city.pool.fetchval("select count(*) from attempt where action = 'probe'") == 1
