# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What becomes of an alert: an update amends it, a cancellation or green ends it, in their order."""

from typing import Any

import pytest

from tests.alerts.given import info, reference
from tests.api.alerting import alert, all_of, content, hand_in, later
from tests.api.calling import Caller, fresh


async def test_an_update_amends_the_notice_that_it_refers_to(source: Caller) -> None:
    first, body = alert()
    notice = await hand_in(source, body)

    second, update = alert(info(colour="rosso"), msgType="Update", references=reference(first), sent=later(10))
    amended = await hand_in(source, update)
    again = await hand_in(source, update)

    assert (amended.status, amended.body["id"], amended.body["revision"]) == (202, notice.body["id"], 2)
    assert "Idempotent-Replayed" not in amended.headers
    assert (again.headers["Idempotent-Replayed"], again.body["revision"]) == ("true", 2)
    assert "rosso" in (await content(source, notice))["texts"]["it"]["body"]
    assert second != first


async def test_an_update_may_refer_to_an_update(source: Caller) -> None:
    first, body = alert()
    await hand_in(source, body)
    second, update = alert(info(colour="rosso"), msgType="Update", references=reference(first), sent=later(10))
    await hand_in(source, update)

    _, third = alert(info(colour="giallo"), msgType="Update", references=reference(second, later(10)), sent=later(20))
    answer = await hand_in(source, third)

    assert (answer.body["revision"], answer.body["priority"]) == (3, "normal")


async def test_a_repeated_update_does_not_undo_a_later_one(source: Caller) -> None:
    first, body = alert()
    await hand_in(source, body)
    _, update = alert(info(colour="rosso"), msgType="Update", references=reference(first), sent=later(10))
    await hand_in(source, update)
    _, newer = alert(info(colour="giallo"), msgType="Update", references=reference(first), sent=later(20))
    await hand_in(source, newer)

    again = await hand_in(source, update)

    assert (again.status, again.body["revision"], again.body["priority"]) == (202, 3, "normal")


async def test_a_message_that_comes_after_a_later_one_changes_nothing(source: Caller) -> None:
    first, body = alert()
    notice = await hand_in(source, body)
    _, newer = alert(info(colour="giallo"), msgType="Update", references=reference(first), sent=later(20))
    await hand_in(source, newer)

    _, late = alert(info(colour="rosso"), msgType="Update", references=reference(first), sent=later(10))
    answer = await hand_in(source, late)

    assert (answer.status, answer.problem, answer.pointers) == (409, "state-conflict", ["#/alert/sent"])
    assert (await content(source, notice))["revision"] == 2


async def test_a_cancellation_withdraws_the_notice_and_says_so_in_one_of_its_own(source: Caller) -> None:
    first, body = alert(info(), info(language="zh-CN", headline="强雷暴警报"))
    notice = await hand_in(source, body)

    identifier, cancel = alert(" ", msgType="Cancel", references=reference(first), sent=later(10))
    answer = await hand_in(source, cancel)

    over = await content(source, answer)
    assert (answer.status, answer.body["event_id"], over["kind"]) == (202, identifier, "all_clear")
    assert (over["supersedes"], over["priority"]) == (first, "normal")
    assert over["texts"]["it"]["title"] == "Allerta revocata: Allerta per temporali forti"
    assert over["texts"]["zh-Hans"]["title"] == "警报已解除：强雷暴警报"
    assert over["audience"]["areas"] == ["Bisenzio"]
    assert (await content(source, notice))["status"] == "withdrawn"


async def test_a_cancellation_with_words_of_its_own_is_told_in_them(source: Caller) -> None:
    first, body = alert()
    await hand_in(source, body)

    _, cancel = alert(info(headline="Fine allerta"), msgType="Cancel", references=reference(first), sent=later(10))
    over = await content(source, await hand_in(source, cancel))

    assert over["texts"]["it"]["title"] == "Fine allerta"


async def test_a_repeated_cancellation_is_the_same_all_clear(source: Caller) -> None:
    first, body = alert()
    await hand_in(source, body)
    _, cancel = alert(" ", msgType="Cancel", references=reference(first), sent=later(10))

    answers = [await hand_in(source, cancel) for _ in range(3)]

    assert len({answer.body["id"] for answer in answers}) == 1
    assert [answer.headers.get("Idempotent-Replayed") for answer in answers] == [None, "true", "true"]
    assert len(await all_of(source)) == 2


async def test_what_is_cancelled_cannot_be_updated(source: Caller) -> None:
    first, body = alert()
    await hand_in(source, body)
    _, cancel = alert(" ", msgType="Cancel", references=reference(first), sent=later(10))
    await hand_in(source, cancel)

    _, update = alert(info(colour="rosso"), msgType="Update", references=reference(first), sent=later(20))
    answer = await hand_in(source, update)

    assert (answer.status, answer.problem) == (409, "state-conflict")


@pytest.mark.parametrize("kind", ["Update", "Cancel"])
async def test_references_to_what_nobody_knows_are_a_conflict(source: Caller, kind: str) -> None:
    _, body = alert(info(colour="rosso"), msgType=kind, references=reference(fresh("ignoto")))

    answer = await hand_in(source, body)

    assert (answer.status, answer.problem, answer.pointers) == (409, "state-conflict", ["#/alert/references"])
    assert await all_of(source) == []


async def test_the_alerts_of_another_source_are_not_known(operator: Caller, source: Caller) -> None:
    first, body = alert()
    await hand_in(source, body)
    other = await operator.a_source()

    _, cancel = alert(" ", msgType="Cancel", references=reference(first), sent=later(10))

    assert (await hand_in(other, cancel)).status == 409


async def test_an_alert_whose_message_was_lost_in_a_crash_is_still_found(source: Caller) -> None:
    first, body = alert()
    await hand_in(source, body)
    await source.pool.execute("delete from alert_message where identifier = $1", first)

    _, update = alert(info(colour="rosso"), msgType="Update", references=reference(first), sent=later(10))

    assert (await hand_in(source, update)).body["revision"] == 2


async def test_green_with_nothing_open_is_no_notice(source: Caller) -> None:
    _, body = alert(info(colour="verde"))

    answer = await hand_in(source, body)

    assert (answer.status, answer.text) == (204, "")
    assert await all_of(source) == []


@pytest.mark.parametrize("green", [{"colour": "verde"}, {"responseType": "AllClear"}])
async def test_green_ends_the_open_alert_of_the_same_event_and_areas(source: Caller, green: dict[str, Any]) -> None:
    event = fresh("Evento")
    _, body = alert(info(event=event))
    notice = await hand_in(source, body)

    _, over = alert(info(event=event, headline="Nessuna allerta", **green), sent=later(10))
    answers = [await hand_in(source, over) for _ in range(2)]

    assert [answer.status for answer in answers] == [202, 202]
    assert answers[0].body["kind"] == "all_clear"
    assert answers[0].body["id"] == answers[1].body["id"]
    assert (await content(source, notice))["status"] == "withdrawn"


async def test_an_update_to_green_ends_the_alert(source: Caller) -> None:
    first, body = alert()
    notice = await hand_in(source, body)

    _, green = alert(info(colour="verde"), msgType="Update", references=reference(first), sent=later(10))
    answer = await hand_in(source, green)

    assert answer.body["kind"] == "all_clear"
    assert (await content(source, notice))["status"] == "withdrawn"
