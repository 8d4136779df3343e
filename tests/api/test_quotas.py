# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Quotas: how much a source may ask, what it is told of that, and that a flood of one delays no other."""

import asyncio
import time

import pytest

from app.database import Pool
from app.domain.key import new_key
from app.settings import Settings
from tests.api.calling import Caller, a_notice, served, some_settings
from tests.api.standing import a_source, parsed, told


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("RateLimit", "burst;r=1"),
        ("RateLimit", '"burst";r=-1'),
        ("RateLimit-Policy", '"burst";q=1.5'),
        ("RateLimit-Policy", '"burst";q=1;w=0'),
        ("RateLimit", '"burst";t=30'),
    ],
)
def test_our_reader_of_the_fields_takes_no_others(name: str, text: str) -> None:
    with pytest.raises(AssertionError):
        parsed(name, text)


async def test_every_good_answer_and_every_refusal_tells_how_the_source_stands(operator: Caller) -> None:
    source = await a_source(operator, minute=100, day=5000)
    notice = a_notice()

    answers = {
        202: await source.post("/v1/notices", notice),
        200: await source.get("/v1/notices"),
        400: await source.post("/v1/notices", b"{"),
        404: await source.get("/v1/notices/0193a1b2-7c4d-7e8f-9a0b-1c2d3e4f5a6b"),
        409: await source.post("/v1/notices", {**notice, "priority": "bulk"}),
        415: await source.call("POST", "/v1/notices", notice, {"Content-Type": "text/plain"}),
        422: await source.hand_in(texts={}),
    }

    assert [answer.status for answer in answers.values()] == list(answers)
    left = [told(answer)["burst"]["r"] for answer in answers.values()]
    assert left[0] == 99
    assert all(80 < each <= 99 for each in left)
    assert answers[202].headers["RateLimit-Policy"] == '"burst";q=100;w=60, "daily";q=5000;w=86400'


async def test_a_burst_of_three_times_the_quota_is_taken_or_refused_and_later_there_is_room(operator: Caller) -> None:
    source = await a_source(operator, minute=60)
    begun = time.monotonic()

    answers = await asyncio.gather(*(source.hand_in() for _ in range(180)))

    refused = [answer for answer in answers if answer.status == 429]
    assert {answer.status for answer in answers} == {202, 429}
    assert 45 <= len(answers) - len(refused) <= 61 + time.monotonic() - begun
    assert {answer.problem for answer in refused} == {"quota-exceeded"}
    assert all(answer.body["violated-policies"] == ["burst"] for answer in refused)
    assert all(int(answer.headers["Retry-After"]) >= told(answer)["burst"]["t"] for answer in refused)
    await asyncio.sleep(int(refused[-1].headers["Retry-After"]))
    assert (await source.hand_in()).status == 202


async def test_what_is_refused_is_not_counted_and_not_stored(operator: Caller, pool: Pool) -> None:
    source = await a_source(operator, day=3)
    taken = [await source.hand_in() for _ in range(3)]
    before = await pool.fetchval("select daily from quota where subject = $1", f"source:{source.slug}")

    refused = [await source.hand_in() for _ in range(20)]

    after = await pool.fetchval("select daily from quota where subject = $1", f"source:{source.slug}")
    stored = await pool.fetchval("select count(*) from notice where source = $1", source.slug)
    assert ({answer.status for answer in taken}, {answer.status for answer in refused}) == ({202}, {429})
    assert (after, stored) == (before, 3)
    assert refused[0].body["violated-policies"] == ["daily"]
    assert 28_700 <= int(refused[0].headers["Retry-After"]) <= 28_800 * 1.2


async def test_two_processes_share_the_quota(operator: Caller, settings: Settings, pool: Pool) -> None:
    source = await a_source(operator, minute=40)

    async with served(settings, pool) as elsewhere:
        other = elsewhere.having(source.key, source.slug)
        begun = time.monotonic()
        answers = await asyncio.gather(*(one.hand_in() for _ in range(60) for one in (source, other)))

    accepted = sum(answer.status == 202 for answer in answers)
    assert {answer.status for answer in answers} == {202, 429}
    assert 30 <= accepted <= 40 + (time.monotonic() - begun) / 1.5 + 1


