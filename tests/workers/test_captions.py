# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What the caption of a picture or document says while its notice is posted, corrected and withdrawn."""

from collections.abc import AsyncIterator

import pytest

from app.amend import Change, amend, withdraw
from app.intake import Accepted
from app.routing import Routing
from deploy.sandbox import Sandbox
from deploy.sandbox.chats import Message
from tests.given import a_notice
from tests.workers.conftest import City, a_city, settings_for
from tests.workers.test_media import PDF, attached, png, sorts
from tests.workers.trap import Trap

TITLE = "Percorso nuovo"
TOO_LONG, LONG = 950 * "x", 800 * "x"
TWO_DAYS = 48 * 3600.0
TAKEN_OUT = "Un allegato mostrato qui non fa più parte dell'avviso."


@pytest.fixture
async def city(database_url: str, redis_url: str, sandbox: Sandbox, trap: Trap) -> AsyncIterator[City]:
    trap.files = {"/a.png": png(), "/c.pdf": PDF}
    members = {"fetch_exceptions": trap.host, "fetch_ca_file": trap.authority}
    async with a_city(settings_for(database_url, redis_url, sandbox, **members), sandbox) as city:
        yield city


async def posted(city: City, trap: Trap, body: str, *names: str, language: str = "it") -> Accepted:
    await city.channel(language=language)
    texts = {"it": {"title": TITLE, "body": body}}
    notice = await city.accepts(event_id="e1", texts=texts, attachments=attached(trap, *names))
    await city.settled()
    return notice


async def corrected(city: City, trap: Trap, notice: Accepted, body: str, *names: str) -> None:
    new = a_notice(event_id="e1", texts={"it": {"title": TITLE, "body": body}}, attachments=attached(trap, *names))
    await amend(city.pool, Routing(), Change(notice.id, "mensa", "test", None), new)
    city.bell.ring()
    await city.settled()


async def withdrawn(city: City, notice: Accepted) -> None:
    await withdraw(city.pool, Change(notice.id, "mensa", "test", None))
    city.bell.ring()
    await city.settled("withdrawn")


def struck(post: Message) -> str:
    lines = post.text.text
    return "".join(
        lines[entity["offset"] : entity["offset"] + entity["length"]]
        for entity in post.text.entities
        if entity["type"] == "strikethrough"
    )


async def test_what_was_posted_with_its_text_apart_stays_so_and_nothing_is_edited_right_after(
    city: City, trap: Trap
) -> None:
    await posted(city, trap, TOO_LONG, "a.png")

    picture, text = city.posts()
    assert sorts(city) == ["photo", "text"]
    assert (TOO_LONG in picture.text.text, TOO_LONG in text.text.text) == (False, True)
    assert not [entry for entry in city.sandbox.journal if entry.method == "editMessageCaption"]


@pytest.mark.parametrize("body", [LONG, TOO_LONG])
async def test_a_withdrawal_strikes_the_title_in_the_caption_and_the_text_wherever_it_stands(
    city: City, trap: Trap, body: str
) -> None:
    notice = await posted(city, trap, body, "a.png")

    await withdrawn(city, notice)

    assert TITLE in struck(city.posts()[0])
    assert body in struck(city.posts()[-1])
    assert all(text.startswith("AVVISO RITIRATO") for text in city.texts())


async def test_a_caption_of_a_notice_that_was_corrected_keeps_its_title(city: City, trap: Trap) -> None:
    notice = await posted(city, trap, TOO_LONG, "c.pdf")

    await corrected(city, trap, notice, f"{TOO_LONG} y", "c.pdf")

    head, _, title, code = city.texts()[0].split("\n")
    assert (head.startswith("Corretto il"), title, code.startswith("AV-")) == (True, TITLE, True)


async def test_a_caption_in_another_language_than_the_channels_has_the_title(city: City, trap: Trap) -> None:
    await posted(city, trap, TOO_LONG, "c.pdf", language="en")

    assert city.texts()[0].split("\n")[0] == TITLE


async def test_the_caption_and_not_the_text_says_that_a_picture_is_no_longer_part_of_it(city: City, trap: Trap) -> None:
    notice = await posted(city, trap, TOO_LONG, "a.png")
    city.sandbox.clock.offset = TWO_DAYS

    await corrected(city, trap, notice, TOO_LONG)

    caption, text = city.texts()
    assert (TAKEN_OUT in caption, TAKEN_OUT in text) == (True, False)
    assert TITLE in caption
