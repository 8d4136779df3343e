# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Several notices in one push: it costs one of the few, each has an outcome of its own, and none is pushed twice."""

from typing import Any

import pytest

from app.amend import Change, amend, withdraw
from app.pushes import choose, choose_together, waiting
from app.routing import Routing
from tests.given import a_notice
from tests.wechat.town import Town
from tests.wechat.wire_faults import LOST, NEVER_TAKEN

PERSON = {"choice": "person"}
FIRST = (-1, 0)
BAD = "x" * 40


def texts(title: str) -> dict[str, Any]:
    return {"zh-Hans": {"title": f"{title} 中文"}, "it": {"title": title}}


async def several(town: Town, *titles: str, **members: Any) -> list[Any]:
    return [(await town.accepts(event_id=title, texts=texts(title), **members)).id for title in titles]


def titles(town: Town) -> list[list[str]]:
    """Give the Italian titles of each push that followers got."""
    return [[each.title for each in send.articles[1::2]] for send in town.sandbox.pushed]


async def references(town: Town) -> list[str]:
    rows = await town.pool.fetch("select posts -> 0 ->> 'reference' as reference from delivery order by id")
    return [row["reference"] for row in rows]


async def in_person(town: Town, *deliveries: int) -> None:
    async with town.pool.acquire() as connection, connection.transaction():
        await choose_together(connection, deliveries, "send", "operator")


async def test_what_is_due_at_once_shares_a_push_urgent_ones_first(town: Town) -> None:
    await town.channel()
    await several(town, "uno", "due")
    await several(town, "urgente", priority="urgent")

    await town.settles()

    (send,) = town.sandbox.pushed
    assert titles(town) == [["urgente", "uno", "due"]]
    assert await town.states() == ["delivered"] * 3
    assert await references(town) == [f"{send.msg_id}_{first}" for first in (3, 5, 1)]
    assert await town.pool.fetchval("select count(*) from push") == 1


async def test_a_message_holds_eight_articles_and_the_rest_goes_the_next_day(town: Town) -> None:
    await town.channel()
    await several(town, *"abcde")

    await town.settles()
    before = titles(town)
    town.later(days=1)
    await town.day()

    assert before == [["a", "b", "c", "d"]]
    assert titles(town) == [["a", "b", "c", "d"], ["e"]]


@pytest.mark.parametrize("town", [PERSON], indirect=True)
async def test_a_person_chooses_several_for_one_push_and_the_others_go_on_waiting(town: Town) -> None:
    await town.channel()
    await several(town, "uno", "due", "tre")
    await town.settles(within=60)
    asked = await waiting(town.pool, FIRST, 10)

    await in_person(town, asked[0]["id"], asked[2]["id"])
    await town.settles()

    assert [row["articles"] for row in asked] == [2, 2, 2]
    assert titles(town) == [["uno", "tre"]]
    assert await town.states() == ["delivered", "due", "delivered"]
    assert [row["id"] for row in await waiting(town.pool, FIRST, 10)] == [asked[1]["id"]]


@pytest.mark.parametrize("town", [PERSON], indirect=True)
async def test_a_correction_and_a_new_notice_that_were_chosen_share_a_push(town: Town) -> None:
    await town.channel()
    (old,) = await several(town, "vecchio")
    await town.settles(within=60)
    await in_person(town, *[row["id"] for row in await waiting(town.pool, FIRST, 10)])
    await town.settles()
    change = Change(old, "mensa", "test", None)
    await amend(town.pool, Routing(), change, a_notice(event_id="vecchio", texts=texts("corretto")))
    await several(town, "nuovo")
    await town.settles(within=60)
    town.later(days=1)

    await in_person(town, *[row["id"] for row in await waiting(town.pool, FIRST, 10)])
    await town.settles()

    first, second = town.sandbox.sends
    assert (first.state, sorted(titles(town)[-1])) == ("deleted", ["corretto", "nuovo"])
    assert await town.states() == ["delivered", "delivered"]
    assert all(reference.startswith(f"{second.msg_id}_") for reference in await references(town))


async def test_one_of_several_is_withdrawn_alone_and_the_last_takes_the_push_with_it(town: Town) -> None:
    await town.channel()
    one, two, three = await several(town, "uno", "due", "tre")
    await town.settles()

    await withdraw(town.pool, Change(two, "mensa", "test", None))
    await town.settles()
    left = [[article.deleted for article in send.articles] for send in town.sandbox.sends]
    states = await town.states()
    for number in (one, three):
        await withdraw(town.pool, Change(number, "mensa", "test", None))
    await town.settles()

    assert left == [[False, False, True, True, False, False]]
    assert states == ["delivered", "withdrawn", "delivered"]
    assert await town.states() == ["withdrawn"] * 3
    assert [send.state for send in town.sandbox.sends] == ["deleted"]
    assert await town.pool.fetchval("select state from push") == "deleted"


