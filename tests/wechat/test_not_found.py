# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a person did not find, and of which WeChat cannot tell: it is pushed anew, and only after that word."""

from dataclasses import replace
from typing import Any

import pytest

from app.amend import Change, withdraw
from app.database import Pool
from app.domain.decision import Decision
from app.outbox import decide, redrive
from deploy.sandbox_wechat import WeChat
from tests.wechat.sharing import PERSON, asked, in_person, several, titles
from tests.wechat.town import Town, a_town

BOTH_WAYS = pytest.mark.parametrize("town", [{}, PERSON], indirect=True, ids=["automatic", "person"])
SENDALL = "message/mass/sendall"
ENDLESS = 1e9


async def handed_in(town: Town, *names: str) -> None:
    """Have notices handed in once, chosen by a person where that is asked for."""
    await town.channel()
    await several(town, *names)
    if "choice" in town.members:
        await town.settles(within=60)
        await in_person(town, *await asked(town))
    await town.turn()


async def without_a_draft(town: Town, *names: str) -> None:
    """Have notices handed in by a call that never arrives, and an administrator delete their draft."""
    town.sandbox.fault("reset_before_accepting", method=SENDALL)
    await handed_in(town, *names)
    town.sandbox.account.drafts.clear()
    await town.settles()


async def sent_for_a_day(town: Town) -> None:
    """Have WeChat take a notice, and say for a day that it is still sending it."""
    rules = town.sandbox.account.rules
    town.sandbox.account.rules = replace(rules, job=ENDLESS)
    await handed_in(town, "uno")
    town.sandbox.account.rules = rules
    town.later(hours=25)
    await town.settles()


async def says(town: Town, decision: Decision, place: int = 0) -> None:
    """Let a person say it of the held delivery in this place."""
    assert await decide(town.pool, (await town.rows())[place]["id"], decision)


def keys(town: Town) -> set[str]:
    return {entry.key for entry in town.calls("mass/sendall") if entry.key}


@BOTH_WAYS
async def test_what_has_no_draft_any_more_and_was_not_found_is_pushed_anew(town: Town) -> None:
    await without_a_draft(town, "uno")
    held, before = await town.states(), keys(town)

    await says(town, "not_sent")
    await town.settles()
    waits = await town.states(), await town.reason()
    town.later(days=1)
    await town.day()

    assert (held, waits[0], len(before)) == (["held"], ["due"], 1)
    assert "3 of this month's pushes are left, 0 today" in waits[1]  # it may have gone out all the same
    assert (await town.states(), titles(town)) == (["delivered"], [["uno"]])
    assert len(keys(town) - before) == 1


@BOTH_WAYS
async def test_what_wechat_sends_for_ever_and_was_not_found_is_pushed_anew(town: Town) -> None:
    await sent_for_a_day(town)
    held, before = await town.states(), keys(town)

    await says(town, "not_sent")
    await town.day()

    assert (held, len(before)) == (["held"], 1)
    assert (await town.states(), titles(town)) == (["delivered"], [["uno"]])
    assert len(keys(town) - before) == 1


async def test_what_wechat_says_by_then_is_believed_and_not_the_person(town: Town) -> None:
    await sent_for_a_day(town)
    await says(town, "not_sent")
    town.sandbox.sends[0].until = 0.0
    town.sandbox.go_on()

    await town.day()

    assert (await town.states(), titles(town), len(keys(town))) == (["delivered"], [["uno"]], 1)


async def test_where_wechat_cannot_be_asked_the_word_of_a_person_is_not_enough(town: Town) -> None:
    """It has sent it by then, and a busy moment must not make that two."""
    await sent_for_a_day(town)
    await says(town, "not_sent")
    town.sandbox.sends[0].until = 0.0
    town.sandbox.go_on()
    town.sandbox.fault(errcode=-1, method="message/mass/get")

    await town.day()
    held = await town.states(), await town.reason()
    await says(town, "not_sent")
    await town.day()

    assert (held[0], len(keys(town))) == (["held"], 1)
    assert "nobody could learn from WeChat" in held[1]
    assert (await town.states(), titles(town)) == (["delivered"], [["uno"]])


