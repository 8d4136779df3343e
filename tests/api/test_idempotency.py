# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Idempotency-Key: every row of the table of the specification, by its number, and what a key may be."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from app.api.application import api, document_of
from app.api.idempotency import HEADER
from app.database import Pool
from tests.api.calling import Answer, Caller, a_notice, fresh
from workers.prune import prune

HOLDING = "insert into idempotency_key (scope, key, fingerprint) values ($1, $2, 'x')"


async def sent(source: Caller, notice: Any, key: str | None) -> Answer:
    return await source.post("/v1/notices", notice, **({"Idempotency_Key": key} if key else {}))


async def withdrawn(source: Caller, answer: Answer) -> None:
    taken = await source.post(f"/v1/notices/{answer.body['id']}/withdrawal", If_Match="*")
    assert taken.status == 200


def is_replayed(answer: Answer) -> bool:
    return answer.headers.get("Idempotent-Replayed") == "true"


async def owed(source: Caller) -> int:
    number: int = await source.pool.fetchval(
        "select count(*) from delivery d join notice n on n.id = d.notice_id where n.source = $1", source.slug
    )
    return number


@pytest.mark.parametrize("key", [None, "neue"])
async def test_3_20_a_new_event_with_a_new_key_or_none_is_a_new_notice(source: Caller, key: str | None) -> None:
    answer = await sent(source, a_notice(), key)

    assert (answer.status, is_replayed(answer)) == (202, False)


async def test_3_21_a_known_event_without_a_key_is_the_same_notice(operator: Caller) -> None:
    service = await operator.a_service()
    await operator.a_channel(service)
    source = await operator.a_source()
    notice = a_notice(service=service)
    first = await sent(source, notice, None)

    again = await sent(source, notice, None)

    assert (again.status, again.body["id"], is_replayed(again), await owed(source)) == (202, first.body["id"], True, 1)


@pytest.mark.parametrize("key", [None, "altra"])
async def test_3_22_a_known_event_with_other_content_is_refused_with_the_way_to_amend(
    source: Caller, key: str | None
) -> None:
    notice = a_notice()
    first = await sent(source, notice, None)

    other = await sent(source, {**notice, "priority": "bulk"}, key)

    assert (other.status, other.problem) == (409, "event-exists")
    assert other.body["notice"] == first.body["links"]["self"]
    assert "PATCH" in other.body["detail"]


async def test_3_23_a_known_event_with_its_key_has_the_first_answer_byte_for_byte(source: Caller) -> None:
    notice = a_notice()
    first = await sent(source, notice, "chiave")
    await withdrawn(source, first)

    again = await sent(source, dict(reversed(notice.items())), "chiave")

    assert (again.status, again.text, is_replayed(again)) == (202, first.text, True)
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Content-Type"] == first.headers["Content-Type"]


async def test_3_24_a_known_key_with_other_content_is_refused(source: Caller) -> None:
    await sent(source, a_notice(), "chiave")

    other = await sent(source, a_notice(), "chiave")

    assert (other.status, other.problem) == (422, "idempotency-key-reused")


async def test_3_25_a_known_event_with_a_new_key_is_the_same_and_the_key_is_remembered(source: Caller) -> None:
    notice = a_notice()
    first = await sent(source, notice, "prima")

    second = await sent(source, notice, "seconda")

    third = await sent(source, notice, "seconda")
    assert (second.status, second.body["id"], is_replayed(second)) == (202, first.body["id"], True)
    assert (third.text, is_replayed(third)) == (second.text, True)
    assert [name.lower() for name in third.headers].count("idempotent-replayed") == 1
    assert (await sent(source, a_notice(), "seconda")).problem == "idempotency-key-reused"


@asynccontextmanager
async def in_flight(pool: Pool, source: Caller, key: str) -> AsyncIterator[None]:
    """Hold a key as a request does that is not answered yet."""
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(HOLDING, source.slug, key)
        try:
            yield
        finally:
            await transaction.rollback()