@pytest.mark.parametrize("fault", ["answer_reset", "cut_body", "late_answer", "reset_before_accepting", "literal"])
async def test_a_broken_answer_leaves_exactly_one_push_and_all_delivered(town: Town, fault: str) -> None:
    await town.channel()
    town.sandbox.fault(fault, method="message/mass/sendall", **{**LOST, **NEVER_TAKEN}[fault])

    await several(town, "uno", "due", "tre")
    await town.settles()

    assert titles(town) == [["uno", "due", "tre"]]
    assert len(town.sandbox.sends) == 1
    assert len({entry.key for entry in town.calls("mass/sendall")} - {None}) == 1
    assert await town.states() == ["delivered"] * 3


async def test_a_push_that_wechat_refuses_afterwards_ends_each_as_a_dead_letter_and_pushes_no_more(town: Town) -> None:
    town.sandbox.account.next_status = "err(20001)"
    await town.channel()

    await several(town, "uno", "due")
    await town.settles()

    assert await town.states() == ["dead", "dead"]
    assert {row["last_error"].partition(":")[0] for row in await town.rows()} == {"WeChat did not send it"}
    assert len(town.sandbox.sends) == 1


async def test_articles_that_are_refused_together_go_each_by_itself(town: Town) -> None:
    await town.channel()
    town.sandbox.fault(errcode=45002, method="draft/add")
    await several(town, "uno", "due")

    for _ in range(3):
        await town.day()
        town.later(days=1)

    assert titles(town) == [["uno"], ["due"]]
    assert await town.states() == ["delivered", "delivered"]


@pytest.mark.parametrize("town", [PERSON], indirect=True)
async def test_where_a_person_chose_them_together_it_is_asked_again_instead(town: Town) -> None:
    await town.channel()
    await several(town, "uno", "due")
    await town.settles(within=60)
    town.sandbox.fault(errcode=45002, method="draft/add")

    await in_person(town, *[row["id"] for row in await waiting(town.pool, FIRST, 10)])
    await town.settles(within=60)

    assert len(await waiting(town.pool, FIRST, 10)) == 2
    assert (town.sandbox.sends, await town.states()) == ([], ["due", "due"])


async def test_without_quota_they_wait_and_go_together_when_there_is_some(town: Town) -> None:
    await town.channel()
    town.sandbox.send_by_hand("Sul sito, senza dirlo a nessuno")
    await several(town, "uno", "due")

    await town.settles()
    waits = await town.states(), [entry.errcode for entry in town.calls("mass/sendall")]
    town.later(days=1)
    await town.day()

    assert waits == (["due", "due"], [45028])
    assert titles(town)[-1] == ["uno", "due"]


async def test_one_that_is_withdrawn_before_the_push_was_made_is_not_in_it(town: Town) -> None:
    await town.channel()
    _, two = await several(town, "uno", "due")
    town.sandbox.fault("reset_before_accepting", method="draft/add")
    await town.turn()
    await withdraw(town.pool, Change(two, "mensa", "test", None))

    await town.settles()

    assert titles(town) == [["uno"]]
    assert await town.states() == ["delivered", "withdrawn"]


async def test_one_that_is_withdrawn_while_nobody_knows_is_deleted_when_it_is_through(town: Town) -> None:
    await town.channel()
    _, two = await several(town, "uno", "due")
    town.sandbox.fault("answer_reset", method="message/mass/sendall")
    await town.turn()
    await withdraw(town.pool, Change(two, "mensa", "test", None))

    await town.settles()

    (send,) = town.sandbox.sends
    assert await town.states() == ["delivered", "withdrawn"]
    assert [article.deleted for article in send.articles] == [False, False, True, True]


async def test_one_that_is_corrected_meanwhile_says_that_followers_see_the_earlier_revision(town: Town) -> None:
    await town.channel()
    _, two = await several(town, "uno", "due")
    await town.turn()
    change = Change(two, "mensa", "test", None)
    await amend(town.pool, Routing(), change, a_notice(event_id="due", texts=texts("due, corretto")))

    await town.settles()

    _, row = await town.rows()
    assert titles(town) == [["uno", "due"]]
    assert (row["state"], row["shown"], row["wanted"]) == ("delivered", 1, 2)
    assert "WeChat lets nobody change a sent article" in row["last_error"]


