# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Withdrawals that delete, from the wish to what a family no longer sees."""

import json

import pytest

from app.amend import Change, amend, withdraw
from app.outbox import decide, resume
from app.routing import Routing
from deploy.sandbox.faults import FaultKind
from tests.given import a_notice
from tests.workers.conftest import CHAT, City, until
from tests.workers.test_posting import LONG

TWO_DAYS = 48 * 3600.0


async def delete(city: City, number: object) -> None:
    await withdraw(city.pool, Change(number, "mensa", "test", None), delete=True)  # type: ignore[arg-type]
    city.bell.ring()
    await city.settled("withdrawn")


async def row_of(city: City) -> tuple[bool, str | None]:
    row = await city.pool.fetchrow("select deleted_at is not null as deleted, last_error from delivery")
    assert row is not None
    return row["deleted"], row["last_error"]


async def test_every_part_of_a_withdrawn_notice_is_deleted_on_request(city: City) -> None:
    await city.channel()
    notice = await city.accepts(texts={"it": {"title": "Ordinanza", "body": LONG}})
    await city.settled()
    assert len(city.posts()) == 3

    await delete(city, notice.id)

    assert city.posts() == []
    assert await row_of(city) == (True, None)


async def test_what_is_older_than_48_hours_is_struck_instead_and_the_delivery_says_so(city: City) -> None:
    await city.channel()
    notice = await city.accepts()
    await city.settled()
    city.sandbox.clock.offset = TWO_DAYS

    await delete(city, notice.id)

    (text,) = city.texts()
    deleted, why = await row_of(city)
    assert text.startswith("AVVISO RITIRATO")
    assert not deleted
    assert why == "it could not be deleted, so it is struck and marked as withdrawn"
    assert [entry.code for entry in city.sandbox.journal if entry.method == "deleteMessage"] == [400]


async def test_a_post_that_somebody_deleted_already_counts_as_deleted(city: City) -> None:
    await city.channel()
    notice = await city.accepts()
    await city.settled()
    city.sandbox.delete_as_human(CHAT, city.posts()[0].id)

    await delete(city, notice.id)

    assert await row_of(city) == (True, None)


async def test_what_was_struck_before_can_still_be_deleted(city: City) -> None:
    await city.channel()
    notice = await city.accepts()
    await city.settled()
    await withdraw(city.pool, Change(notice.id, "mensa", "test", None))
    city.bell.ring()
    await city.settled("withdrawn")

    await delete(city, notice.id)

    assert city.posts() == []


@pytest.mark.parametrize("kind", [FaultKind.ANSWER_RESET, FaultKind.RESET_BEFORE_ACCEPTING, FaultKind.SERVER_ERROR])
async def test_a_deletion_whose_answer_is_lost_is_made_again_and_harms_nobody(city: City, kind: FaultKind) -> None:
    await city.channel()
    notice = await city.accepts()
    await city.settled()
    city.sandbox.post_as_human(CHAT, "Auguri")
    city.sandbox.faults.add(kind, method="deleteMessage")

    await delete(city, notice.id)

    assert city.texts() == ["Auguri"]
    assert (await row_of(city))[0]


async def test_a_bot_that_may_no_longer_post_waits_with_the_deletion(city: City) -> None:
    await city.channel()
    notice = await city.accepts()
    await city.settled()
    city.sandbox.kick(CHAT)

    await withdraw(city.pool, Change(notice.id, "mensa", "test", None), delete=True)
    city.bell.ring()

    async def paused() -> bool:
        return bool(await city.pool.fetchval("select paused_at is not null from channel"))

    await until(paused)
    assert await city.states() == ["due"]


async def test_a_long_notice_whose_first_part_somebody_deleted_is_struck_in_all_that_is_left(
    city: City,
) -> None:
    await city.channel()
    notice = await city.accepts(texts={"it": {"title": "Ordinanza", "body": LONG}})
    await city.settled()
    city.sandbox.delete_as_human(CHAT, city.posts()[0].id)

    await withdraw(city.pool, Change(notice.id, "mensa", "test", None))
    city.bell.ring()
    await city.settled("withdrawn")

    texts = city.texts()
    assert len(texts) == 2
    assert texts[0].startswith("AVVISO RITIRATO")
    assert all("strikethrough" in {entity["type"] for entity in post.text.entities} for post in city.posts())


