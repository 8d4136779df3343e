# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""CAP at POST /v1/notices: an alert becomes a notice, once, and what is wrong is a problem."""

import asyncio
from functools import partial

import pytest

from tests.alerts.given import cap, info
from tests.api.alerting import CAP, SERVICE, alert, all_of, content, hand_in
from tests.api.calling import Caller, patiently


@pytest.mark.parametrize("media_type", [CAP, "application/xml", "Application/CAP+XML; charset=UTF-8"])
async def test_an_alert_becomes_a_notice(source: Caller, media_type: str) -> None:
    said = {"description": "Piogge * e\n\n  vento <forte>", "instruction": "Resta in casa.\nSali di un piano."}
    web = "https://www.regione.example.it/allerta"
    identifier, body = alert(
        info(areas=("Bisenzio e Ombrone", "Valdarno"), onset="2127-12-11T06:00:00+01:00", web=web, **said)
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
    assert (notice["valid_from"], notice["expires_at"]) == ("2127-12-11T06:00:00+01:00", "2127-12-11T18:00:00+01:00")
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

    answers = await asyncio.gather(*(patiently(partial(hand_in, source, body)) for _ in range(50)))

    assert {answer.status for answer in answers} == {202}
    assert len({answer.body["id"] for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1


async def test_an_identifier_with_other_content_is_a_conflict(source: Caller) -> None:
    identifier, body = alert()
    first = await hand_in(source, body)

    other = await hand_in(source, cap(info(headline="Altro"), identifier=identifier))

    assert (other.status, other.problem) == (409, "event-exists")
    assert other.body["notice"] == first.headers["Location"]


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
