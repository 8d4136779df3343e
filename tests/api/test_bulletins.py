# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The national bulletin at POST /v1/notices: only what is new is told, and nothing that it does not say."""

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.database import Pool
from app.settings import Settings
from tests.api.calling import Answer, Caller, served

MEDIA_TYPE = "application/vnd.campanella.bulletin+json"
ZONE, OTHER = "Bisenzio e Ombrone Pistoiese", "Valdarno Inferiore"
CALM = "Assenza di fenomeni significativi prevedibili / NESSUNA ALLERTA"
YELLOW, ORANGE = "Ordinaria / ALLERTA GIALLA", "Moderata / ALLERTA ARANCIONE"
TODAY = datetime.now(ZoneInfo("Europe/Rome")) + timedelta(days=1)
"""A day ahead, so that no midnight makes it a day that is over."""


@pytest.fixture(scope="session")
async def town(settings: Settings, pool: Pool) -> AsyncIterator[Caller]:
    """An installation that tells of two zones."""
    zones = {"alert_zones": f"{ZONE}=bisenzio; {OTHER}"}
    async with served(settings.model_copy(update=zones), pool) as caller:
        yield caller


def feature(zone: str = ZONE, **levels: str) -> dict[str, Any]:
    calm = {"temporali": CALM, "idraulico": CALM, "idrogeologico": CALM}
    risks = {f"Per rischio {risk}": words for risk, words in {**calm, **levels}.items()}
    return {"type": "Feature", "properties": {"Nome zona": zone, **risks, "Comuni": ["Prato"]}, "geometry": None}


def bulletin(*features: dict[str, Any], at: str = "1500", **members: Any) -> dict[str, Any]:
    collection = {"type": "FeatureCollection", "features": list(features)}
    return {"id": f"{TODAY:%Y%m%d}_{at}", "today": collection, **members}


async def hand_in(source: Caller, given: Any) -> Answer:
    body = given if isinstance(given, bytes) else json.dumps(given).encode()
    return await source.post("/v1/notices", body, Content_Type=MEDIA_TYPE)


async def told(source: Caller, answer: Answer) -> list[dict[str, Any]]:
    """The contents of the notices that an answer lists."""
    return [(await source.get(f"/v1/notices/{item['id']}")).body["content"] for item in answer.body["items"]]


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
    assert notice["expires_at"].startswith(f"{TODAY + timedelta(days=1):%Y-%m-%d}T00:00:00")


async def test_the_same_bulletin_again_tells_nothing_new(town: Caller) -> None:
    source = await town.a_source()
    given = bulletin(feature(temporali=YELLOW))
    first = await hand_in(source, given)

    again = await hand_in(source, given)

    assert [item["id"] for item in again.body["items"]] == [item["id"] for item in first.body["items"]]
    assert [item["replayed"] for item in again.body["items"]] == [True]


async def test_a_re_issue_without_a_difference_is_no_notice(town: Caller) -> None:
    source = await town.a_source()
    await hand_in(source, bulletin(feature(temporali=YELLOW)))

    assert (await hand_in(source, bulletin(feature(temporali=YELLOW), at="1933"))).status == 204


async def test_a_re_issue_tells_only_the_difference(town: Caller) -> None:
    source = await town.a_source()
    first = await hand_in(source, bulletin(feature(temporali=YELLOW, idraulico=YELLOW)))

    second = await hand_in(source, bulletin(feature(temporali=ORANGE, idraulico=YELLOW), at="1933"))

    (before,), (notice,) = await told(source, first), await told(source, second)
    assert notice["texts"]["it"]["title"].startswith("Allerta arancione per rischio temporali, ")
    assert "ARANCIONE (prima" in notice["texts"]["it"]["body"].replace("\\", "")
    assert "idraulico" not in notice["texts"]["it"]["body"]
    assert notice["supersedes"] == before["event_id"]


async def test_the_morrow_of_one_bulletin_is_not_told_again_by_the_next(town: Caller) -> None:
    source = await town.a_source()
    yesterday = f"{TODAY - timedelta(days=1):%Y%m%d}_1500"
    collection = {"type": "FeatureCollection", "features": [feature(temporali=YELLOW)]}
    first = await hand_in(source, {"id": yesterday, "tomorrow": collection})

    assert (first.status, len(first.body["items"])) == (202, 1)
    assert (await hand_in(source, bulletin(feature(temporali=YELLOW)))).status == 204


async def test_green_of_which_nobody_was_told_is_no_notice(town: Caller) -> None:
    source = await town.a_source()

    answer = await hand_in(source, bulletin(feature(), tomorrow={"type": "FeatureCollection", "features": [feature()]}))

    assert (answer.status, (await source.get("/v1/notices")).body["items"]) == (204, [])


