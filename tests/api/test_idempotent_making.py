# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Idempotency-Key wherever something is made: it is made once, and what is shown once is shown again."""

import asyncio
import json
from functools import partial
from typing import Any

import pytest

from app.api.application import api, document_of
from app.api.idempotency import HEADER
from tests.api.calling import Caller, a_notice, fresh, patiently
from tests.api.keyed import is_replayed

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

    call = partial(operator.post, "/v1/sources", new, Idempotency_Key=key)
    answers = await asyncio.gather(*(patiently(call) for _ in range(5)))

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
