# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A notice whose only picture is taken out keeps its text where that could not be posted anew."""

from typing import Any

import pytest

from app.amend import Change, amend, withdraw
from app.intake import Accepted
from app.routing import Routing
from tests.given import a_notice
from tests.workers.conftest import City
from tests.workers.test_albums import city, pictures, posted
from tests.workers.test_captions import TAKEN_OUT
from tests.workers.test_media import attached, sorts
from tests.workers.trap import Trap

__all__ = ["city"]
OVER = "2026-01-01T12:00:00+01:00"


def change(notice: Accepted) -> Change:
    return Change(notice.id, "mensa", "test", None)


async def corrected(city: City, notice: Accepted, **members: Any) -> None:
    new = a_notice(event_id="e1", texts={"it": {"title": "Giusto", "body": members.pop("body", "x")}}, **members)
    await amend(city.pool, Routing(), change(notice), new)
    city.bell.ring()


@pytest.mark.parametrize("left", [[], ["e.pdf"]])
async def test_after_its_time_the_picture_stays_and_the_caption_says_that_it_is_no_longer_part(
    city: City, trap: Trap, left: list[str]
) -> None:
    notice = await posted(city, trap, "a.png")

    await corrected(city, notice, attachments=attached(trap, *left), expires_at=OVER)
    await city.settled()

    assert (pictures(city), sorts(city)) == (["a.png"], ["photo"])
    assert "Giusto" in city.texts()[0]
    assert TAKEN_OUT in city.texts()[0]
    assert all(name in city.texts()[0] for name in left)


async def test_it_can_still_be_deleted_on_request(city: City, trap: Trap) -> None:
    notice = await posted(city, trap, "a.png")
    await corrected(city, notice, expires_at=OVER)
    await city.settled()

    await withdraw(city.pool, change(notice), delete=True)
    city.bell.ring()
    await city.settled("withdrawn")

    assert city.posts() == []


async def test_what_a_newer_notice_answers_keeps_its_text(city: City, trap: Trap) -> None:
    notice = await posted(city, trap, "a.png")
    await city.accepts(supersedes="e1")
    await city.settled()

    await corrected(city, notice)
    await city.settled()

    older, newer = city.posts()
    assert newer.reply_to == older.id
    assert "Giusto" in older.text.text
    assert TAKEN_OUT in older.text.text


async def test_what_is_withdrawn_before_the_picture_went_is_struck(city: City, trap: Trap) -> None:
    notice = await posted(city, trap, "a.png")
    await city.pool.execute("update channel set paused_at = now()")
    await corrected(city, notice)
    await withdraw(city.pool, change(notice))

    await city.pool.execute("with back as (update channel set paused_at = null) update delivery set parked = false")
    city.bell.ring()
    await city.settled("withdrawn")

    (text,) = city.texts()
    assert text.startswith("AVVISO RITIRATO")
    assert "Giusto" in text


async def test_a_correction_that_grows_after_its_time_stays_in_the_caption_as_long_as_that_can_hold_it(
    city: City, trap: Trap
) -> None:
    notice = await posted(city, trap, "a.png")

    await corrected(city, notice, body="y" * 880, attachments=attached(trap, "a.png"), expires_at=OVER)
    await city.settled()

    assert sorts(city) == ["photo"]
    assert "y" * 880 in city.texts()[0]
