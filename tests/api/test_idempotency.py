# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Idempotency-Key: every row of the table of the specification, by its number."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.database import Pool
from tests.api.calling import Answer, Caller, a_notice
from tests.api.keyed import is_replayed, sent

LONG = 2.0
"""Seconds for which a request waits for another one of its key."""
HOLDING = "insert into idempotency_key (scope, key, fingerprint) values ($1, $2, 'x')"


async def withdrawn(source: Caller, answer: Answer) -> None:
    taken = await source.post(f"/v1/notices/{answer.body['id']}/withdrawal", If_Match="*")
    assert taken.status == 200


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

    assert (other.status, other.problem, "Retry-After" in other.headers) == (409, "event-exists", False)
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
    """Where the two seconds pass before it has failed, as on a machine that stands still, it is tried again."""
    notice, refused = a_notice(), True
    while refused:
        begun = time.monotonic()
        async with in_flight(source.pool, source, "chiave"):
            waiting = asyncio.create_task(sent(source, notice, "chiave"))
            await asyncio.sleep(0.2)
        answer = await waiting
        refused = answer.problem == "request-in-progress" and time.monotonic() - begun > LONG

    assert answer.status == 202


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
