# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What is asked of a person once more, so that whoever left a notice, or approved a text later, can have it pushed."""

import pytest

from app.outbox import redrive
from app.pushes import choose
from tests.outbox.test_approval import GUARD, approved
from tests.wechat.sharing import PERSON, asked, in_person, several, titles
from tests.wechat.town import Town, a_town


async def the_chinese_is_approved_later(town: Town) -> None:
    """Have a notice pushed in Italian, while its Chinese waits for an approval, which then comes."""
    await town.pool.execute(GUARD)
    await town.channel(interim=True)
    (number,) = await several(town, "uno")
    await town.settles()
    assert await approved(town.pool, number)
    await town.settles()


def said(town: Town) -> list[list[str]]:
    """Give the titles of each push that followers got."""
    return [[article.title for article in send.articles] for send in town.sandbox.pushed]


@pytest.mark.parametrize("town", [PERSON], indirect=True)
async def test_what_a_person_left_and_then_redrove_is_asked_about_anew(town: Town) -> None:
    await town.channel()
    await several(town, "uno")
    await town.settles(within=60)
    (delivery,) = await asked(town)
    assert await choose(town.pool, delivery, "leave", "operator")
    left = await town.states()

    assert await redrive(town.pool, [delivery]) == 1
    await town.settles(within=60)
    again = await asked(town)
    chosen = await choose(town.pool, delivery, "send", "operator")
    await town.settles()

    assert (left, again, chosen) == (["dead"], [delivery], True)
    assert (await town.states(), titles(town)) == (["delivered"], [["uno"]])


async def test_a_text_that_is_approved_after_the_others_were_pushed_goes_out_when_a_person_chooses_it(
    town: Town,
) -> None:
    await the_chinese_is_approved_later(town)
    (row,) = await town.rows()
    questions = await asked(town)

    await in_person(town, *questions)
    town.later(days=1)  # a push a day
    await town.settles()

    assert (row["state"], row["shown"], row["wanted"], questions) == ("delivered", 1, 1, [row["id"]])
    assert said(town) == [["uno"], ["uno 中文", "uno"]]
    assert (await town.states(), await asked(town)) == (["delivered"], [])


@pytest.mark.parametrize("town", [PERSON], indirect=True)
async def test_a_choice_is_used_up_by_its_push_and_a_text_approved_later_is_another_question(town: Town) -> None:
    await town.pool.execute(GUARD)
    await town.channel(interim=True)
    (number,) = await several(town, "uno")
    await town.settles(within=60)
    await in_person(town, *await asked(town))
    await town.settles()
    assert await approved(town.pool, number)
    await town.day()
    before, questions = said(town), await asked(town)

    await in_person(town, *questions)
    town.later(days=1)  # a push a day
    await town.day()

    assert (before, len(questions)) == ([["uno"]], 1)
    assert said(town) == [["uno"], ["uno 中文", "uno"]]


async def test_a_text_that_was_approved_later_and_left_is_asked_about_no_more(town: Town) -> None:
    await the_chinese_is_approved_later(town)
    (delivery,) = await asked(town)

    assert await choose(town.pool, delivery, "leave", "operator")
    await town.day()

    assert (await town.states(), await asked(town), said(town)) == (["delivered"], [], [["uno"]])
    assert not await choose(town.pool, delivery, "send", "operator")


@pytest.mark.parametrize("town", [PERSON], indirect=True)
async def test_what_waited_for_a_choice_and_goes_out_without_one_is_asked_about_no_more(town: Town) -> None:
    await town.channel()
    await several(town, "uno", "due")
    await town.settles(within=60)
    questions = await asked(town)

    async with a_town(town.pool, town.sandbox) as automatic:
        await automatic.day()

        assert (len(questions), titles(automatic)) == (2, [["uno", "due"]])
        assert await automatic.states() == ["delivered", "delivered"]
    assert await asked(town) == []
    assert not await choose(town.pool, questions[0], "leave", "operator")
