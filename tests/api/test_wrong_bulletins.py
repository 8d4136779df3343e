# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Bulletins that are wrong: as a whole they are refused with the place, in part they keep nothing else back."""

import json
from datetime import timedelta
from typing import Any

import pytest

from app.settings import Settings
from tests.api.calling import Answer, Caller, served
from tests.api.weather import (
    CALM,
    ORANGE,
    OTHER,
    RED,
    TOLD_OF,
    YELLOW,
    ZONE,
    bulletin,
    collection,
    feature,
    hand_in,
    named,
    only,
    soon,
    told,
)

PROPERTIES = "#/tomorrow/features/0/properties"
GARBLED, CODE = "ALLERTA VIOLA", "RSSMRA85T10A562S"
DOUBTS = "select zone, day, detail from bulletin_doubt where source = $1 and detail is not null order by zone"
TAKEN = r"""
update revision set digest = '\x00' from notice
 where notice.id = notice_id and notice.source = $1 and notice.event_id like '%/bisenzio%'
"""


def nested(depth: int) -> Any:
    return [nested(depth - 1)] if depth else []


def wrong(answer: Answer) -> list[tuple[int, str]]:
    """Give the status and the place of each part that was not told."""
    items = [item for item in answer.body["items"] if item["problem"]]
    return [(item["status"], item["problem"]["errors"][0]["pointer"]) for item in items]


@pytest.mark.parametrize(
    ("given", "status", "pointers"),
    [
        (b"[", 400, None),
        (b'{"id": "20261210_1500", "id": "x"}', 400, None),
        (b"[" * 100_000, 400, None),
        (json.dumps(bulletin(feature(temporali=YELLOW))).encode()[:-1] + b', "x": 1e999}', 400, None),
        (bulletin(feature(temporali=YELLOW), x=nested(33)), 400, None),
        (b"\xef\xbb\xbf" + json.dumps(bulletin(feature(temporali=YELLOW))).encode(), 400, None),
        ([], 422, ["#"]),
        ({"id": "20261210_1500"}, 422, ["#"]),
        (bulletin() | {"id": "ieri"}, 422, ["#/id"]),
        (bulletin() | {"id": "20261310_1500"}, 422, ["#/id"]),
        (bulletin() | {f"x{number}": 1 for number in range(100)}, 422, ["#"]),
        (bulletin(feature(temporali=YELLOW), today={"type": "Topology"}), 422, ["#/today"]),
        (bulletin(feature(temporali=YELLOW), today=only() | {"features": {}}), 422, ["#/today"]),
        (bulletin(tomorrow=only({"type": "Feature"})), 422, [PROPERTIES, "#/tomorrow", "#/tomorrow"]),
        (bulletin(tomorrow=only(feature("Trasimeno - Nestore"))), 422, ["#/tomorrow", "#/tomorrow"]),
    ],
)
async def test_what_is_no_bulletin_is_a_problem_with_its_place(
    town: Caller, given: Any, status: int, pointers: list[str] | None
) -> None:
    source = await town.a_source()

    answer = await hand_in(source, given)

    assert answer.status == status
    assert pointers is None or answer.pointers == pointers
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


async def test_a_name_that_is_ahead_is_refused_so_that_no_wrong_day_is_told_of(town: Caller) -> None:
    source = await town.a_source()

    refused = await hand_in(source, bulletin(feature(temporali=YELLOW)) | {"id": named(soon() + timedelta(days=1))})

    assert (refused.status, refused.pointers) == (422, ["#/id"])
    assert (await hand_in(source, bulletin(feature(temporali=YELLOW)))).status == 202


async def test_a_name_that_is_ahead_by_less_than_an_hour_makes_no_later_issue_late(town: Caller) -> None:
    source = await town.a_source()
    await hand_in(source, {"id": named(soon()), "tomorrow": collection(feature(temporali=YELLOW))})

    kept = await town.pool.fetchval("select max(issued_at) <= now() from bulletin_level where source = $1", source.slug)

    assert kept is True


@pytest.mark.parametrize("words", [GARBLED, "", "x" * 301, "\u0007 / ALLERTA ROSSA", f"{CODE} / ALLERTA GIALLA"])
async def test_a_level_that_cannot_be_read_keeps_nothing_else_back(town: Caller, words: str) -> None:
    source = await town.a_source()

    answer = await hand_in(
        source, bulletin(feature(temporali=words, idraulico=ORANGE), feature(OTHER, temporali=YELLOW))
    )

    titles = sorted(notice["texts"]["it"]["title"].partition(",")[0] for notice in await told(source, answer))
    assert titles == ["Allerta arancione per rischio idraulico", "Allerta gialla per rischio temporali"]
    assert wrong(answer) == [(422, f"{PROPERTIES}/Per rischio temporali")]


@pytest.mark.parametrize(
    ("tomorrow", "places"),
    [
        (only(feature(OTHER, temporali=YELLOW)), ["#/tomorrow"]),
        (only(feature("Bisenzio"), feature(OTHER, temporali=YELLOW)), ["#/tomorrow"]),
        (only({"properties": 7}, feature(OTHER, temporali=YELLOW)), [PROPERTIES, "#/tomorrow"]),
    ],
    ids=["not there", "renamed", "garbled"],
)
async def test_a_zone_that_is_missing_is_said_and_the_others_are_told(
    town: Caller, tomorrow: dict[str, Any], places: list[str]
) -> None:
    source = await town.a_source()

    answer = await hand_in(source, bulletin(tomorrow=tomorrow))

    (notice,) = await told(source, answer)
    rows = await town.pool.fetch(DOUBTS, source.slug)
    assert (answer.status, notice["audience"]["areas"]) == (202, [OTHER])
    assert [place for _, place in wrong(answer)] == places
    assert (ZONE, TOLD_OF) in [(row["zone"], row["day"]) for row in rows]