async def test_a_bot_that_may_no_longer_post_strikes_what_it_posted_as_soon_as_it_may_again(city: City) -> None:
    await city.channel()
    notice = await city.accepts()
    await city.settled()
    city.sandbox.set_rights(CHAT, {"can_post_messages": False})
    await withdraw(city.pool, Change(notice.id, "mensa", "test", None))
    city.bell.ring()

    async def paused() -> bool:
        return bool(await city.pool.fetchval("select paused_at is not null from channel"))

    await until(paused)
    stands = await city.states()
    city.sandbox.set_rights(CHAT, {"can_post_messages": True})
    await resume(city.pool, await city.pool.fetchval("select id from channel"))
    city.bell.ring()
    await city.settled("withdrawn")

    assert stands == ["due"]
    assert city.texts()[0].startswith("AVVISO RITIRATO")


async def test_a_post_that_telegram_lets_nobody_change_waits_for_a_person_when_it_should_be_struck(city: City) -> None:
    await city.channel()
    notice = await city.accepts()
    await city.settled()
    words = "Bad Request: message can't be edited"
    city.sandbox.faults.add(FaultKind.LITERAL, method="editMessageText", status=400, body=refused(words))

    await withdraw(city.pool, Change(notice.id, "mensa", "test", None))
    city.bell.ring()
    await city.settled("withdrawn", "held")

    assert await city.states() == ["held"]
    assert "change it by hand" in await city.pool.fetchval("select last_error from delivery")


def refused(words: str) -> str:
    return json.dumps({"ok": False, "error_code": 400, "description": words})


async def test_a_post_that_a_person_found_is_corrected_and_one_found_nowhere_waits_again(city: City) -> None:
    await city.channel("known", CHAT)
    await city.channel("unknown", CHAT - 1)
    for chat in (CHAT, CHAT - 1):
        city.sandbox.faults.add(FaultKind.ANSWER_RESET, method="sendMessage", chat=chat)
    notice = await city.accepts(event_id="e1", in_doubt="hold")
    await city.settled("held")
    rows = await city.pool.fetch("select d.id, slug from delivery d join channel c on c.id = d.channel_id")
    for row in rows:
        known = [str(city.posts()[0].id)] if row["slug"] == "known" else []
        await decide(city.pool, row["id"], "sent", known)

    new = a_notice(event_id="e1", in_doubt="hold", texts={"it": {"title": "Giusto"}})
    await amend(city.pool, Routing(), Change(notice.id, "mensa", "test", 1), new)
    city.bell.ring()
    await city.settled("delivered", "held")

    assert "Giusto" in city.texts(CHAT)[0]
    assert "Giusto" not in city.texts(CHAT - 1)[0]
    assert (len(city.posts(CHAT)), len(city.posts(CHAT - 1))) == (1, 1)
    assert sorted(await city.states()) == ["delivered", "held"]


@pytest.mark.parametrize("away", [False, True])
async def test_of_a_post_that_stands_there_twice_the_known_one_is_taken_back_and_a_person_names_the_other(
    city: City, *, away: bool
) -> None:
    await city.channel()
    city.sandbox.faults.add(FaultKind.ANSWER_RESET, method="sendMessage")
    notice = await city.accepts(in_doubt="repeat", texts={"it": {"title": "Due volte"}})
    await city.settled()
    earlier, known = city.posts()

    await withdraw(city.pool, Change(notice.id, "mensa", "test", None), delete=away)
    city.bell.ring()
    await city.settled("held")
    held = city.texts()
    assert await decide(city.pool, await city.pool.fetchval("select id from delivery"), "sent", [str(earlier.id)])
    city.bell.ring()
    await city.settled("withdrawn")

    assert held[0].startswith("Due volte")
    assert [text.startswith("AVVISO RITIRATO") for text in held[1:]] == ([] if away else [True])
    assert [post.id for post in city.posts()] == ([] if away else [earlier.id, known.id])
    assert not any(text.startswith("Due volte") for text in city.texts())