async def test_3_26_a_key_that_is_in_flight_for_two_seconds_is_refused_for_now(source: Caller) -> None:
    notice = a_notice()

    async with in_flight(source.pool, source, "chiave"):
        answer = await sent(source, notice, "chiave")

    assert (answer.status, answer.problem, answer.headers["Retry-After"]) == (409, "request-in-progress", "1")
    assert (await sent(source, notice, "chiave")).status == 202


async def test_3_26_a_key_whose_request_fails_meanwhile_is_free(source: Caller) -> None:
    async with in_flight(source.pool, source, "chiave"):
        waiting = asyncio.create_task(sent(source, a_notice(), "chiave"))
        await asyncio.sleep(0.2)

    assert (await waiting).status == 202


async def test_a_body_that_has_no_canonical_form_is_refused_as_it_is_without_a_key(source: Caller) -> None:
    body = json.dumps({**a_notice(), "\ud800": 1, "n": 2**70}).encode()

    with_key, without = await sent(source, body, "chiave"), await sent(source, body, None)

    assert (with_key.status, with_key.problem) == (without.status, without.problem) == (400, "malformed-body")


@pytest.mark.parametrize("key", [None, "nuova"])
async def test_3_27_a_known_event_that_was_withdrawn_shows_its_present_status(
    operator: Caller, key: str | None
) -> None:
    service = await operator.a_service()
    await operator.a_channel(service)
    source = await operator.a_source()
    notice = a_notice(service=service)
    first = await sent(source, notice, "prima")
    await withdrawn(source, first)

    again = await sent(source, notice, key)

    assert (again.status, again.body["id"], again.body["status"]) == (202, first.body["id"], "withdrawn")
    assert await owed(source) == 1


KEYS_OF_THE_SAME = ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', "8e03978e-40d5-43dd-bc93-6894a57f9324"]


async def test_3_4_with_quotes_and_without_it_is_the_same_key(source: Caller) -> None:
    notice = a_notice()

    answers = [await sent(source, notice, key) for key in KEYS_OF_THE_SAME]

    assert [is_replayed(answer) for answer in answers] == [False, True]
    assert answers[0].text == answers[1].text


@pytest.mark.parametrize("key", [" ", '""', "x" * 256, "a b", '"a b"', '"a', "à", '"a";x=1', '"a\\b"'])
async def test_3_4_what_is_no_key_is_refused(source: Caller, key: str) -> None:
    answer = await sent(source, a_notice(), key)

    assert (answer.status, answer.problem) == (400, "idempotency-key-invalid")


async def test_3_4_two_keys_are_none(source: Caller) -> None:
    whose = [("Authorization", f"Bearer {source.key}"), ("Idempotency-Key", "a"), ("Idempotency-Key", "a")]

    async with source.session.post("/v1/notices", json=a_notice(), headers=whose) as answer:
        said = await answer.json()

    assert (answer.status, said["type"].rsplit("/")[-1]) == (400, "idempotency-key-invalid")


async def test_3_4_a_key_of_255_characters_is_taken(source: Caller) -> None:
    assert (await sent(source, a_notice(), "x" * 255)).status == 202


async def test_3_5_an_equal_key_of_another_source_is_another_key(operator: Caller) -> None:
    one, two = await operator.a_source(), await operator.a_source()
    notice = a_notice()

    answers = [await sent(each, notice, "chiave") for each in (one, two)]

    assert [is_replayed(answer) for answer in answers] == [False, False]


async def test_3_3_a_refusal_that_follows_from_the_content_is_kept(source: Caller) -> None:
    wrong = a_notice(texts={})
    first = await sent(source, wrong, "chiave")

    again = await sent(source, wrong, "chiave")

    assert (first.status, again.status, again.text, is_replayed(again)) == (422, 422, first.text, True)
    assert again.headers["Content-Type"] == "application/problem+json"
    assert (await sent(source, a_notice(), "chiave")).problem == "idempotency-key-reused"


