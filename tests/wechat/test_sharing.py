# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Several notices in one push: it costs one of the few, each has an outcome of its own, and none is pushed twice."""

import pytest

from app.pushes import waiting
from tests.wechat.sharing import FIRST, PERSON, asked, in_person, references, several, titles
from tests.wechat.town import Town
from tests.wechat.wire_faults import LOST, NEVER_TAKEN, each_of

BAD = "x" * 40


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
    one, two, three = await asked(town)
    articles = [row["articles"] for row in await waiting(town.pool, FIRST, 10)]

    await in_person(town, one, three)
    await town.settles()

    assert articles == [2, 2, 2]
    assert titles(town) == [["uno", "tre"]]
    assert await town.states() == ["delivered", "due", "delivered"]
    assert await asked(town) == [two]


@pytest.mark.parametrize(
    ("town", "fault"),
    each_of("answer_reset", "cut_body", "late_answer", "reset_before_accepting", "literal"),
    indirect=["town"],
)
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

    await in_person(town, *await asked(town))
    await town.settles(within=60)

    assert len(await asked(town)) == 2
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
