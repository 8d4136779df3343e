# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Idempotency-Key: what a key may be, whose it is, what is kept under it, and for how long."""

import json
from typing import Any

import pytest

from tests.alerts.given import cap, info
from tests.api.calling import Caller, a_notice, fresh
from tests.api.keyed import is_replayed, sent
from tests.api.weather import MEDIA_TYPE as BULLETIN
from tests.api.weather import bulletin, only
from workers.prune import prune

BATCH = "/v1/notices/batch"


async def test_a_body_that_has_no_canonical_form_is_refused_as_it_is_without_a_key(source: Caller) -> None:
    body = json.dumps({**a_notice(), "\ud800": 1, "n": 2**70}).encode()

    with_key, without = await sent(source, body, "chiave"), await sent(source, body, None)

    assert (with_key.status, with_key.problem) == (without.status, without.problem) == (400, "malformed-body")


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


async def test_3_3_a_link_that_an_operator_allows_meanwhile_is_welcome_under_the_same_key(
    operator: Caller, source: Caller
) -> None:
    notice = a_notice(links=[{"title": "Scheda", "href": "https://altrove.example/x"}])
    await operator.patch(f"/v1/sources/{source.slug}", {"link_hosts": ["comune.prato.it"]})
    foreign = [await sent(source, notice, "chiave"), await source.post(BATCH, [notice], Idempotency_Key="molte")]
    await operator.patch(f"/v1/sources/{source.slug}", {"link_hosts": ["altrove.example"]})

    allowed = [await sent(source, notice, "chiave"), await source.post(BATCH, [notice], Idempotency_Key="molte")]

    assert [answer.status for answer in foreign] == [422, 422]
    assert [answer.status for answer in allowed] == [202, 202]


TOMORROW = "2199-01-01T00:00:00+00:00"
DECIDED_ELSEWHERE = {
    "a clock, in an event": (a_notice(), {"ce-specversion": "1.0", "ce-source": "/mensa", "ce-type": "t"}),
    "the accounts of a municipality": (a_notice(texts={"it": {"title": "IT60 X054 2811 1010 0000 0123 456"}}), {}),
}


@pytest.mark.parametrize(("notice", "event"), DECIDED_ELSEWHERE.values(), ids=DECIDED_ELSEWHERE)
async def test_3_3_a_refusal_that_does_not_follow_from_the_content_alone_is_looked_at_afresh(
    source: Caller, notice: dict[str, Any], event: dict[str, str]
) -> None:
    attributes = {**event, "ce-id": notice["event_id"], "ce-time": TOMORROW} if event else {}

    answers = [await source.post("/v1/notices", notice, **attributes, Idempotency_Key="chiave") for _ in range(2)]

    assert [(answer.status, is_replayed(answer)) for answer in answers] == [(422, False), (422, False)]


FOREIGN = "https://altrove.example/x"


async def test_3_3_what_authorities_send_is_looked_at_afresh_where_a_clock_a_host_or_a_zone_decides(
    source: Caller, operator: Caller, town: Caller
) -> None:
    await operator.patch(f"/v1/sources/{source.slug}", {"link_hosts": ["comune.prato.it"]})
    teller = await town.a_source()
    alert, ahead = "application/cap+xml", cap(identifier=fresh("cap"), sent="2199-01-01T00:00:00+00:00")
    bulletins = [bulletin(id="21990101_1200"), {**bulletin(), "tomorrow": only()}]
    sent = [
        (source, ahead, alert),
        (source, cap(info(web=FOREIGN), identifier=fresh("cap")), alert),
        *((teller, json.dumps(each).encode(), BULLETIN) for each in bulletins),
    ]

    for number, (caller, body, media_type) in enumerate(sent):
        headers = {"Content-Type": media_type, "Idempotency-Key": f"chiave-{number}"}
        answers = [await caller.post("/v1/notices", body, **headers) for _ in range(2)]
        assert [(answer.status, is_replayed(answer)) for answer in answers] == [(422, False)] * 2


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
