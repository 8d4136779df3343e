# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A source that names where it wants to be answered, and one that waits for the end instead of asking again."""

import asyncio

import pytest

from app.api.document_webhooks import MEANINGS
from app.domain.callback import EventType
from tests.api.calling import Caller, a_notice

URL = "https://mensa.comune.example.it/campanella"


async def test_a_callback_of_the_source_is_kept_with_the_notice_and_the_id_of_the_request(source: Caller) -> None:
    number = (await source.post("/v1/callbacks", {"url": URL, "types": []})).body["id"]

    answer = await source.post("/v1/notices", a_notice(), X_ReplyTo=URL)

    row = await source.pool.fetchrow("select reply_to, correlation from notice where id = $1", answer.body["id"])
    assert row is not None
    assert (answer.status, str(row["reply_to"])) == (202, number)
    assert row["correlation"] == answer.headers["X-Correlation-ID"]


@pytest.mark.parametrize("address", [URL, "https://altrove.example/", "http://127.0.0.1/", "x"])
async def test_an_address_that_is_no_callback_of_the_source_is_refused(
    operator: Caller, source: Caller, address: str
) -> None:
    other = await operator.a_source()
    await other.post("/v1/callbacks", {"url": URL})

    answer = await source.post("/v1/notices", a_notice(), X_ReplyTo=address)

    assert (answer.status, answer.problem, answer.pointers) == (400, "invalid-header", ["X-ReplyTo"])
    assert (await source.get("/v1/notices")).body["items"] == []


async def test_who_waits_is_answered_when_nothing_is_open_any_more(operator: Caller, source: Caller) -> None:
    service = await operator.a_service()
    await operator.a_channel(service)
    event = a_notice(service=service)

    waiting = asyncio.create_task(source.post("/v1/notices", event, Prefer="respond-async, wait=20"))
    number = await delivered(source, event["event_id"])
    answer = await waiting

    assert (answer.status, answer.headers["Preference-Applied"]) == (200, "wait=20")
    assert (answer.body["id"], answer.body["deliveries"]["delivered"]) == (number, 1)


async def delivered(source: Caller, event_id: str) -> str:
    """Do what the workers would, as soon as the notice is there."""
    for _ in range(500):
        row = await source.pool.fetchrow("select id from notice where event_id = $1", event_id)
        if row is not None:
            await source.pool.execute("update delivery set state = 'delivered' where notice_id = $1", row["id"])
            return str(row["id"])
        await asyncio.sleep(0.02)
    raise AssertionError("the notice was not stored")


async def test_who_has_waited_in_vain_is_answered_as_usual(operator: Caller, source: Caller) -> None:
    service = await operator.a_service()
    await operator.a_channel(service)

    answer = await source.post("/v1/notices", a_notice(service=service), Prefer="wait=1")

    assert (answer.status, answer.headers["Preference-Applied"]) == (202, "wait=1")
    assert answer.headers["Location"].endswith(answer.body["id"])


async def test_what_is_kept_under_a_key_is_given_again_as_it_is_though_the_first_had_waited(
    operator: Caller, source: Caller
) -> None:
    service = await operator.a_service()
    await operator.a_channel(service)
    callback = (await source.post("/v1/callbacks", {"url": URL, "types": []})).body["id"]
    event, wishes = a_notice(service=service), {"Prefer": "wait=20", "X-ReplyTo": URL, "Idempotency-Key": "attesa"}

    waiting = asyncio.create_task(source.post("/v1/notices", event, **wishes))
    await delivered(source, event["event_id"])
    first = await waiting
    await source.call("DELETE", f"/v1/callbacks/{callback}")
    again = [await source.post("/v1/notices", event, **wishes) for _ in range(2)]
    without = await source.post("/v1/notices", event, Prefer="wait=20")

    assert (first.status, first.body["deliveries"]["delivered"]) == (200, 1)
    assert [(answer.status, answer.body["deliveries"]["due"], answer.text) for answer in again] == [
        (202, 1, again[0].text)
    ] * 2
    assert {answer.headers["Idempotent-Replayed"] for answer in (*again, without)} == {"true"}
    assert (without.status, without.body["id"]) == (200, first.body["id"])


@pytest.mark.parametrize(
    "preference", ["wait=0", "wait=soon", "waiting=5", "respond-async", 'x="a, wait=5"', "wait=soon, wait=5"]
)
async def test_a_preference_that_cannot_be_read_is_none(source: Caller, preference: str) -> None:
    answer = await source.post("/v1/notices", a_notice(), Prefer=preference)

    assert answer.status == 202
    assert "Preference-Applied" not in answer.headers


async def test_twenty_who_wait_hold_no_connection_to_the_database(operator: Caller, source: Caller) -> None:
    service = await operator.a_service()
    await operator.a_channel(service)
    path = "/v1/notices"
    waiting = [asyncio.create_task(source.post(path, a_notice(service=service), Prefer="wait=3")) for _ in range(20)]
    await asyncio.sleep(0.5)

    others = await asyncio.gather(*(source.get("/v1/notices") for _ in range(5)))

    assert [answer.status for answer in others] == [200] * 5
    assert {answer.status for answer in await asyncio.gather(*waiting)} == {202}


def test_every_event_is_described() -> None:
    assert set(MEANINGS) == set(EventType)


async def test_a_preference_without_end_is_refused_and_stores_nothing(source: Caller) -> None:
    answer = await source.post("/v1/notices", a_notice(), Prefer="x" * 201)

    assert (answer.status, answer.problem, answer.pointers) == (400, "invalid-header", ["Prefer"])
    assert (await source.get("/v1/notices")).body["items"] == []
