# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Four pushes a month, one a day: nothing is lost, nothing is asked for in vain, and what was made by hand counts."""

from datetime import datetime, timedelta

import pytest

from app.pushes import allowance_of, enter_by_hand
from deploy.sandbox_wechat.rules import CHINA
from tests.wechat.town import JANUARY, Town, at


async def test_five_notices_in_a_month_of_four_pushes_go_out_one_a_day_and_the_fifth_next_month(town: Town) -> None:
    await town.channel()

    days: list[int] = []
    for day in range(30):
        at(town, JANUARY + timedelta(days=day))
        if day < 5:
            await town.accepts(event_id=f"e{day}")
        await town.day()
        days += [day] * (len(town.sandbox.pushed) - len(days))

    assert days == [0, 1, 2, 3, 28]
    assert await town.states() == ["delivered"] * 5
    assert 45028 not in {entry.errcode for entry in town.sandbox.journal}
    assert town.sandbox.pushed[-1].at == pytest.approx(datetime(2027, 2, 1, 11, tzinfo=CHINA).timestamp(), abs=600)


async def test_while_a_notice_waits_for_its_quota_it_says_when_it_goes_out(town: Town) -> None:
    channel = await town.channel()
    await town.accepts()
    await town.settles()

    await town.accepts()
    await town.settles()

    row = (await town.rows())[1]
    assert row["state"] == "due"
    assert "3 of this month's pushes are left, 0 today" in row["last_error"]
    assert "the next may go out at 2027-01-05 00:00 in China" in row["last_error"]
    assert row["give_up_at"] > row["due_at"]
    left = await allowance_of(town.pool, channel)
    assert left is not None
    assert (left["today"], left["month"]) == (0, 3)


async def test_what_waits_for_its_quota_after_its_worker_was_killed_is_in_no_doubt(town: Town) -> None:
    await town.channel()
    await town.accepts()
    await town.settles()
    await town.accepts()
    await town.killed()
    killed = await town.states()

    await town.settles()
    row = (await town.rows())[1]
    at(town, JANUARY + timedelta(days=1))
    await town.day()

    assert killed == ["delivered", "in_doubt"]
    assert (row["state"], row["intent"]) == ("due", None)
    assert "the next may go out at 2027-01-05 00:00 in China" in row["last_error"]
    assert (await town.states(), len(town.sandbox.pushed)) == (["delivered", "delivered"], 2)


async def test_what_is_left_is_counted_anew_when_the_calendar_turns(town: Town) -> None:
    channel = await town.channel()
    await town.accepts()
    await town.settles()
    assert town.desk.count is not None

    seen: list[tuple[int, int]] = []
    for moment in (JANUARY, JANUARY + timedelta(days=1), JANUARY + timedelta(days=31)):
        at(town, moment)
        await town.desk.count()
        left = await allowance_of(town.pool, channel)
        assert left is not None
        seen.append((left["today"], left["month"]))

    assert seen == [(0, 3), (1, 3), (1, 4)]


async def test_what_is_postponed_holds_up_no_other_channel_and_no_withdrawal(town: Town) -> None:
    town.sandbox.account.followers[0].tags.add(7)
    await town.channel()
    await town.accepts()
    await town.settles()
    await town.accepts()
    await town.settles()
    await town.channel("anche", address="tag:7")

    await town.accepts(event_id="terzo")
    await town.settles()

    tagged = await town.pool.fetchval(
        "select state from delivery d join channel c on c.id = d.channel_id where c.slug = 'anche'"
    )
    assert tagged == "delivered"


async def test_pushes_made_by_hand_count(town: Town) -> None:
    channel = await town.channel()
    for day in range(4):
        await enter_by_hand(town.pool, channel, JANUARY - timedelta(days=day), "operator", "on the website")

    await town.accepts()
    await town.settles()

    assert town.sandbox.sends == []
    assert "1 of this month's pushes" not in (await town.reason())


async def test_wechat_s_own_no_is_believed_and_nobody_asks_again_before_tomorrow(town: Town) -> None:
    await town.channel()
    town.sandbox.send_by_hand("Sul sito, senza dirlo a nessuno")

    await town.accepts()
    await town.accepts()
    await town.settles()
    refused = [entry.errcode for entry in town.calls("mass/sendall")]
    at(town, JANUARY + timedelta(days=1))
    await town.day()

    assert refused == [45028]
    assert await town.states() == ["delivered", "delivered"]
    assert len(town.sandbox.pushed) == 2


async def test_a_daily_limit_of_calls_puts_off_until_tomorrow(town: Town) -> None:
    await town.channel()
    town.sandbox.account.rules.daily["/cgi-bin/draft/add"] = 0

    await town.accepts()
    await town.settles()

    assert await town.states() == ["due"]
    assert "45009" in await town.reason()
    assert len(list(town.calls("draft/add"))) == 1


async def test_a_subscription_account_pushes_every_day(town: Town) -> None:
    town.sandbox.account.profile_name = "subscription"
    other = Town(town.pool, town.sandbox, {"account": "subscription"})
    await other.channel()

    for day in range(6):
        at(other, JANUARY + timedelta(days=day))
        await other.accepts(event_id=f"e{day}")
        await other.day()
    await other.client.http.close()

    assert len(other.sandbox.pushed) == 6
