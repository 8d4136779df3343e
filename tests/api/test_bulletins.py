# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The national bulletin at POST /v1/notices: only what is new is told, and nothing that it does not say."""

import json
from datetime import timedelta

from tests.api.alerting import at_once
from tests.api.calling import Caller, fresh
from tests.api.weather import (
    MEDIA_TYPE,
    ORANGE,
    OTHER,
    TOLD_OF,
    YELLOW,
    bulletin,
    collection,
    feature,
    hand_in,
    named,
    soon,
    told,
)


async def test_a_level_above_green_is_told_in_the_words_of_the_bulletin(town: Caller) -> None:
    source = await town.a_source()

    answer = await hand_in(source, bulletin(feature(temporali=ORANGE, idraulico=YELLOW), feature(OTHER)))

    (notice,) = await told(source, answer)
    text = notice["texts"]["it"]
    assert answer.status == 202
    assert text["title"].startswith("Allerta arancione per rischio temporali e gialla per rischio idraulico, ")
    assert "Rischio temporali\\: Moderata / ALLERTA ARANCIONE" in text["body"]
    assert "idrogeologico" not in text["body"]
    assert (notice["kind"], notice["priority"], notice["service"]) == ("alert", "urgent", "allerta-meteo")
    assert notice["audience"]["areas"] == ["bisenzio"]
    assert notice["expires_at"].startswith(f"{TOLD_OF + timedelta(days=1):%Y-%m-%d}T00:00:00")


async def test_the_same_bulletin_again_tells_nothing_new(town: Caller) -> None:
    source = await town.a_source()
    given = bulletin(feature(temporali=YELLOW))
    first = await hand_in(source, given)

    again = await hand_in(source, given)

    assert [item["id"] for item in again.body["items"]] == [item["id"] for item in first.body["items"]]
    assert [item["replayed"] for item in again.body["items"]] == [True]


async def test_under_a_key_a_bulletin_is_compared_byte_for_byte(town: Caller) -> None:
    source, headers = await town.a_source(), {"Content-Type": MEDIA_TYPE, "Idempotency-Key": fresh("bollettino")}
    given = bulletin(feature(temporali=YELLOW))

    first, again, other = [
        await source.call("POST", "/v1/notices", json.dumps(given, indent=indent).encode(), headers)
        for indent in (None, None, 1)
    ]

    assert (first.status, again.status, again.text) == (202, 202, first.text)
    assert (other.status, other.problem) == (422, "idempotency-key-reused")


async def test_a_re_issue_without_a_difference_is_no_notice(town: Caller) -> None:
    source = await town.a_source()
    await hand_in(source, bulletin(feature(temporali=YELLOW)))

    assert (await hand_in(source, bulletin(feature(temporali=YELLOW), later=30))).status == 204


async def test_a_re_issue_tells_only_the_difference(town: Caller) -> None:
    source = await town.a_source()
    await hand_in(source, bulletin(feature(temporali=YELLOW, idraulico=YELLOW)))

    second = await hand_in(source, bulletin(feature(temporali=ORANGE, idraulico=YELLOW), later=30))

    (notice,) = await told(source, second)
    assert notice["texts"]["it"]["title"].startswith("Allerta arancione per rischio temporali, ")
    assert "ARANCIONE (prima" in notice["texts"]["it"]["body"].replace("\\", "")
    assert "idraulico" not in notice["texts"]["it"]["body"]


async def test_a_re_issue_replaces_what_it_leaves_nothing_of(town: Caller) -> None:
    """What is replaced and still waits is not posted any more: a risk that is as it was would be told nowhere."""
    source = await town.a_source()
    await hand_in(source, bulletin(feature(temporali=YELLOW, idraulico=YELLOW)))

    second = await hand_in(source, bulletin(feature(temporali=ORANGE, idraulico=YELLOW), later=30))
    third = await hand_in(source, bulletin(feature(temporali=YELLOW, idraulico=YELLOW), later=45))

    (before,), (notice,) = await told(source, second), await told(source, third)
    assert (before["supersedes"], notice["supersedes"]) == (None, before["event_id"])


async def test_the_morrow_of_one_bulletin_is_not_told_again_by_the_next(town: Caller) -> None:
    source = await town.a_source()
    yellow, moment = collection(feature(temporali=YELLOW)), soon()

    first = await hand_in(source, {"id": named(moment - timedelta(days=1)), "tomorrow": yellow})

    assert (first.status, len(first.body["items"])) == (202, 1)
    assert (await hand_in(source, {"id": named(moment), "today": yellow})).status == 204


async def test_green_of_which_nobody_was_told_is_no_notice(town: Caller) -> None:
    source = await town.a_source()

    answer = await hand_in(source, bulletin(feature(), today=collection()))

    assert (answer.status, (await source.get("/v1/notices")).body["items"]) == (204, [])


async def test_green_ends_what_was_told_and_says_so(town: Caller) -> None:
    source = await town.a_source()
    first = await hand_in(source, bulletin(feature(temporali=YELLOW)))

    over = await hand_in(source, bulletin(feature(), later=30))

    (notice,) = await told(source, over)
    before = await source.get(f"/v1/notices/{first.body['items'][0]['id']}")
    assert (notice["kind"], notice["priority"]) == ("all_clear", "normal")
    assert notice["texts"]["it"]["title"].startswith("Nessuna allerta per rischio temporali, ")
    assert before.body["status"] == "withdrawn"


async def test_green_of_one_risk_leaves_the_other_alert_standing(town: Caller) -> None:
    source = await town.a_source()
    first = await hand_in(source, bulletin(feature(temporali=YELLOW, idraulico=ORANGE)))

    second = await hand_in(source, bulletin(feature(idraulico=ORANGE), later=30))

    (notice,) = await told(source, second)
    before = await source.get(f"/v1/notices/{first.body['items'][0]['id']}")
    assert notice["kind"] == "all_clear"
    assert before.body["withdrawn_at"] is None


async def test_an_older_issue_changes_nothing(town: Caller) -> None:
    source = await town.a_source()
    await hand_in(source, bulletin(feature(temporali=ORANGE), later=30))

    assert (await hand_in(source, bulletin(feature(temporali=YELLOW), later=10))).status == 204


async def test_days_and_zones_are_told_apart(town: Caller) -> None:
    source = await town.a_source()
    today = collection(feature(temporali=YELLOW), feature(OTHER, temporali=YELLOW))

    answer = await hand_in(
        source, {"id": named(soon()), "today": today, "tomorrow": collection(feature(idraulico=YELLOW))}
    )

    areas = [notice["audience"]["areas"] for notice in await told(source, answer)]
    assert sorted(areas) == [["Valdarno Inferiore"], ["bisenzio"], ["bisenzio"]]


async def test_what_is_over_is_not_told(town: Caller) -> None:
    source = await town.a_source()
    past = {**bulletin(feature(temporali=YELLOW)), "id": "20260101_1500"}

    assert (await hand_in(source, past)).status == 204


async def test_of_two_issues_that_arrive_together_the_earlier_one_is_not_told_after_the_later(town: Caller) -> None:
    source = await town.a_source()
    early = json.dumps(bulletin(feature(temporali=ORANGE), later=1)).encode()
    late = json.dumps(bulletin(feature(temporali=YELLOW), later=2)).encode()

    answers = await at_once(source, late, early, table="bulletin_level", media_type=MEDIA_TYPE)

    newest_first = [item["title"] for item in (await source.get("/v1/notices")).body["items"]]
    assert answers[0].status == 202
    assert newest_first[0].startswith("Allerta gialla")
