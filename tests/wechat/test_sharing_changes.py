# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Notices that share a push and are corrected or withdrawn, before it, meanwhile, or afterwards."""

import pytest

from app.pushes import choose
from tests.wechat.sharing import PERSON, asked, corrected, in_person, references, several, titles, withdrawn
from tests.wechat.town import Town


@pytest.mark.parametrize("town", [PERSON], indirect=True)
async def test_a_correction_and_a_new_notice_that_were_chosen_share_a_push(town: Town) -> None:
    await town.channel()
    (old,) = await several(town, "vecchio")
    await town.settles(within=60)
    await in_person(town, *await asked(town))
    await town.settles()
    await corrected(town, old, "vecchio", "corretto")
    await several(town, "nuovo")
    await town.settles(within=60)
    town.later(days=1)

    await in_person(town, *await asked(town))
    await town.settles()

    first, second = town.sandbox.sends
    assert (first.state, sorted(titles(town)[-1])) == ("deleted", ["corretto", "nuovo"])
    assert await town.states() == ["delivered", "delivered"]
    assert all(reference.startswith(f"{second.msg_id}_") for reference in await references(town))


async def test_one_of_several_is_withdrawn_alone_and_the_last_takes_the_push_with_it(town: Town) -> None:
    await town.channel()
    one, two, three = await several(town, "uno", "due", "tre")
    await town.settles()

    await withdrawn(town, two)
    await town.settles()
    left = [[article.deleted for article in send.articles] for send in town.sandbox.sends]
    states = await town.states()
    for number in (one, three):
        await withdrawn(town, number)
    await town.settles()

    assert left == [[False, False, True, True, False, False]]
    assert states == ["delivered", "withdrawn", "delivered"]
    assert await town.states() == ["withdrawn"] * 3
    assert [send.state for send in town.sandbox.sends] == ["deleted"]
    assert await town.pool.fetchval("select state from push") == "deleted"


async def test_one_that_is_withdrawn_before_the_push_was_made_is_not_in_it(town: Town) -> None:
    await town.channel()
    _, two = await several(town, "uno", "due")
    town.sandbox.fault("reset_before_accepting", method="draft/add")
    await town.turn()
    await withdrawn(town, two)

    await town.settles()

    assert titles(town) == [["uno"]]
    assert await town.states() == ["delivered", "withdrawn"]


async def test_one_that_is_withdrawn_while_nobody_knows_is_deleted_when_it_is_through(town: Town) -> None:
    await town.channel()
    _, two = await several(town, "uno", "due")
    town.sandbox.fault("answer_reset", method="message/mass/sendall")
    await town.turn()
    await withdrawn(town, two)

    await town.settles()

    (send,) = town.sandbox.sends
    assert await town.states() == ["delivered", "withdrawn"]
    assert [article.deleted for article in send.articles] == [False, False, True, True]


async def test_one_that_is_corrected_meanwhile_says_that_followers_see_the_earlier_revision(town: Town) -> None:
    await town.channel()
    _, two = await several(town, "uno", "due")
    await town.turn()
    await corrected(town, two, "due", "due, corretto")

    await town.settles()

    _, row = await town.rows()
    assert titles(town) == [["uno", "due"]]
    assert (row["state"], row["shown"], row["wanted"]) == ("delivered", 1, 2)
    assert "WeChat lets nobody change a sent article" in row["last_error"]


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
    await corrected(town, one, "uno", "uno, corretto")

    await town.settles()

    assert sorted(titles(town)[0]) == ["due", "uno, corretto"]
    assert await town.states() == ["delivered", "delivered"]
    assert len(town.sandbox.sends) == 1


async def test_the_articles_of_a_chosen_correction_take_the_place_of_the_earlier_ones(town: Town) -> None:
    await town.channel()
    one, _ = await several(town, "uno", "due")
    await town.settles()
    await corrected(town, one, "uno", "meglio")
    await town.settles()
    (choice,) = await asked(town)
    town.later(days=1)

    await choose(town.pool, choice, "send", "test")
    await town.settles()
    before = [[article.deleted for article in send.articles] for send in town.sandbox.sends]
    await withdrawn(town, one)
    await town.settles()

    assert before == [[True, True, False, False], [False, False]]
    assert (await town.states(), town.sandbox.sends[1].state) == (["withdrawn", "delivered"], "deleted")
    assert [article.deleted for article in town.sandbox.sends[0].articles] == [True, True, False, False]


async def test_an_earlier_article_that_wechat_does_not_delete_is_named(town: Town) -> None:
    await town.channel()
    (one,) = await several(town, "uno")
    await town.settles()
    await corrected(town, one, "uno", "meglio")
    await town.settles()
    (choice,) = await asked(town)
    town.later(days=1)
    town.sandbox.fault(errcode=48001, method="message/mass/delete")

    await choose(town.pool, choice, "send", "test")
    await town.settles()

    (row,) = await town.rows()
    assert (row["state"], row["shown"]) == ("delivered", 2)
    assert row["last_error"].startswith("the earlier article still stands in WeChat: WeChat says 48001")
    assert [send.state for send in town.sandbox.sends] == ["done", "done"]
