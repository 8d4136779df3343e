# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How it stands is said to everybody; what is the matter only to those who can mend it."""

import pytest

from app.database import Pool
from app.domain.key import new_key
from app.settings import Settings
from tests.api.calling import Caller, served

STATUS = ["/status", "/v1/status"]
PATHS = [*STATUS, "/readyz"]
BARE = {"status", "version", "releaseId", "service_levels"}


async def a_viewer(operator: Caller) -> Caller:
    made = await operator.post("/v1/keys", {"role": "viewer", "label": "chi guarda"})
    return operator.having(made.body["key"])


@pytest.mark.parametrize("path", PATHS)
async def test_whoever_has_no_key_is_told_how_it_stands_and_no_more(operator: Caller, path: str) -> None:
    answer = await operator.having(None).get(path)

    assert {"status", "version"} <= answer.body.keys() <= BARE
    assert answer.body["status"] in ("pass", "warn")


@pytest.mark.parametrize("path", PATHS)
async def test_the_key_of_a_source_shows_no_more(source: Caller, path: str) -> None:
    assert (await source.get(path)).body.keys() <= BARE


@pytest.mark.parametrize("path", STATUS)
async def test_operators_and_viewers_are_told_what_waits(operator: Caller, path: str) -> None:
    for caller in (operator, await a_viewer(operator)):
        told = (await caller.get(path)).body

        assert {"status", "version", "notes"} <= told.keys()
        assert "deliveries" in told or told["notes"] == ["what waits could not be counted in time"]


async def test_operators_are_told_what_a_process_found(operator: Caller) -> None:
    checks = (await operator.get("/readyz")).body["checks"]

    assert {"process:draining", "postgres:responseTime", "redis:responseTime"} <= checks.keys()


@pytest.mark.parametrize("path", PATHS)
async def test_a_key_that_is_sent_must_be_good(operator: Caller, path: str) -> None:
    answer = await operator.having(new_key().text).get(path)

    assert (answer.status, answer.problem) == (401, "unauthenticated")


@pytest.mark.parametrize("path", PATHS)
async def test_keys_cannot_be_tried_there(settings: Settings, pool: Pool, path: str) -> None:
    async with served(settings.model_copy(update={"wrong_keys_per_minute": 1}), pool) as caller:
        answers = [(await caller.having(new_key().text).get(path)).status for _ in range(2)]

    assert answers == [401, 429]


async def test_a_key_is_counted_there_as_everywhere(operator: Caller) -> None:
    source = await operator.a_source()
    await operator.patch(f"/v1/sources/{source.slug}", {"requests_per_day": 1})

    answers = [await source.get("/v1/status") for _ in range(2)]

    assert [answer.status for answer in answers] == [200, 429]
    assert answers[0].headers["RateLimit-Policy"].startswith('"daily";q=1;w=86400')
