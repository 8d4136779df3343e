# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""CAP at POST /v1/notices: an alert is told, an update amends it, a cancellation ends it, an exercise stays one."""

import asyncio
from typing import Any

import pytest

from tests.alerts.given import SENT, cap, info, reference
from tests.api.calling import Answer, Caller, fresh

CAP = "application/cap+xml"
SERVICE = "allerta-meteo"


async def hand_in(source: Caller, body: bytes, media_type: str = CAP) -> Answer:
    return await source.post("/v1/notices", body, Content_Type=media_type)


def alert(*infos: str, **members: Any) -> tuple[str, bytes]:
    """Give an identifier that no other test has, and the document."""
    identifier = fresh("cap")
    return identifier, cap(*infos, **{"identifier": identifier, **members})


def later(minute: int) -> str:
    return SENT.replace(":05:00", f":{minute:02}:00")


async def content(source: Caller, answer: Answer) -> dict[str, Any]:
    shown = await source.get(f"/v1/notices/{answer.body['id']}")
    return {**shown.body["content"], "status": shown.body["status"], "revision": shown.body["revision"]}


async def all_of(source: Caller) -> list[dict[str, Any]]:
    """Everything this source has handed in, newest first."""
    items: list[dict[str, Any]] = (await source.get("/v1/notices")).body["items"]
    return items


@pytest.mark.parametrize("media_type", [CAP, "application/xml", "Application/CAP+XML; charset=UTF-8"])
async def test_an_alert_becomes_a_notice(source: Caller, media_type: str) -> None:
    said = {"description": "Piogge * e\n\n  vento <forte>", "instruction": "Resta in casa.\nSali di un piano."}
    web = "https://www.regione.example.it/allerta"
    identifier, body = alert(
        info(areas=("Bisenzio e Ombrone", "Valdarno"), onset="2027-12-11T06:00:00+01:00", web=web, **said)
    )

    answer = await hand_in(source, body, media_type)

    notice = await content(source, answer)
    assert answer.status == 202
    assert (answer.body["event_id"], notice["service"], notice["kind"]) == (identifier, SERVICE, "alert")
    assert (notice["priority"], notice["test"]) == ("urgent", False)
    assert notice["texts"]["it"]["title"] == "Allerta per temporali forti"
    assert notice["texts"]["it"]["what_to_do"] == ["Resta in casa.", "Sali di un piano."]
    assert notice["texts"]["it"]["body"] == (
        "Colore\\: arancione\n\nZone\\: Bisenzio e Ombrone, Valdarno\n\nPiogge \\* e\n\nvento \\<forte\\>"
    )
    assert notice["audience"]["areas"] == ["Bisenzio e Ombrone", "Valdarno"]
    assert (notice["valid_from"], notice["expires_at"]) == ("2027-12-11T06:00:00+01:00", "2027-12-11T18:00:00+01:00")
    assert [link["href"] for link in notice["links"]] == [web]


async def test_the_source_of_the_event_is_the_sender(source: Caller) -> None:
    _, body = alert()

    number = (await hand_in(source, body)).body["id"]

    stored = await source.pool.fetchval("select event_source from notice where id = $1", number)
    assert stored == "urn:cap:protezione-civile@regione.example.it"


@pytest.mark.parametrize(
    ("colour", "severity", "priority"),
    [
        ("rosso", "Minor", "urgent"),
        ("4; red; Extreme", "Unknown", "urgent"),
        ("ARANCIONE", "Minor", "urgent"),
        ("giallo", "Extreme", "normal"),
        (None, "Extreme", "urgent"),
        (None, "Severe", "urgent"),
        (None, "Moderate", "normal"),
        (None, "Unknown", "normal"),
    ],
)
async def test_the_colour_decides_how_urgent_it_is_and_without_one_the_severity(
    source: Caller, colour: str | None, severity: str, priority: str
) -> None:
    _, body = alert(info(colour=colour, severity=severity))

    assert (await hand_in(source, body)).body["priority"] == priority


async def test_a_colour_that_the_headline_names_is_not_said_twice(source: Caller) -> None:
    _, body = alert(info(headline="Allerta arancione", areas=()))

    assert (await content(source, await hand_in(source, body)))["texts"]["it"]["body"] is None


