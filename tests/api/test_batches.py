# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Many notices in one request: all or none, or those that are good; every vector of the specification by its number."""

import asyncio
import json
from functools import partial
from typing import Any

import pytest
from starlette.requests import Request

from app.api.preferences import preferences
from tests.api.calling import Answer, Caller, a_notice, fresh, patiently
from tests.api.events import BATCH, a_sender, an_event, binary, structured

LENIENT = {"Prefer": "handling=lenient"}


@pytest.fixture(scope="module")
async def sender(operator: Caller) -> Caller:
    return await a_sender(operator)


async def events(sender: Caller, body: Any, **headers: str) -> Answer:
    return await sender.post("/v1/notices", body, **{"Content_Type": BATCH, **headers})


async def stored(sender: Caller, ids: list[str]) -> int:
    number: int = await sender.pool.fetchval(
        "select count(*) from notice where source = $1 and event_id = any($2::text[])", sender.slug, ids
    )
    return number


def many(number: int) -> list[dict[str, Any]]:
    return [an_event() for _ in range(number)]


def ids(batch: list[dict[str, Any]]) -> list[str]:
    return [event["id"] for event in batch]


async def test_2_48_an_empty_batch_is_a_batch(sender: Caller) -> None:
    answer = await events(sender, [])

    assert (answer.status, answer.body) == (202, {"items": []})


async def test_2_48_an_element_that_is_no_object_is_named(sender: Caller) -> None:
    batch: list[Any] = [*many(1), 7]

    answer = await events(sender, batch)

    assert (answer.status, answer.problem, answer.pointers) == (422, "invalid-notice", ["#/1"])
    assert await stored(sender, ids(batch[:1])) == 0


@pytest.mark.parametrize("body", [{}, "text", 7, None])
async def test_what_is_no_list_is_no_batch(sender: Caller, body: Any) -> None:
    answer = await events(sender, json.dumps(body).encode())

    assert (answer.status, answer.pointers) == (422, ["#"])


async def test_2_49_a_batch_of_101_events_is_too_large(sender: Caller) -> None:
    answer = await events(sender, many(101))

    assert (answer.status, answer.problem, answer.body["limit"]) == (413, "too-large", 100)


async def test_2_49_a_batch_of_more_than_one_mebibyte_is_too_large(sender: Caller) -> None:
    answer = await events(sender, b"[" + b" " * 1024 * 1024 + b"]")

    assert (answer.status, answer.problem, answer.body["limit"]) == (413, "too-large", 1_048_576)


async def test_2_50_one_bad_event_of_a_hundred_stops_them_all(sender: Caller) -> None:
    batch = many(100)
    batch[41]["data"]["texts"] = {}

    answer = await events(sender, batch)

    assert (answer.status, answer.problem) == (422, "invalid-notice")
    assert answer.pointers == ["#/41/data/texts"]
    assert await stored(sender, ids(batch)) == 0


PREFERENCES = [
    (["handling=lenient"], "lenient"),
    (["handling=lenient; x=1"], "lenient"),
    (["Handling = lenient"], "lenient"),
    (['respond-async, handling="lenient"'], "lenient"),
    (["handling=strict, handling=lenient"], "strict"),
    (["handling=lenient", "handling=strict"], "lenient"),
    (['note="a, handling=lenient"'], None),
    (['note=1; b="a, handling=lenient"', "wait=5"], None),
    (["handling"], ""),
    (['"' * 9000], None),
]


@pytest.mark.parametrize(("lines", "handling"), PREFERENCES)
def test_how_a_batch_is_handled_is_read_as_rfc_7240_says_and_of_two_preferences_the_first_counts(
    lines: list[str], handling: str | None
) -> None:
    headers = [(b"prefer", line.encode()) for line in lines]

    assert preferences(Request({"type": "http", "headers": headers})).get("handling") == handling


async def test_2_50_with_lenient_handling_the_good_ones_are_stored(sender: Caller) -> None:
    batch = many(100)
    batch[41]["type"] = ""

    answer = await events(sender, batch, **LENIENT)

    items = answer.body["items"]
    assert (answer.status, answer.headers["Preference-Applied"]) == (202, "handling=lenient")
    assert [item["index"] for item in items] == list(range(100))
    assert [item["status"] for item in items] == [202] * 41 + [400] + [202] * 58
    assert items[41]["problem"]["errors"][0]["pointer"] == "#/41/type"
    assert await stored(sender, ids(batch)) == 99