async def test_the_flood_of_one_source_leaves_the_others_alone(operator: Caller) -> None:
    flood, other = await a_source(operator, day=1), await a_source(operator, day=1000)
    await flood.hand_in()

    answers = await asyncio.gather(*(flood.hand_in() for _ in range(50)), *(other.hand_in() for _ in range(5)))

    assert [answer.status for answer in answers] == [429] * 50 + [202] * 5


async def test_who_may_not_is_counted_like_everybody(operator: Caller) -> None:
    source = await a_source(operator, day=2)

    answers = [await source.get("/v1/audit") for _ in range(3)]

    assert [answer.status for answer in answers] == [403, 403, 429]
    assert told(answers[0])["daily"]["r"] == 1


UNKEYED = {
    401: ("GET", "/v1/services", {"Authorization": ""}),
    404: ("GET", "/v1/nowhere", {}),
    405: ("PROPFIND", "/v1/services", {}),
    406: ("GET", "/v1/services", {"Accept": "image/png"}),
    400: ("GET", "/v1/services?limit=1&limit=2", {}),
    200: ("GET", "/v1/status", {"Authorization": ""}),
}


@pytest.mark.parametrize("status", UNKEYED)
async def test_an_answer_before_any_key_is_known_tells_how_its_address_stands(
    settings: Settings, pool: Pool, status: int
) -> None:
    few = some_settings(str(settings.database_url), str(settings.redis_url), wrong_keys_per_minute=60)
    method, path, headers = UNKEYED[status]

    async with served(few, pool) as caller:
        answer = await caller.having(None if headers.get("Authorization") == "" else caller.key).call(
            method, path, None, {name: value for name, value in headers.items() if value}
        )
        outside = await caller.having(None).get("/status")

    assert answer.status == status
    assert told(answer)["wrong-keys"]["r"] == 60
    assert "RateLimit" not in outside.headers


async def test_each_wrong_key_is_told_to_whoever_sends_it(settings: Settings, pool: Pool) -> None:
    few = some_settings(str(settings.database_url), str(settings.redis_url), wrong_keys_per_minute=1)

    async with served(few, pool) as caller:
        answers = [await caller.having(new_key().text).get("/v1/services") for _ in range(2)]

    assert [answer.status for answer in answers] == [401, 429]
    assert [told(answer)["wrong-keys"]["r"] for answer in answers] == [0, 0]
    assert int(answers[1].headers["Retry-After"]) >= told(answers[1])["wrong-keys"]["t"] > 0


async def test_a_quota_of_zero_is_none(operator: Caller) -> None:
    source = await a_source(operator, minute=0, day=0)

    answer = await source.hand_in()

    assert answer.status == 202
    assert "RateLimit" not in answer.headers


@pytest.mark.parametrize("minute", [-1, 1.5, "many", 10**9])
async def test_a_quota_is_a_number_within_bounds(operator: Caller, minute: object) -> None:
    source = await operator.a_source()

    answer = await operator.patch(f"/v1/sources/{source.slug}", {"requests_per_minute": minute})

    assert (answer.status, answer.pointers) == (422, ["#/requests_per_minute"])


async def test_without_one_of_its_own_a_caller_has_the_quota_of_the_installation(
    settings: Settings, pool: Pool, operator: Caller
) -> None:
    source, generous = await operator.a_source(), await a_source(operator, minute=1000)
    limits = {"requests_per_minute": 5, "requests_per_day": 50}
    few = some_settings(str(settings.database_url), str(settings.redis_url), **limits)

    async with served(few, pool) as caller:
        mine = [(await caller.having(source.key).get("/v1/services")).status for _ in range(8)]
        whole = [(await caller.having(generous.key).get("/v1/services")).status for _ in range(8)]
        public = {(await caller.having(None).get(path)).status for path in ("/v1/status", "/livez") for _ in range(8)}

    assert mine[:5] == [200] * 5
    assert 429 in mine
    assert (set(whole), public) == ({200}, {200})