async def test_every_language_has_its_own_words(source: Caller) -> None:
    _, body = alert(info(), info(language="zh-CN", headline="强雷暴警报"), info(language="en-GB", headline="Storms"))

    texts = (await content(source, await hand_in(source, body)))["texts"]

    assert [texts[each]["body"].split("\n")[0] for each in texts] == [
        "Colore\\: arancione",
        "颜色：橙色",
        "Colour\\: orange",
    ]


async def test_the_same_message_again_is_the_same_also_fifty_times_at_once(source: Caller) -> None:
    _, body = alert()

    answers = await asyncio.gather(*(hand_in(source, body) for _ in range(50)))

    assert {answer.status for answer in answers} == {202}
    assert len({answer.body["id"] for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1


async def test_an_identifier_with_other_content_is_a_conflict(source: Caller) -> None:
    identifier, body = alert()
    first = await hand_in(source, body)

    other = await hand_in(source, cap(info(headline="Altro"), identifier=identifier))

    assert (other.status, other.problem) == (409, "event-exists")
    assert other.body["notice"] == first.headers["Location"]


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


@pytest.mark.parametrize("status", ["Exercise", "Test", "System", "Draft"])
async def test_what_is_not_actual_reaches_test_channels_and_no_other(
    operator: Caller, source: Caller, status: str
) -> None:
    await operator.a_channel(SERVICE)
    drill = await operator.a_channel(SERVICE, test=True)
    _, body = alert(status=status)

    answer = await hand_in(source, body)

    reached = await channels_of(source, answer)
    assert reached[drill]
    assert all(reached.values())
    assert answer.body["title"] == "[ESERCITAZIONE] Allerta per temporali forti"


async def test_a_real_alert_reaches_no_test_channel(operator: Caller, source: Caller) -> None:
    public = await operator.a_channel(SERVICE)
    drill = await operator.a_channel(SERVICE, test=True)
    _, body = alert()

    answer = await hand_in(source, body)

    reached = await channels_of(source, answer)
    assert (public in reached, drill in reached) == (True, False)


async def channels_of(source: Caller, answer: Answer) -> dict[str, bool]:
    """The channels that are owed a notice, and whether they are for exercises."""
    owed = "select slug, test from channel join delivery on channel.id = channel_id where notice_id = $1"
    return {row["slug"]: row["test"] for row in await source.pool.fetch(owed, answer.body["id"])}


@pytest.mark.parametrize("kind", ["Update", "Cancel"])
async def test_an_exercise_changes_no_real_alert(source: Caller, kind: str) -> None:
    first, body = alert()
    notice = await hand_in(source, body)

    _, drill = alert(info(colour="rosso"), msgType=kind, status="Exercise", references=reference(first), sent=later(10))
    answer = await hand_in(source, drill)

    assert (answer.status, answer.pointers) == (409, ["#/alert/status"])
    assert (await content(source, notice))["revision"] == 1


async def test_a_source_needs_the_service_of_alerts(operator: Caller) -> None:
    source = await operator.a_source(["mensa"])
    _, body = alert()

    assert (await hand_in(source, body)).status == 403


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        (b"<!DOCTYPE alert [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><alert>&x;</alert>", 400, "malformed-body"),
        (b"{}", 400, "malformed-body"),
        (cap(sent="2026-12-10T13:05:00Z"), 422, "invalid-notice"),
        (cap(info(urgency="Soon")), 422, "invalid-notice"),
        (cap(info(description="x" * 20_000)), 422, "invalid-notice"),
        (cap(note="x" * 524_288), 413, "too-large"),
    ],
)
async def test_what_is_wrong_is_a_problem_and_changes_nothing(
    source: Caller, body: bytes, status: int, problem: str
) -> None:
    answer = await hand_in(source, body)

    assert (answer.status, answer.problem) == (status, problem)
    assert "passwd" not in answer.text
    assert await all_of(source) == []


async def test_a_test_notice_must_say_so_and_cannot_become_real(source: Caller) -> None:
    silent = await source.hand_in(test=True)
    drill = await source.hand_in(test=True, texts={"it": {"title": "[ESERCITAZIONE] Prova"}})

    real = await source.patch(f"/v1/notices/{drill.body['id']}", {"test": None}, If_Match="*")

    assert (silent.status, drill.status) == (422, 202)
    assert (real.status, real.pointers) == (409, ["#/test"])
