# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""From acceptance to what followers see, and what becomes of it later."""

import pytest

from app.amend import Change, amend, withdraw
from app.pushes import choose, waiting
from app.routing import Routing
from tests.given import a_notice
from tests.wechat.town import BOTH, Town

PERSON = {"choice": "person"}
FIRST = (-1, 0)
CORRECTED = {"zh-Hans": {"title": "11月27日食堂照常供餐"}, "it": {"title": "Mensa: pasto caldo"}}
CLOSED = {"zh-Hans": {"title": "11月27日食堂关闭"}, "it": {"title": "Mensa: chiusa"}}


async def corrected(town: Town, event: str, texts: dict[str, dict[str, str]] = CORRECTED) -> None:
    number = await town.pool.fetchval("select id from notice where event_id = $1", event)
    await amend(town.pool, Routing(), Change(number, "mensa", "test", None), a_notice(event_id=event, texts=texts))


async def a_correction_is_on_its_way(town: Town) -> None:
    """Have a notice pushed, corrected, and its correction handed in, which an administrator must confirm."""
    await town.channel()
    await town.accepts(event_id="e1")
    await town.settles()
    await corrected(town, "e1")
    await town.settles()
    (asked,) = await waiting(town.pool, FIRST, 10)
    town.later(days=1)
    town.sandbox.account.needs_confirmation = True
    await choose(town.pool, asked["id"], "send", "test")
    assert await town.turn() == ["Submitted"]


async def test_a_notice_reaches_the_account_in_chinese_and_below_in_italian(town: Town) -> None:
    await town.channel()

    await town.accepts()
    await town.settles()

    (send,) = town.sandbox.pushed
    assert await town.states() == ["delivered"]
    assert [article.title for article in send.articles] == [text["title"] for text in BOTH.values()]
    assert [article.raw_title.decode() for article in send.articles] == [text["title"] for text in BOTH.values()]
    assert (send.to_all, send.sent) == (True, 20)
    assert await town.pool.fetchval("select posts -> 0 ->> 'reference' from delivery") == str(send.msg_id)


async def test_followers_with_a_tag_get_their_language_only(town: Town) -> None:
    town.sandbox.account.followers[0].tags.add(101)
    await town.channel(address="tag:101", language="it")

    await town.accepts()
    await town.settles()

    (send,) = town.sandbox.pushed
    assert (send.tag, send.sent, [article.title for article in send.articles]) == (101, 1, ["Mensa: pasto freddo"])


async def test_a_title_that_is_too_long_is_refused_by_name_and_a_short_title_helps(town: Town) -> None:
    await town.channel()
    long = "Sciopero del 27 novembre: in mensa pasto freddo"

    await town.accepts(texts={"it": {"title": long}})
    await town.accepts(texts={"it": {"title": long, "short_title": "Mensa: pasto freddo"}})
    await town.settles()

    refused, _ = await town.rows()
    assert await town.states() == ["dead", "delivered"]
    assert "the title in it has 47 characters and WeChat takes 32" in refused["last_error"]
    (send,) = town.sandbox.pushed
    assert send.articles[0].title == "Mensa: pasto freddo"
    assert long in send.articles[0].content


async def test_what_is_withdrawn_is_deleted_for_everyone(town: Town) -> None:
    await town.channel()
    notice = await town.accepts()
    await town.settles()

    await withdraw(town.pool, Change(notice.id, "mensa", "test", None))
    await town.settles()

    assert await town.states() == ["withdrawn"]
    assert [send.state for send in town.sandbox.sends] == ["deleted"]


async def test_what_is_withdrawn_while_an_administrator_is_waited_for_is_deleted_when_it_is_through(
    town: Town,
) -> None:
    town.sandbox.account.needs_confirmation = True
    await town.channel()
    notice = await town.accepts()
    await town.turn()
    await withdraw(town.pool, Change(notice.id, "mensa", "test", None))
    for _ in range(3):
        await town.turn()
    town.sandbox.confirm(town.sandbox.sends[0])

    await town.settles()

    assert await town.states() == ["withdrawn"]
    assert [send.state for send in town.sandbox.sends] == ["deleted"]