async def test_what_waits_for_an_approval_is_not_taken_along(town: Town) -> None:
    await town.channel()
    await town.pool.execute("update service set approvals = '{zh}' where slug = 'mensa'")
    await several(town, "attende")
    await town.accepts(event_id="it", texts={"it": {"title": "solo italiano"}})

    await town.settles(within=60)

    assert [[each.title for each in send.articles] for send in town.sandbox.pushed] == [["solo italiano"]]
    assert await town.states() == ["due", "delivered"]


async def test_a_notice_whose_pictures_are_still_fetched_is_not_taken_along(town: Town) -> None:
    await town.channel()
    await several(town, "uno")
    picture = {"title": "Mappa", "href": "https://www.comune.example.it/mappa.png"}
    await several(town, "figure", attachments=[picture])

    await town.turn()

    (send,) = town.sandbox.sends
    assert [article.title for article in send.articles[1::2]] == ["uno"]


async def test_what_shared_a_push_that_is_not_wanted_any_more_goes_on(town: Town) -> None:
    await town.channel()
    one, _ = await several(town, "uno", "due")
    town.sandbox.fault("reset_before_accepting", method="draft/add")
    await town.turn()
    await town.pool.execute("update push set state = 'prepared'")  # as where its worker was killed before the draft
    await town.pool.execute("""
        update delivery d set state = 'in_doubt', intent = json_build_object('action', 'post', 'number', 0, 'parts', 1,
               'digest', 'x', 'payload', s.payload, 'revision', 1, 'key', s.step)
          from share s where s.delivery_id = d.id and d.id = (select max(id) from delivery)""")
    change = Change(one, "mensa", "test", None)
    await amend(town.pool, Routing(), change, a_notice(event_id="uno", texts=texts("uno, corretto")))

    await town.settles()

    assert sorted(titles(town)[0]) == ["due", "uno, corretto"]
    assert await town.states() == ["delivered", "delivered"]
    assert len(town.sandbox.sends) == 1


async def test_what_does_not_fit_is_a_dead_letter_and_keeps_nobody_from_being_pushed(town: Town) -> None:
    await town.channel()
    await several(town, "uno", BAD, "due")

    await town.settles()

    assert titles(town) == [["uno", "due"]]
    assert await town.states() == ["delivered", "dead", "delivered"]


async def test_another_channel_of_the_account_shares_nothing(town: Town) -> None:
    town.sandbox.account.followers[0].tags.add(7)
    await town.channel()
    await town.channel("tag", address="tag:7")
    await several(town, "uno")

    await town.settles()

    assert sorted(len(send.articles) for send in town.sandbox.pushed) == [1, 2]


async def test_the_articles_of_a_chosen_correction_take_the_place_of_the_earlier_ones(town: Town) -> None:
    await town.channel()
    one, _ = await several(town, "uno", "due")
    await town.settles()
    await amend(
        town.pool, Routing(), Change(one, "mensa", "test", None), a_notice(event_id="uno", texts=texts("meglio"))
    )
    await town.settles()
    (asked,) = await waiting(town.pool, FIRST, 10)
    town.later(days=1)

    await choose(town.pool, asked["id"], "send", "test")
    await town.settles()
    before = [[article.deleted for article in send.articles] for send in town.sandbox.sends]
    await withdraw(town.pool, Change(one, "mensa", "test", None))
    await town.settles()

    assert before == [[True, True, False, False], [False, False]]
    assert (await town.states(), town.sandbox.sends[1].state) == (["withdrawn", "delivered"], "deleted")
    assert [article.deleted for article in town.sandbox.sends[0].articles] == [True, True, False, False]


async def test_an_earlier_article_that_wechat_does_not_delete_is_named(town: Town) -> None:
    await town.channel()
    (one,) = await several(town, "uno")
    await town.settles()
    await amend(
        town.pool, Routing(), Change(one, "mensa", "test", None), a_notice(event_id="uno", texts=texts("meglio"))
    )
    await town.settles()
    (asked,) = await waiting(town.pool, FIRST, 10)
    town.later(days=1)
    town.sandbox.fault(errcode=48001, method="message/mass/delete")

    await choose(town.pool, asked["id"], "send", "test")
    await town.settles()

    (row,) = await town.rows()
    assert (row["state"], row["shown"]) == ("delivered", 2)
    assert row["last_error"].startswith("the earlier article still stands in WeChat: WeChat says 48001")
    assert [send.state for send in town.sandbox.sends] == ["done", "done"]