async def test_each_item_names_its_own_notice(sender: Caller) -> None:
    batch = many(20)

    answer = await events(sender, batch)

    told = {item["index"]: item["id"] for item in answer.body["items"]}
    rows = await sender.pool.fetch("select id, event_id from notice where source = $1", sender.slug)
    found = {row["event_id"]: str(row["id"]) for row in rows}
    assert told == {place: found[event["id"]] for place, event in enumerate(batch)}
    assert answer.body["items"][0]["links"]["self"].endswith(told[0])


async def test_2_51_the_same_event_twice_in_a_batch_is_one_notice(sender: Caller) -> None:
    event = an_event()

    answer = await events(sender, [event, event])

    one, two = answer.body["items"]
    assert (one["id"], one["replayed"], two["replayed"]) == (two["id"], False, True)


async def test_2_52_the_same_event_in_every_form_is_one_notice(sender: Caller) -> None:
    notice = a_notice()
    event = an_event(id=notice["event_id"], data=notice)

    answers = [
        (await sender.post("/v1/notices", notice)).body["id"],
        (await structured(sender, event)).body["id"],
        (await binary(sender, {"ce-id": notice["event_id"]}, notice)).body["id"],
        (await events(sender, [event])).body["items"][0]["id"],
        (await sender.post("/v1/notices/batch", [notice])).body["items"][0]["id"],
    ]

    assert len(set(answers)) == 1


async def test_2_53_the_same_event_fifty_times_at_once_is_one_notice(sender: Caller) -> None:
    event = an_event()

    answers = await asyncio.gather(*(patiently(lambda: events(sender, [event])) for _ in range(25)))
    answers += await asyncio.gather(*(patiently(lambda: structured(sender, event)) for _ in range(25)))

    found = {answer.body["id"] if "id" in answer.body else answer.body["items"][0]["id"] for answer in answers}
    assert {answer.status for answer in answers} == {202}
    assert len(found) == 1


async def test_batches_that_cross_never_wait_for_each_other_in_a_circle(sender: Caller) -> None:
    batch = many(30)
    orders = [batch, batch[::-1]] * 5

    answers = await asyncio.gather(*(patiently(partial(events, sender, order)) for order in orders))

    assert {answer.status for answer in answers} == {202}
    assert len({item["id"] for answer in answers for item in answer.body["items"]}) == 30


REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "a service that nobody made": ({"service": "teletrasporto"}, 422, "unknown-service"),
    "a broken rule": ({"texts": {}}, 422, "invalid-notice"),
}


@pytest.mark.parametrize(("members", "status", "problem"), REFUSED.values(), ids=REFUSED)
async def test_a_notice_that_cannot_be_stored_stops_the_others_unless_they_are_wished_for(
    sender: Caller, members: dict[str, Any], status: int, problem: str
) -> None:
    batch = [a_notice(), a_notice(**members), a_notice()]
    names = [notice["event_id"] for notice in batch]

    strict = await sender.post("/v1/notices/batch", batch)
    after_strict = await stored(sender, names)
    lenient = await sender.post("/v1/notices/batch", batch, **LENIENT)

    assert (strict.status, after_strict, strict.body["errors"][0]["pointer"][:4]) == (422, 0, "#/1/")
    assert [item["status"] for item in lenient.body["items"]] == [202, status, 202]
    assert lenient.body["items"][1]["problem"]["type"].endswith(problem)
    assert await stored(sender, names) == 2


async def test_other_content_under_a_known_event_id_stops_the_others_and_names_the_notice(sender: Caller) -> None:
    known = a_notice()
    first = await sender.post("/v1/notices", known)
    batch = [a_notice(), {**known, "priority": "bulk"}]

    strict = await sender.post("/v1/notices/batch", batch)
    lenient = await sender.post("/v1/notices/batch", batch, **LENIENT)

    assert (strict.status, strict.pointers) == (422, ["#/1/event_id"])
    assert strict.body["errors"][0]["rule"] == "event-exists"
    assert [item["status"] for item in lenient.body["items"]] == [202, 409]
    assert lenient.body["items"][1]["problem"]["notice"] == first.body["links"]["self"]