async def test_a_correction_is_no_push_by_itself_and_says_so_until_a_person_chooses_one(town: Town) -> None:
    await town.channel()
    await town.accepts(event_id="e1")
    await town.settles()

    await corrected(town, "e1")
    await town.settles()
    (before,) = await town.rows()
    (asked,) = await waiting(town.pool, FIRST, 10)
    town.later(days=1)
    await choose(town.pool, asked["id"], "send", "test")
    await town.settles()

    assert (before["state"], before["shown"], before["wanted"]) == ("delivered", 1, 2)
    assert "WeChat lets nobody change a sent article" in before["last_error"]
    (after,) = await town.rows()
    assert (after["state"], after["shown"]) == ("delivered", 2)
    assert [send.articles[1].title for send in town.sandbox.pushed] == ["Mensa: pasto freddo", "Mensa: pasto caldo"]
    assert "Corretto il" in town.sandbox.pushed[1].articles[1].content


@pytest.mark.parametrize("worker", ["lives", "is killed"])
async def test_a_correction_that_is_corrected_while_wechat_works_on_it_is_asked_about_anew(
    town: Town, worker: str
) -> None:
    await a_correction_is_on_its_way(town)
    await corrected(town, "e1", CLOSED)
    if worker == "is killed":
        await town.killed()
    town.sandbox.confirm(town.sandbox.sends[1])

    await town.settles()

    (row,) = await town.rows()
    (asked,) = await waiting(town.pool, FIRST, 10)
    assert [send.articles[1].title for send in town.sandbox.pushed] == ["Mensa: pasto freddo", "Mensa: pasto caldo"]
    assert (row["state"], row["shown"], row["wanted"], asked["revision"]) == ("delivered", 2, 3, 3)
    assert "WeChat lets nobody change a sent article" in row["last_error"]


@pytest.mark.parametrize("town", [PERSON], indirect=True)
async def test_a_person_chooses_what_is_worth_a_push_urgent_ones_first(town: Town) -> None:
    await town.channel()
    await town.accepts(event_id="menu")
    await town.accepts(event_id="chiusura", priority="urgent")
    await town.settles(within=60)

    urgent, normal = await waiting(town.pool, FIRST, 10)
    assert not town.sandbox.sends
    assert await choose(town.pool, urgent["id"], "send", "test")
    assert await choose(town.pool, normal["id"], "leave", "test")
    assert not await choose(town.pool, normal["id"], "send", "test")
    await town.settles()

    assert (urgent["lane"], normal["lane"]) == (0, 1)
    assert await town.states() == ["dead", "delivered"]
    assert await waiting(town.pool, FIRST, 10) == []


@pytest.mark.parametrize("town", [PERSON], indirect=True)
async def test_what_nobody_chose_is_withdrawn_or_expires_like_anything_else(town: Town) -> None:
    await town.channel()
    notice = await town.accepts()
    await town.settles(within=60)

    await withdraw(town.pool, Change(notice.id, "mensa", "test", None))
    await town.settles()

    assert (await town.states(), town.sandbox.sends) == (["withdrawn"], [])


async def test_what_wechat_refuses_after_submission_is_a_dead_letter_that_says_so(town: Town) -> None:
    town.sandbox.account.next_status = "err(20001)"
    await town.channel()

    await town.accepts()
    await town.settles()

    assert await town.states() == ["dead"]
    assert "WeChat did not send it" in await town.reason()
    assert town.sandbox.pushed == []


async def test_31_minutes_without_confirmation_end_as_a_dead_letter_and_a_redrive_is_another_push(town: Town) -> None:
    town.sandbox.account.needs_confirmation = True
    await town.channel()
    await town.accepts()
    await town.turn()
    waits = await town.reason()

    town.later(minutes=31)
    await town.settles()
    ended = await town.states(), await town.reason()
    town.sandbox.account.needs_confirmation = False
    await town.pool.execute("update delivery set state = 'due', due_at = now(), intent = null, settled_at = null")
    await town.settles()

    assert "will say what came of it" in waits
    assert ended[0] == ["dead"]
    assert "silent for 30 minutes" in ended[1]
    assert await town.states() == ["delivered"]
    assert len({send.key for send in town.sandbox.sends}) == 2


async def test_an_account_without_pushes_publishes(town: Town) -> None:
    town.sandbox.account.profile_name = "publish_only"
    free = Town(town.pool, town.sandbox, {"account": "publish"})
    await free.channel()

    notice = await free.accepts()
    await free.settles()
    published = [made.state for made in town.sandbox.account.publications.values()]
    await withdraw(free.pool, Change(notice.id, "mensa", "test", None))
    await free.settles()
    await free.client.http.close()

    assert published == ["done"]
    assert await free.states() == ["withdrawn"]
    assert [made.state for made in town.sandbox.account.publications.values()] == ["deleted"]