async def test_3_3_what_may_go_well_next_time_is_not_kept(operator: Caller, source: Caller) -> None:
    service = fresh("servizio")
    notice = a_notice(service=service)
    unknown = await sent(source, notice, "chiave")
    unreadable = await sent(source, b"{", "chiave")
    await operator.call("PUT", f"/v1/services/{service}", {"name": "Nuovo"})

    answer = await sent(source, notice, "chiave")

    assert (unknown.problem, unreadable.status) == ("unknown-service", 400)
    assert (answer.status, is_replayed(answer)) == (202, False)


async def test_3_31_after_seven_days_the_key_is_forgotten_and_the_event_is_not(source: Caller) -> None:
    notice = a_notice()
    first = await sent(source, notice, "chiave")
    await source.pool.execute(
        "update idempotency_key set created_at = now() - interval '7 days 1 second' where scope = $1", source.slug
    )

    same, other = await sent(source, notice, None), await sent(source, a_notice(), "chiave")

    assert (same.body["id"], is_replayed(same)) == (first.body["id"], True)
    assert (other.status, is_replayed(other)) == (202, False)


async def test_a_key_of_more_than_seven_days_is_pruned(source: Caller) -> None:
    for key in ("vecchia", "nuova"):
        await sent(source, a_notice(), key)
    await source.pool.execute(
        "update idempotency_key set created_at = now() - interval '8 days' where scope = $1 and key = 'vecchia'",
        source.slug,
    )

    await prune(source.pool)

    left = await source.pool.fetch("select key from idempotency_key where scope = $1", source.slug)
    assert [row["key"] for row in left] == ["nuova"]


async def test_3_30_many_callers_of_each_key_are_one_notice_with_one_answer(source: Caller) -> None:
    """10 keys by 20 callers each; the night has 200."""
    await race(source, keys=10)


@pytest.mark.nightly
async def test_3_30_two_hundred_keys_by_twenty_callers(source: Caller) -> None:
    await race(source, keys=200)


async def race(source: Caller, keys: int) -> None:
    for number in range(keys):
        notice = a_notice()
        answers = await asyncio.gather(*(sent(source, notice, f"gara-{number}") for _ in range(20)))

        good = [answer for answer in answers if answer.status == 202]
        assert {answer.status for answer in answers} <= {202, 409}
        assert len({answer.text for answer in good}) == 1
        assert sum(not is_replayed(answer) for answer in good) == 1
    stored = await source.pool.fetchval("select count(*) from notice where source = $1", source.slug)
    assert stored == keys


SHOWN_ONCE: list[tuple[str, dict[str, Any]]] = [
    ("/v1/keys", {"role": "viewer", "label": "Schermo"}),
    ("/v1/sources/{slug}/keys", {"label": "dal 2027"}),
]


@pytest.mark.parametrize(("path", "body"), SHOWN_ONCE)
async def test_a_key_that_was_lost_on_its_way_is_shown_again_and_lies_nowhere_in_plain_text(
    operator: Caller, path: str, body: dict[str, Any]
) -> None:
    path = path.format(slug=(await operator.a_source()).slug)
    key = fresh("chiave")
    first = await operator.post(path, body, Idempotency_Key=key)

    again = await operator.post(path, body, Idempotency_Key=key)

    rows = await operator.pool.fetch("select body from idempotency_key where key = $1", key)
    assert (again.status, again.text, is_replayed(again)) == (201, first.text, True)
    assert len(rows) == 1
    assert first.body["key"].encode() not in rows[0]["body"]


