# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""POST /v1/notices: stored once with all it owes, whoever sends it how often."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from app.domain.notice import Notice
from tests.api.calling import Caller, a_notice, patiently

SAMPLES = json.loads((Path(__file__).parents[2] / "deploy" / "samples" / "notices.json").read_text(encoding="utf-8"))
NOTICES = [each["notice"] for each in SAMPLES["notices"]]
NOTHING = {"due": 0, "delivered": 0, "in_doubt": 0, "held": 0, "expired": 0, "withdrawn": 0, "dead": 0}


@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: notice["event_id"])
async def test_each_sample_is_accepted_and_shown_as_it_was_handed_in(
    operator: Caller, source: Caller, notice: dict[str, Any]
) -> None:
    await operator.call("PUT", f"/v1/services/{notice['service']}", {"name": "Un servizio del comune"})

    accepted = await source.post("/v1/notices", notice)

    shown = await source.get(f"/v1/notices/{accepted.body['id']}")
    assert accepted.status == 202
    assert read(shown.body["content"]) == read(notice)


def read(content: dict[str, Any]) -> Notice:
    return Notice.model_validate_json(json.dumps(content))


async def test_an_accepted_notice_says_what_it_owes_and_where_to_look(operator: Caller) -> None:
    service = await operator.a_service()
    await operator.a_channel(service)
    await operator.a_channel(service)
    source = await operator.a_source([service])

    answer = await source.hand_in(service=service, event_id="sciopero/1")

    here = f"http://127.0.0.1:8080/v1/notices/{answer.body['id']}"
    assert answer.headers["Location"] == here
    assert answer.body["links"] == {"self": here, "deliveries": f"{here}/deliveries"}
    assert answer.body["deliveries"] == {**NOTHING, "due": 2}
    assert (answer.body["status"], answer.body["revision"], answer.body["source"]) == ("accepted", 1, source.slug)


async def test_a_notice_that_no_channel_follows_is_accepted_and_says_so(operator: Caller) -> None:
    service = await operator.a_service()
    source = await operator.a_source()

    answer = await source.hand_in(service=service)

    assert (answer.status, answer.body["status"]) == (202, "reaches_nobody")
    assert answer.body["deliveries"] == NOTHING


async def test_the_same_notice_again_is_the_same_and_owes_nothing_new(operator: Caller) -> None:
    service = await operator.a_service()
    await operator.a_channel(service)
    source = await operator.a_source()
    notice = a_notice(service=service, audience={"grades": ["primaria"], "areas": []})
    first = await source.post("/v1/notices", notice)

    again = await source.post("/v1/notices", dict(reversed(notice.items())))

    assert (again.status, again.headers["Idempotent-Replayed"]) == (202, "true")
    assert "Idempotent-Replayed" not in first.headers
    assert again.body == first.body


async def test_a_replay_shows_the_notice_as_it_is_now(operator: Caller) -> None:
    service = await operator.a_service()
    await operator.a_channel(service)
    source = await operator.a_source()
    notice = a_notice(service=service)
    first = await source.post("/v1/notices", notice)
    await source.pool.execute("update delivery set state = 'delivered' where notice_id = $1", first.body["id"])

    again = await source.post("/v1/notices", notice)

    assert (again.body["status"], again.body["deliveries"]["delivered"]) == ("delivered", 1)


async def test_fifty_copies_at_once_are_one_notice(operator: Caller) -> None:
    service = await operator.a_service()
    await operator.a_channel(service)
    source = await operator.a_source()
    notice = a_notice(service=service)

    answers = await asyncio.gather(*(patiently(lambda: source.post("/v1/notices", notice)) for _ in range(50)))

    owed = await source.pool.fetchval("select count(*) from delivery where notice_id = $1", answers[0].body["id"])
    assert {answer.status for answer in answers} == {202}
    assert len({answer.body["id"] for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 49
    assert owed == 1


async def test_other_content_under_the_same_event_id_is_refused_with_the_way_to_amend(source: Caller) -> None:
    notice = a_notice()
    first = await source.post("/v1/notices", notice)

    other = await source.post("/v1/notices", {**notice, "priority": "urgent"})

    assert (other.status, other.problem) == (409, "event-exists")
    assert other.body["notice"] == first.body["links"]["self"]
    assert "PATCH" in other.body["detail"]
    assert other.pointers == ["#/event_id"]


async def test_two_sources_may_use_the_same_event_id(operator: Caller) -> None:
    one, two = await operator.a_source(), await operator.a_source()
    notice = a_notice()

    answers = [await each.post("/v1/notices", notice) for each in (one, two)]

    assert len({answer.body["id"] for answer in answers}) == 2


async def test_a_service_that_is_not_allowed_to_the_source_is_forbidden(operator: Caller) -> None:
    source = await operator.a_source(["mensa"])

    answer = await source.hand_in(service="trasporto")

    assert (answer.status, answer.problem) == (403, "forbidden")


async def test_a_service_that_nobody_made_is_named(source: Caller) -> None:
    answer = await source.hand_in(service="teletrasporto")

    assert (answer.status, answer.problem, answer.pointers) == (422, "unknown-service", ["#/service"])


async def test_a_service_that_was_just_made_can_be_spoken_of_at_once(operator: Caller, source: Caller) -> None:
    service = await operator.a_service()

    answer = await source.hand_in(service=service)

    assert answer.status == 202


async def test_an_operator_may_not_hand_in_notices(operator: Caller) -> None:
    answer = await operator.hand_in()

    assert (answer.status, answer.problem) == (403, "forbidden")
    assert "source" in answer.body["detail"]