async def test_a_service_of_somebody_else_stops_the_others(operator: Caller) -> None:
    source = await operator.a_source(["mensa"])
    batch = [a_notice(), a_notice(service="trasporto")]

    strict = await source.post("/v1/notices/batch", batch)
    lenient = await source.post("/v1/notices/batch", batch, **LENIENT)

    assert (strict.status, strict.body["errors"][0]["rule"]) == (422, "forbidden")
    assert [item["status"] for item in lenient.body["items"]] == [202, 403]


async def test_the_notices_of_a_batch_owe_what_each_of_them_owes(operator: Caller) -> None:
    one, two = await operator.a_service(), await operator.a_service()
    for service in (one, one, two):
        await operator.a_channel(service)
    source = await operator.a_source()

    answer = await source.post("/v1/notices/batch", [a_notice(service=service) for service in (one, two, one)])

    owed = {
        str(row["notice_id"]): row["many"]
        for row in await source.pool.fetch("select notice_id, count(*) as many from delivery group by notice_id")
    }
    assert [owed[item["id"]] for item in answer.body["items"]] == [2, 1, 2]


@pytest.mark.parametrize("headers", [{}, LENIENT])
async def test_a_batch_with_an_idempotency_key_has_its_first_answer_again(
    sender: Caller, headers: dict[str, str]
) -> None:
    key = {"Idempotency_Key": fresh("chiave"), **headers}
    batch = many(3)
    first = await events(sender, batch, **key)

    again = await events(sender, batch, **key)

    assert (again.text, again.headers["Idempotent-Replayed"]) == (first.text, "true")
    assert (await events(sender, many(3), **key)).problem == "idempotency-key-reused"


async def test_a_batch_that_failed_for_what_may_change_is_tried_again_under_its_key(sender: Caller) -> None:
    service = fresh("servizio")
    key, batch = {"Idempotency_Key": fresh("chiave")}, [a_notice(service=service)]
    first = await sender.post("/v1/notices/batch", batch, **key)
    await sender.having("bootstrap-operator-key-of-the-tests-0001").call(
        "PUT", f"/v1/services/{service}", {"name": "Nuovo"}
    )

    again = await sender.post("/v1/notices/batch", batch, **key)

    assert (first.status, again.status) == (422, 202)


async def test_2_7_what_may_be_handed_in_at_once_is_said(sender: Caller) -> None:
    said = await sender.get("/v1/intake-capabilities")

    assert said.body["batch"] == {"max_events": 100, "max_bytes": 1_048_576}
    assert said.body["event"] == {"max_bytes": 262_144}
    assert {"application/json", "application/cloudevents+json", BATCH} <= set(said.body["media_types"])


SLOW_COMMIT = """
create function slow_commit() returns trigger language plpgsql as $$ begin perform pg_sleep(30); return null; end $$;
create constraint trigger slow_commit after insert on notice deferrable initially deferred
   for each row execute function slow_commit();
"""
END_IT = """
select pg_terminate_backend(pid) from pg_stat_activity
 where datname = current_database() and wait_event = 'PgSleep' and query ilike 'commit%'
"""


async def test_a_batch_whose_commit_breaks_is_looked_up_before_it_is_answered(sender: Caller) -> None:
    """Nothing of it is there: 503, and neither a notice nor the key stays behind; the next try stores it."""
    batch, key = many(3), {"Idempotency_Key": fresh("chiave")}
    await sender.pool.execute(SLOW_COMMIT)
    try:
        sending = asyncio.create_task(events(sender, batch, **key))
        while not sending.done() and not await sender.pool.fetchval(END_IT):  # noqa: ASYNC110 - it is in Postgres
            await asyncio.sleep(0.05)
        broken = await sending
    finally:
        await sender.pool.execute("drop trigger slow_commit on notice; drop function slow_commit()")

    again = await events(sender, batch, **key)

    assert (broken.status, broken.problem) == (503, "unavailable")
    assert again.status == 202
    assert "Idempotent-Replayed" not in again.headers
    assert await stored(sender, ids(batch)) == 3
