# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What Telegram or a channel will not take as a file costs the file and not the notice: it goes out with a link."""

from collections.abc import AsyncIterator

import pytest

from app.amend import Change, amend
from app.domain.breaker import CALLS
from app.routing import Routing
from deploy.sandbox import Sandbox
from deploy.sandbox.faults import FaultKind
from tests.given import a_notice
from tests.workers.conftest import CHAT, City, a_city, settings_for, until
from tests.workers.test_media import PDF, attached, png, sorts
from tests.workers.trap import Trap

GROUP = -1001000000002
AWAY = "select troubled_at is not null or asked_at is not null from pace where kind = 'telegram'"
REST = "update channel set free_at = now() + interval '1 hour' where address <> $1"
TAKEN = "select exists (select from delivery where state = 'delivered')"
TRIES = "select count(*) from attempt where action = 'post' and outcome = 'declined'"
PAUSED = "select slug from channel where paused_at is not null"


@pytest.fixture
async def city(database_url: str, redis_url: str, sandbox: Sandbox, trap: Trap) -> AsyncIterator[City]:
    trap.files = {"/a.png": png(), "/b.png": png(8, 8)}
    members = {"fetch_exceptions": trap.host, "fetch_ca_file": trap.authority, "telegram_timeout": 30, "lease": 60}
    async with a_city(settings_for(database_url, redis_url, sandbox, **members), sandbox) as city:
        yield city


async def test_an_album_that_is_too_large_for_the_server_becomes_links(city: City, trap: Trap) -> None:
    await city.channel()
    city.sandbox.faults.add(FaultKind.TOO_LARGE, method="sendMediaGroup", times=None)

    await city.accepts(attachments=attached(trap, "a.png", "b.png"))
    await city.settled("delivered", "dead")

    assert sorts(city) == ["text"]
    assert "a.png" in city.texts()[0]


async def test_files_that_are_too_many_bytes_together_are_not_uploaded(city: City, trap: Trap) -> None:
    await city.channel()
    names = [f"{number}.pdf" for number in range(5)]
    trap.files = {f"/{name}": PDF + bytes(9_500_000) for name in names}

    await city.accepts(attachments=attached(trap, *names))
    await city.settled("delivered", "dead", within=120)

    assert sorts(city) == ["text"]
    assert await city.pool.fetchval("select count(*) from media where state = 'ready'") == 5
    assert [entry for entry in city.sandbox.journal if entry.method == "sendMediaGroup"] == []


@pytest.mark.parametrize("words", [None, "CHAT_SEND_PHOTOS_FORBIDDEN"])
async def test_a_channel_that_takes_no_pictures_gets_the_text_and_no_other_loses_its_picture(
    city: City, trap: Trap, words: str | None
) -> None:
    city.sandbox.add_chat(GROUP, "supergroup", "Genitori")
    if words is None:
        city.sandbox.set_rights(GROUP, {"can_send_photos": False})
    else:
        city.sandbox.faults.add(FaultKind.OK_FALSE_200, method="sendPhoto", chat=GROUP, description=words, times=None)
    await city.channel("genitori", GROUP)
    await city.channel("scuola", CHAT)

    await city.accepts(attachments=attached(trap, "a.png"))
    await city.settled("delivered", "dead")

    (there,) = city.posts(GROUP)
    assert (there.media, "a.png" in there.text.text) == (None, True)
    assert sorts(city) == ["photo"]
    assert await city.pool.fetch(PAUSED) == []


async def test_a_picture_that_telegram_refuses_does_not_cost_the_notice_its_document(city: City, trap: Trap) -> None:
    await city.channel()
    trap.files["/c.pdf"] = PDF
    city.sandbox.faults.add(FaultKind.OK_FALSE_200, method="sendPhoto", description="IMAGE_PROCESS_FAILED")

    await city.accepts(attachments=attached(trap, "a.png", "c.pdf"))
    await city.settled()

    assert sorts(city) == ["document"]
    assert ["a.png" in city.texts()[0], "c.pdf" in city.texts()[0]] == [True, False]


async def test_a_picture_that_is_refused_in_an_exchange_costs_the_notice_that_one_alone(city: City, trap: Trap) -> None:
    await city.channel()
    trap.files["/c.png"] = png(9, 9)
    notice = await city.accepts(attachments=attached(trap, "a.png", "b.png"), event_id="mensa/x")
    await city.settled()
    city.sandbox.faults.add(FaultKind.OK_FALSE_200, method="editMessageMedia", description="IMAGE_PROCESS_FAILED")

    new = a_notice(attachments=attached(trap, "a.png", "c.png"), event_id="mensa/x")
    await amend(city.pool, Routing(), Change(notice.id, "mensa", "test", 1), new)
    await city.settled()

    failed = await city.pool.fetch("select href from media where state = 'failed'")
    assert [href.rpartition("/")[2] for (href,) in failed] == ["c.png"]


async def test_an_album_that_many_channels_refuse_is_no_silence_of_telegram(city: City, trap: Trap) -> None:
    """Where one has taken its files they go to the others by their ids, so that all are refused at once."""
    for number in range(CALLS + 3):
        await city.channel(f"c{number}", CHAT - number)
    await city.pool.execute(REST, str(CHAT))
    refusal = {"method": "sendMediaGroup", "description": "group send failed"}
    city.sandbox.faults.add(FaultKind.OK_FALSE_200, **refusal, after=1, times=None)
    await city.accepts(attachments=attached(trap, "a.png", "b.png"))
    await until(lambda: city.pool.fetchval(TAKEN))

    await city.pool.execute("update channel set free_at = now()")
    await city.settled()

    assert not await city.pool.fetchval(AWAY)
    assert await city.pool.fetchval(TRIES) == 2 * (CALLS + 2)
    assert (sorts(city), [post.media for post in city.posts(CHAT - 1)]) == (["photo", "photo"], [None])