async def test_what_was_not_found_and_is_sent_after_all_is_taken_back_with_the_rest(town: Town) -> None:
    await sent_for_a_day(town)
    await says(town, "not_sent")
    await town.day()
    town.sandbox.sends[0].until = 0.0
    town.sandbox.go_on()

    await withdraw(town.pool, Change(await town.pool.fetchval("select id from notice"), "mensa", "test", None))
    await town.day()

    assert await town.states() == ["withdrawn"]
    assert len(town.sandbox.sends) == 2
    assert all(article.deleted for send in town.sandbox.sends for article in send.articles)


@pytest.mark.parametrize("hours", [1, 21])
@pytest.mark.parametrize("why", ["it has no draft", "it is still sent"])
async def test_what_nobody_looked_for_is_not_pushed_anew(town: Town, why: str, hours: int) -> None:
    await (without_a_draft(town, "uno") if why == "it has no draft" else sent_for_a_day(town))

    await says(town, "give_up")
    assert await redrive(town.pool, [(await town.rows())[0]["id"]]) == 1
    town.later(hours=hours)
    await town.day()

    assert (await town.states(), len(keys(town))) == (["held"], 1)


async def test_a_word_of_a_person_counts_after_the_rest_of_the_key(pool: Pool, wechat: WeChat) -> None:
    async with a_town(pool, wechat, repeat_after=60) as town:
        town.sandbox.fault("reset_before_accepting", method=SENDALL)
        await handed_in(town, "uno")
        town.sandbox.account.drafts.clear()
        town.later(minutes=2)
        await town.settles()
        held = await town.states()

        await says(town, "not_sent")
        early = await town.turn(), await town.reason()
        town.later(days=1)
        await town.day()

        assert (held, early) == (["held"], (["Postponed"], "a person did not find it in the channel"))
        assert (await town.states(), titles(town), len(keys(town))) == (["delivered"], [["uno"]], 2)


@pytest.mark.parametrize("faults", [[{"errcode": 99999}], [{"kind": "answer_reset"}, {"errcode": 40007}]])
async def test_a_try_after_the_word_of_a_person_is_in_doubt_again(town: Town, faults: list[dict[str, Any]]) -> None:
    town.sandbox.fault(errcode=99999, method=SENDALL)
    await handed_in(town, "uno")
    held = await town.states()
    for fault in faults:
        town.sandbox.fault(**fault, method=SENDALL)

    await says(town, "not_sent")
    await town.settles()

    pushes = await town.pool.fetchval("select count(*) from push")
    assert (held, await town.states(), pushes) == (["held"], ["held"], 1)


async def test_of_what_shared_a_push_only_what_was_not_found_is_pushed_anew(town: Town) -> None:
    await without_a_draft(town, "uno", "due")
    held = await town.states()

    await says(town, "not_sent", place=1)
    await town.settles()
    town.later(days=1)
    await town.day()
    one_by_one = await town.states()
    await says(town, "sent")
    await town.day()

    assert (held, one_by_one) == (["held", "held"], ["held", "delivered"])
    assert (await town.states(), titles(town)) == (["delivered", "delivered"], [["due"]])


async def test_a_push_whose_answer_was_busy_and_that_then_waits_for_a_day_is_a_person_s(town: Town) -> None:
    """As where the workers stand for a day: WeChat may have taken it, and has forgotten the key."""
    town.sandbox.fault(errcode=-1, method=SENDALL)
    await handed_in(town, "uno")

    town.later(hours=21)
    await town.day()

    assert (await town.states(), await town.pool.fetchval("select count(*) from push")) == (["held"], 1)
    assert town.sandbox.sends == []
