# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Beyond the quota: that is said before all else, and what is urgent has a reserve."""

import json
from typing import Any

import pytest

from app.alerts.bulletin import MEDIA_TYPE as BULLETIN
from app.api.intake import ARRIVALS
from tests.api.calling import Caller, a_notice
from tests.api.standing import a_source, told


async def test_urgent_notices_have_a_reserve_and_a_flood_of_them_is_a_flood(operator: Caller) -> None:
    source = await a_source(operator, minute=20, day=1)
    await source.hand_in()

    ordinary = [await source.hand_in(priority=priority) for priority in ("normal", "bulk")]
    urgent = [await source.hand_in(priority="urgent") for _ in range(4)]

    assert [answer.status for answer in ordinary] == [429, 429]
    assert [answer.status for answer in urgent][:3] == [202, 202, 429]


async def test_what_is_refused_for_its_form_draws_on_no_reserve(operator: Caller) -> None:
    source = await a_source(operator, minute=20, day=1)
    await source.hand_in()

    broken = [await source.hand_in(priority="urgent", texts={}) for _ in range(5)]

    assert {answer.status for answer in broken} == {429}
    assert (await source.hand_in(priority="urgent")).status == 202


BATCH = "/v1/notices/batch"
COMPLAINTS: dict[str, tuple[str, Any, dict[str, str]]] = {
    "no JSON": ("/v1/notices", b"{", {}),
    "a broken notice": ("/v1/notices", {}, {}),
    "another medium": ("/v1/notices", b"a", {"Content-Type": "text/plain"}),
    "too large": ("/v1/notices", b" " * 300_000, {}),
    "no event": ("/v1/notices", {}, {"ce-id": "1"}),
    "a key that is none": ("/v1/notices", {}, {"Idempotency-Key": ""}),
    "a broken notice under a key": ("/v1/notices", {}, {"Idempotency-Key": "beyond"}),
    "an empty batch": (BATCH, [], {}),
    "a broken batch": (BATCH, [{}], {}),
    "a broken batch of which the good would be taken": (BATCH, [{}], {"Prefer": "handling=lenient"}),
    "an alert that is none": ("/v1/notices", b"<alert/>", {"Content-Type": "application/cap+xml"}),
    "a callback of nobody": ("/v1/notices", {}, {"X-ReplyTo": "https://nessuno.example.it/"}),
    "no right": ("/v1/sources", {}, {}),
    "a broken body elsewhere": ("/v1/callbacks", {}, {}),
}


@pytest.mark.parametrize(("path", "body", "headers"), COMPLAINTS.values(), ids=COMPLAINTS)
async def test_beyond_the_quota_that_is_said_before_all_else(
    operator: Caller, path: str, body: Any, headers: dict[str, str]
) -> None:
    source = await a_source(operator, minute=20, day=1)
    within = await source.call("POST", path, body, headers)
    if "Idempotency-Key" in headers:
        headers = {**headers, "Idempotency-Key": headers["Idempotency-Key"] * 2}

    answer = await source.call("POST", path, body, headers)

    assert within.status != 429
    assert (answer.status, answer.problem) == (429, "quota-exceeded")
    assert int(answer.headers["Retry-After"]) >= told(answer)["daily"]["t"]


async def test_what_the_reserve_has_paid_for_is_answered_as_it_is(operator: Caller) -> None:
    source = await a_source(operator, minute=20, day=1)
    notice = a_notice(priority="urgent")
    await source.post("/v1/notices", notice)

    other = await source.post("/v1/notices", {**notice, "texts": {"it": {"title": "Altro"}}})

    assert (other.status, other.problem) == (409, "event-exists")


async def test_an_answer_that_was_kept_is_repeated_beyond_the_quota(operator: Caller) -> None:
    source = await a_source(operator, day=2)
    kept, broken = (a_notice(), {"Idempotency-Key": "good"}), (a_notice(texts={}), {"Idempotency-Key": "bad"})
    first = [await source.call("POST", "/v1/notices", *each) for each in (kept, broken)]

    again = [await source.call("POST", "/v1/notices", *each) for each in (kept, broken)]

    assert [answer.status for answer in (*first, *again)] == [202, 422, 202, 422]
    assert [answer.text for answer in again] == [answer.text for answer in first]


@pytest.mark.parametrize("media_type", sorted(ARRIVALS.media.keys() - {BULLETIN}))  # which needs zones first
async def test_whatever_form_a_notice_comes_in_the_quota_holds(operator: Caller, media_type: str) -> None:
    source = await a_source(operator, minute=2, day=2)
    example: Any = next(iter(ARRIVALS.media[media_type].examples.values()))["value"]
    body = example.encode() if isinstance(example, str) else json.dumps(example).encode()
    first = example[0] if isinstance(example, list) else example
    if isinstance(first, dict) and "source" in first:
        await operator.patch(f"/v1/sources/{source.slug}", {"event_sources": [first["source"]]})
    for _ in range(2):
        await source.get("/v1/notices")
    await source.hand_in(priority="urgent")

    answer = await source.call("POST", "/v1/notices", body, {"Content-Type": media_type})

    assert (answer.status, answer.problem) == (429, "quota-exceeded")
    assert await source.pool.fetchval("select count(*) from notice where source = $1", source.slug) == 1


@pytest.mark.parametrize("priority", ["normal", "urgent"])
async def test_a_batch_that_no_quota_will_ever_let_in_is_too_large(operator: Caller, priority: str) -> None:
    source = await a_source(operator, minute=5)

    answer = await source.post("/v1/notices/batch", [a_notice(priority=priority) for _ in range(6)])

    assert (answer.status, answer.problem, answer.body["limit"]) == (413, "too-large", 5)
    assert "Retry-After" not in answer.headers
    stored = await source.pool.fetchval("select count(*) from notice where source = $1", source.slug)
    assert stored == 0
