# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The same text under another event_id within ten minutes, where an installation refuses that."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.database import Pool
from app.settings import Settings
from tests.api.calling import Caller, fresh, served

AGE = "update notice set created_at = now() - interval '11 minutes' where id = $1::text::uuid"


@pytest.fixture
async def strict(settings: Settings, pool: Pool) -> AsyncIterator[Caller]:
    """An operator of an installation that refuses equal texts."""
    async with served(settings.model_copy(update={"equal_texts": "refuse"}), pool) as caller:
        yield caller


def said(service: str, **members: Any) -> dict[str, Any]:
    return {"event_id": fresh("e"), "service": service, "texts": {"it": {"title": "Mensa: pasto freddo"}}, **members}


async def test_an_equal_text_is_refused_with_the_notice_that_has_it(strict: Caller) -> None:
    service, source = await strict.a_service(), await strict.a_source()
    first = await source.post("/v1/notices", said(service))

    again = await source.post("/v1/notices", said(service))

    assert (first.status, again.status, again.problem) == (202, 409, "equal-text")
    assert again.body["notice"] == first.body["links"]["self"]
    assert await strict.pool.fetchval("select count(*) from notice where service = $1", service) == 1


async def test_whoever_says_so_hands_it_in_all_the_same(strict: Caller) -> None:
    service, source = await strict.a_service(), await strict.a_source()
    notice, other = said(service), said(service)
    await source.post("/v1/notices", notice)

    refused = await source.post("/v1/notices?confirm=false", other)
    taken = await source.post("/v1/notices?confirm=true", other)
    replays = [await source.post("/v1/notices", each) for each in (notice, other)]

    assert (refused.status, taken.status) == (409, 202)
    assert [each.headers["Idempotent-Replayed"] for each in replays] == ["true", "true"]


@pytest.mark.parametrize(
    "members",
    [{"audience": {"grades": ["nidi"]}}, {"texts": {"it": {"title": "Altro"}}}],
    ids=["another audience", "another text"],
)
async def test_what_differs_is_taken(strict: Caller, members: dict[str, Any]) -> None:
    service, source = await strict.a_service(), await strict.a_source()
    await source.post("/v1/notices", said(service))

    assert (await source.post("/v1/notices", said(service, **members))).status == 202


async def test_another_source_and_another_service_may_say_the_same(strict: Caller) -> None:
    service, source, other = await strict.a_service(), await strict.a_source(), await strict.a_source()
    await source.post("/v1/notices", said(service))

    assert (await other.post("/v1/notices", said(service))).status == 202
    assert (await source.post("/v1/notices", said(await strict.a_service()))).status == 202


async def test_what_is_older_amended_or_withdrawn_is_no_twin(strict: Caller) -> None:
    service, source = await strict.a_service(), await strict.a_source()
    old = await source.post("/v1/notices", said(service))
    await strict.pool.execute(AGE, old.body["id"])

    later = await source.post("/v1/notices", said(service))
    await source.patch(f"/v1/notices/{later.body['id']}", {"kind": "closure"}, If_Match="*")
    after = await source.post("/v1/notices", said(service))
    await source.post(f"/v1/notices/{after.body['id']}/withdrawal", None, If_Match="*")

    assert [each.status for each in (later, after, await source.post("/v1/notices", said(service)))] == [202] * 3


async def test_a_batch_is_looked_at_as_well(strict: Caller) -> None:
    service, source = await strict.a_service(), await strict.a_source()
    await source.post("/v1/notices", said(service))
    items = [said(service), said(service, texts={"it": {"title": "Altro"}})]

    whole = await source.post("/v1/notices/batch", items)
    lenient = await source.post("/v1/notices/batch", items, Prefer="handling=lenient")

    assert (whole.status, whole.body["errors"][0]["pointer"], whole.body["errors"][0]["rule"]) == (
        422,
        "#/0/texts",
        "equal-text",
    )
    assert [each["status"] for each in lenient.body["items"]] == [409, 202]
    assert (await source.post("/v1/notices/batch?confirm=true", items[:1])).status == 202


async def test_a_refusal_is_not_kept_under_a_key(strict: Caller) -> None:
    service, source = await strict.a_service(), await strict.a_source()
    first = await source.post("/v1/notices", said(service))
    other = said(service)

    refused = await source.post("/v1/notices", other, Idempotency_Key="k1")
    await strict.pool.execute(AGE, first.body["id"])
    taken = await source.post("/v1/notices", other, Idempotency_Key="k1")

    assert (refused.problem, taken.status) == ("equal-text", 202)


async def test_a_confirmation_is_true_or_false(source: Caller, operator: Caller) -> None:
    service = await operator.a_service()

    answers = [
        await source.post(f"/v1/notices?{query}", said(service))
        for query in ("confirm=yes", "confirm", "confirm=true&confirm=true", "other=true")
    ]

    assert [(each.status, each.problem) for each in answers] == [(400, "invalid-parameter")] * 4


async def test_without_the_setting_equal_texts_are_taken_and_nothing_is_kept_of_them(
    source: Caller, operator: Caller
) -> None:
    service = await operator.a_service()

    answers = [await source.post("/v1/notices", said(service)) for _ in range(2)]

    assert [each.status for each in answers] == [202, 202]
    assert await operator.pool.fetchval("select count(likeness) from notice where service = $1", service) == 0