async def test_green_ends_what_was_told_and_says_so(town: Caller) -> None:
    source = await town.a_source()
    first = await hand_in(source, bulletin(feature(temporali=YELLOW)))

    over = await hand_in(source, bulletin(feature(), at="1933"))

    (notice,) = await told(source, over)
    before = await source.get(f"/v1/notices/{first.body['items'][0]['id']}")
    assert (notice["kind"], notice["priority"]) == ("all_clear", "normal")
    assert notice["texts"]["it"]["title"].startswith("Nessuna allerta per rischio temporali, ")
    assert before.body["status"] == "withdrawn"


async def test_green_of_one_risk_leaves_the_other_alert_standing(town: Caller) -> None:
    source = await town.a_source()
    first = await hand_in(source, bulletin(feature(temporali=YELLOW, idraulico=ORANGE)))

    second = await hand_in(source, bulletin(feature(idraulico=ORANGE), at="1933"))

    (notice,) = await told(source, second)
    before = await source.get(f"/v1/notices/{first.body['items'][0]['id']}")
    assert notice["kind"] == "all_clear"
    assert before.body["withdrawn_at"] is None


async def test_an_older_issue_changes_nothing(town: Caller) -> None:
    source = await town.a_source()
    await hand_in(source, bulletin(feature(temporali=ORANGE), at="1933"))

    assert (await hand_in(source, bulletin(feature(temporali=YELLOW), at="1500"))).status == 204


async def test_days_and_zones_are_told_apart(town: Caller) -> None:
    source = await town.a_source()
    tomorrow = {"type": "FeatureCollection", "features": [feature(idraulico=YELLOW)]}

    answer = await hand_in(
        source, bulletin(feature(temporali=YELLOW), feature(OTHER, temporali=YELLOW), tomorrow=tomorrow)
    )

    areas = [notice["audience"]["areas"] for notice in await told(source, answer)]
    assert sorted(areas) == [["Valdarno Inferiore"], ["bisenzio"], ["bisenzio"]]


async def test_what_is_over_is_not_told(town: Caller) -> None:
    source = await town.a_source()
    past = {**bulletin(feature(temporali=YELLOW)), "id": "20260101_1500"}

    assert (await hand_in(source, past)).status == 204


@pytest.mark.parametrize(
    ("given", "status", "pointer"),
    [
        (b"[", 400, None),
        (b'{"id": "20261210_1500", "id": "x"}', 400, None),
        (b"[" * 100_000, 400, None),
        ([], 422, "#"),
        ({"id": "20261210_1500"}, 422, "#"),
        (bulletin(feature()) | {"id": "ieri"}, 422, "#/id"),
        (bulletin(feature()) | {"id": "20261310_1500"}, 422, "#/id"),
        ({"id": "20261210_1500", "today": {"type": "Topology"}}, 422, "#/today"),
        (bulletin({"type": "Feature"}), 422, "#/today/features/0/properties"),
        (bulletin(feature("Trasimeno - Nestore")), 422, "#/today"),
        (bulletin(feature(temporali="ALLERTA VIOLA")), 422, "#/today/features/0/properties/Per rischio temporali"),
        (bulletin(feature()) | {f"x{number}": 1 for number in range(100)}, 422, "#"),
        (bulletin(feature(idraulico="")), 422, "#/today/features/0/properties/Per rischio idraulico"),
    ],
)
async def test_what_is_no_bulletin_is_a_problem_with_its_place(
    town: Caller, given: Any, status: int, pointer: str | None
) -> None:
    source = await town.a_source()

    answer = await hand_in(source, given)

    assert answer.status == status
    assert pointer is None or answer.pointers == [pointer]
    assert (await source.get("/v1/notices")).body["items"] == []


async def test_an_installation_without_zones_says_so(source: Caller) -> None:
    answer = await hand_in(source, bulletin(feature(temporali=YELLOW)))

    assert (answer.status, answer.problem) == (409, "state-conflict")


async def test_a_source_needs_the_service_of_alerts(town: Caller) -> None:
    source = await town.a_source(["mensa"])

    assert (await hand_in(source, bulletin(feature(temporali=YELLOW)))).status == 403


@pytest.mark.parametrize("name", ["99991231_2359", "99991230_0000", "00010101_0000", "19991231_2359", "22000101_0000"])
async def test_a_bulletin_of_a_far_day_is_refused_with_its_place(town: Caller, name: str) -> None:
    source = await town.a_source()

    answer = await hand_in(source, {**bulletin(feature(temporali=YELLOW)), "id": name})

    assert (answer.status, answer.body["errors"][0]["pointer"]) == (422, "#/id")


async def test_a_bulletin_of_days_to_come_is_refused_so_that_it_makes_no_other_one_late(town: Caller) -> None:
    source = await town.a_source()
    early = {**bulletin(feature(temporali=YELLOW)), "id": f"{TODAY + timedelta(days=3):%Y%m%d}_0000"}

    refused = await hand_in(source, early)

    assert (refused.status, refused.pointers) == (422, ["#/id"])
    assert (await hand_in(source, bulletin(feature(temporali=YELLOW)))).status == 202