async def test_a_source_that_is_made_twice_with_one_key_is_made_once(operator: Caller) -> None:
    new, key = {"slug": fresh("fonte"), "name": "Mensa"}, fresh("chiave")

    answers = await asyncio.gather(*(operator.post("/v1/sources", new, Idempotency_Key=key) for _ in range(5)))

    assert {answer.status for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert (await operator.post("/v1/sources", new)).status == 409


async def test_the_answer_of_one_administrator_is_not_that_of_another(operator: Caller) -> None:
    body, key = {"role": "operator", "label": "Ufficio"}, fresh("chiave")
    first = await operator.post("/v1/keys", body, Idempotency_Key=key)

    other = await operator.having(first.body["key"]).post("/v1/keys", body, Idempotency_Key=key)

    assert (other.status, is_replayed(other)) == (201, False)
    assert other.body["id"] != first.body["id"]


async def test_a_channel_is_made_once(operator: Caller) -> None:
    slug, key = fresh("canale"), fresh("chiave")
    new = {"slug": slug, "kind": "telegram", "address": f"@{slug.replace('-', '_')}_x", "language": "it"}
    new["audience"] = json.loads('{"services": ["pacchetto-scuola"]}')
    first = await operator.post("/v1/channels", new, Idempotency_Key=key)

    again = await operator.post("/v1/channels", new, Idempotency_Key=key)

    assert (first.status, again.status, again.text) == (201, 201, first.text)


CALLBACK = {"url": "https://mensa.comune.example.it/eventi"}


async def test_a_callback_that_is_asked_for_twice_with_one_key_is_made_once_and_its_secret_shown_again(
    source: Caller,
) -> None:
    key = fresh("chiave")
    first = await source.post("/v1/callbacks", CALLBACK, Idempotency_Key=key)

    again = await source.post("/v1/callbacks", CALLBACK, Idempotency_Key=key)

    rows = await source.pool.fetch("select body from idempotency_key where key = $1", key)
    assert (again.status, again.text, is_replayed(again)) == (201, first.text, True)
    assert len((await source.get("/v1/callbacks")).body["items"]) == 1
    assert [first.body["secret"].encode() in row["body"] for row in rows] == [False]
    assert (await source.post("/v1/callbacks", CALLBACK)).status == 409


async def test_a_secret_is_replaced_once_for_one_key(operator: Caller, source: Caller) -> None:
    slug = await operator.a_channel(await operator.a_service(), kind="webhook", address=f"https://{fresh('a')}.it/")
    callback = (await source.post("/v1/callbacks", CALLBACK)).body["id"]

    for path in (f"/v1/channels/{slug}/secret", f"/v1/callbacks/{callback}/secret"):
        key = fresh("chiave")
        answers = [await operator.post(path, {}, Idempotency_Key=key) for _ in range(2)]

        assert [answer.status for answer in answers] == [201, 201]
        assert answers[0].text == answers[1].text
        assert (await operator.post(path, {})).text != answers[0].text


async def test_a_push_is_entered_once_for_one_key(operator: Caller) -> None:
    slug = await operator.a_channel(await operator.a_service())
    pushed, key = {"at": "2026-11-24T10:00:00+01:00"}, fresh("chiave")

    answers = [await operator.post(f"/v1/channels/{slug}/pushes", pushed, Idempotency_Key=key) for _ in range(2)]

    assert [(answer.status, is_replayed(answer)) for answer in answers] == [(201, False), (201, True)]
    assert len((await operator.get(f"/v1/channels/{slug}/pushes")).body["items"]) == 1


@pytest.mark.parametrize("good", [True, False])
async def test_a_batch_handled_otherwise_is_another_request(source: Caller, *, good: bool) -> None:
    batch, key = [a_notice() if good else a_notice(texts={})], fresh("chiave")
    first = await source.post("/v1/notices/batch", batch, Idempotency_Key=key)

    lenient = await source.post("/v1/notices/batch", batch, Idempotency_Key=key, Prefer="handling=lenient")
    again = await source.post("/v1/notices/batch", batch, Idempotency_Key=key, Prefer="respond-async")

    assert first.status == (202 if good else 422)
    assert (lenient.status, lenient.problem) == (422, "idempotency-key-reused")
    assert (again.status, again.text, is_replayed(again)) == (first.status, first.text, True)


def test_whatever_makes_something_takes_a_key() -> None:
    document: dict[str, Any] = document_of(api())
    posts = [item["post"] for item in document["paths"].values() if "post" in item]
    making = [each for each in posts if "201" in each["responses"]]

    keyed = {each["operationId"] for each in posts if HEADER in {one["name"] for one in each.get("parameters", ())}}

    assert len(making) >= 8
    assert {each["operationId"] for each in making} <= keyed