async def test_what_is_wrong_is_said_where_nothing_is_told(town: Caller) -> None:
    source = await town.a_source()

    answer = await hand_in(source, bulletin(feature(temporali=GARBLED)))

    assert (answer.status, await told(source, answer)) == (202, [])
    assert wrong(answer) == [(422, f"{PROPERTIES}/Per rischio temporali")]


async def test_what_cannot_be_read_ends_no_alert(town: Caller) -> None:
    source = await town.a_source()
    first = await hand_in(source, bulletin(feature(temporali=RED, idraulico=YELLOW)))

    await hand_in(source, bulletin(feature(temporali=GARBLED, idraulico=CALM), later=10))
    still = await source.get(f"/v1/notices/{first.body['items'][0]['id']}")
    over = await hand_in(source, bulletin(later=20))

    (last,) = await told(source, over)
    assert still.body["withdrawn_at"] is None
    assert last["texts"]["it"]["title"].startswith("Nessuna allerta per rischio temporali, ")


async def test_of_a_zone_in_two_pieces_an_unreadable_one_leaves_the_risk_open(town: Caller) -> None:
    source = await town.a_source()
    await hand_in(source, bulletin(feature(temporali=RED)))

    answer = await hand_in(source, bulletin(feature(), feature(temporali=GARBLED), later=10))

    assert await told(source, answer) == []
    assert [status for status, _ in wrong(answer)] == [422]


async def test_a_mended_file_tells_under_its_own_name_what_was_left_open(town: Caller) -> None:
    source = await town.a_source()
    await hand_in(source, bulletin(feature(temporali=GARBLED, idraulico=ORANGE)))
    mended = bulletin(feature(temporali=RED, idraulico=ORANGE), feature(OTHER, temporali=YELLOW))

    answer = await hand_in(source, mended)
    again = await hand_in(source, mended)

    titles = sorted(notice["texts"]["it"]["title"].partition(",")[0] for notice in await told(source, answer))
    assert (answer.status, await town.pool.fetch(DOUBTS, source.slug)) == (202, [])
    assert titles == [
        "Allerta arancione per rischio idraulico",
        "Allerta gialla per rischio temporali",
        "Allerta rossa per rischio temporali",
    ]
    assert [item["id"] for item in again.body["items"]] == [item["id"] for item in answer.body["items"]]
    assert [item["replayed"] for item in again.body["items"]] == [True] * 3


async def test_a_zone_of_another_name_is_in_doubt_no_more_once_the_setting_has_the_name(
    town: Caller, settings: Settings
) -> None:
    source, there = await town.a_source(), only(feature("Bisenzio"), feature(OTHER))
    await hand_in(source, bulletin(tomorrow=there))
    before = await town.pool.fetch(DOUBTS, source.slug)
    async with served(settings.model_copy(update={"alert_zones": f"Bisenzio; {OTHER}"}), town.pool) as mended:
        answer = await hand_in(mended.having(source.key, source.slug), bulletin(tomorrow=there))

    assert [(row["zone"], row["day"]) for row in before] == [(ZONE, TOLD_OF)]
    assert (answer.status, await town.pool.fetch(DOUBTS, source.slug)) == (204, [])


async def test_one_issue_may_be_corrected_as_often_as_its_author_likes(town: Caller) -> None:
    source = await town.a_source()

    answers = [await hand_in(source, bulletin(feature(temporali=level))) for level in (YELLOW, RED, YELLOW, RED)]

    assert [answer.status for answer in answers] == [202] * 4
    assert [len(await told(source, answer)) for answer in answers] == [1, 2, 3, 4]


async def test_a_zone_whose_names_are_taken_keeps_no_other_zone_back(town: Caller) -> None:
    source = await town.a_source()
    await hand_in(source, bulletin(feature(temporali=YELLOW)))
    for _ in range(2):  # under the short name, and under the longer one, stands what nobody would say again
        await town.pool.execute(TAKEN, source.slug)
        await town.pool.execute("delete from bulletin_level where source = $1", source.slug)
        answer = await hand_in(source, bulletin(feature(temporali=YELLOW), feature(OTHER, idraulico=RED)))

    areas = [notice["audience"]["areas"] for notice in await told(source, answer)]
    (refused,) = [item["problem"] for item in answer.body["items"] if item["problem"]]
    assert answer.status == 202
    assert sorted(map(str, areas)) == ["['Valdarno Inferiore']", "['bisenzio']", "['bisenzio']"]
    assert (refused["status"], refused["errors"][0]["pointer"]) == (409, "#/id")
    assert refused["notice"].rpartition("/")[2] in {item["id"] for item in answer.body["items"]}


async def test_a_doubt_is_kept_until_a_later_issue_can_be_read(town: Caller) -> None:
    source = await town.a_source()
    await hand_in(source, bulletin(feature(temporali=GARBLED), later=10))
    before = await town.pool.fetch(DOUBTS, source.slug)

    await hand_in(source, bulletin())
    older = await town.pool.fetch(DOUBTS, source.slug)
    await hand_in(source, bulletin(later=20))

    assert [(row["zone"], row["day"]) for row in before] == [(ZONE, TOLD_OF)]
    assert (older, await town.pool.fetch(DOUBTS, source.slug)) == (before, [])
