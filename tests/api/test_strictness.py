# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What cannot be a notice is refused with the place and the rule, and changes nothing."""

import gzip
import json
from typing import Any

import pytest

from tests.api.calling import Caller, a_notice

TITLE: dict[str, Any] = {"it": {"title": "Titolo"}}
BROKEN_RULES = {
    "an unknown member": ({"colour": "red"}, "#/colour"),
    "a member that only we may set": ({"state": "delivered"}, "#/state"),
    "no text": ({"texts": {}}, "#/texts"),
    "a language that is none": ({"texts": {"italiano": {"title": "Titolo"}}}, "#/texts/italiano"),
    "a name that needs escaping": ({"texts": {"a/b~c": {"title": "Titolo"}}}, "#/texts/a~1b~0c"),
    "a text without title": ({"texts": {"it": {"summary": "Solo questo"}}}, "#/texts/it/title"),
    "an empty title": ({"texts": {"it": {"title": ""}}}, "#/texts/it/title"),
    "a title of blanks": ({"texts": {"it": {"title": "  \u200b "}}}, "#/texts/it/title"),
    "a long title": ({"texts": {"it": {"title": "x" * 201}}}, "#/texts/it/title"),
    "a title of two lines": ({"texts": {"it": {"title": "uno\ndue"}}}, "#/texts/it/title"),
    "a NUL in the title": ({"texts": {"it": {"title": "uno\0due"}}}, "#/texts/it/title"),
    "HTML in the body": ({"texts": {"it": {"title": "Titolo", "body": "<b>forte</b>"}}}, "#/texts/it/body"),
    "a picture in the body": ({"texts": {"it": {"title": "T", "body": "![x](https://a.it/b.png)"}}}, "#/texts/it/body"),
    "a script behind a link": (
        {"texts": {"it": {"title": "T", "body": "[x](javascript:alert(1))"}}},
        "#/texts/it/body",
    ),
    "an endless body": ({"texts": {"it": {"title": "Titolo", "body": "x" * 16_001}}}, "#/texts/it/body"),
    "a line that is no text": ({"texts": {"it": {"title": "T", "what_to_do": ["ok", 7]}}}, "#/texts/it/what_to_do/1"),
    "a time without offset": ({"valid_from": "2026-11-27T11:30:00"}, "#/valid_from"),
    "a time with a space": ({"valid_from": "2026-11-27 11:30:00+01:00"}, "#/valid_from"),
    "a time without seconds": ({"valid_from": "2026-11-27T11:30+01:00"}, "#/valid_from"),
    "a time as a number": ({"valid_from": 1_700_000_000}, "#/valid_from"),
    "a day that does not exist": ({"valid_from": "2026-02-30T11:30:00+01:00"}, "#/valid_from"),
    "a time at the end of all calendars": ({"valid_until": "9999-12-31T23:59:59Z"}, "#/valid_until"),
    "a time at their beginning": ({"valid_from": "0001-01-01T00:00:00+14:00"}, "#/valid_from"),
    "a far publication": ({"publish_at": "0001-01-01T00:00:00+14:00"}, "#/publish_at"),
    "a far end": ({"expires_at": "9999-12-31T23:59:59-14:00"}, "#/expires_at"),
    "a year too early": ({"publish_at": "1999-12-31T23:59:59Z"}, "#/publish_at"),
    "a year too late": ({"expires_at": "2200-01-01T00:00:00Z"}, "#/expires_at"),
    "a number for a text": ({"event_id": 7}, "#/event_id"),
    "an event_id with a blank": ({"event_id": "mensa 7"}, "#/event_id"),
    "an event_id with a NUL": ({"event_id": "mensa\0"}, "#/event_id"),
    "an endless event_id": ({"event_id": "x" * 201}, "#/event_id"),
    "a service in capitals": ({"service": "MENSA"}, "#/service"),
    "a priority that is none": ({"priority": "highest"}, "#/priority"),
    "a truth for a list": ({"audience": {"grades": True}}, "#/audience/grades"),
    "null for a list": ({"links": None}, "#/links"),
    "a link with a blank": ({"links": [{"title": "Scheda", "href": "https://comune.it/a\u3000b"}]}, "#/links/0/href"),
    "a link to no domain": ({"links": [{"title": "Scheda", "href": "https://comune.7/"}]}, "#/links/0/href"),
    "a link without TLS": ({"links": [{"title": "Scheda", "href": "http://comune.it"}]}, "#/links/0/href"),
    "an integer of 400 digits": ({"event_id": int("9" * 400)}, "#/event_id"),
    "too many links": ({"links": [{"title": "x", "href": "https://comune.it"}] * 11}, "#/links"),
}


@pytest.mark.parametrize(("members", "pointer"), BROKEN_RULES.values(), ids=BROKEN_RULES)
async def test_a_broken_rule_is_named_with_its_place(source: Caller, members: dict[str, Any], pointer: str) -> None:
    answer = await source.hand_in(**members)

    assert (answer.status, answer.problem) == (422, "invalid-notice")
    assert pointer in answer.pointers
    assert all(place["rule"] and place["detail"] for place in answer.body["errors"])


async def test_times_in_the_wrong_order_are_refused(source: Caller) -> None:
    answer = await source.hand_in(valid_from="2026-11-27T11:30:00Z", valid_until="2026-11-26T11:30:00Z")

    assert (answer.status, answer.pointers) == (422, ["#"])
    assert "valid_until è prima di valid_from" in answer.body["detail"]


def spelled(text: str) -> bytes:
    return json.dumps(a_notice(texts=TITLE)).replace('"Titolo"', text).encode()


UNREADABLE = {
    "nothing": b"",
    "half a document": b'{"event_id": "a"',
    "a member twice": b'{"event_id": "a", "event_id": "b"}',
    "a member twice, deep inside": spelled('"Titolo", "title": "Altro"'),
    "NaN": spelled("NaN"),
    "Infinity": spelled("-Infinity"),
    "a number without end": spelled("1e999"),
    "an integer of 5000 digits": spelled("9" * 5000),
    "half of a character": spelled('"\\ud800"'),
    "half of a character as a name": b'{"\\ud800": 1}',
    "a byte order mark": b"\xef\xbb\xbf" + spelled('"Titolo"'),
    "UTF-16": spelled('"Titolo"').decode().encode("utf-16"),
    "Latin-1": spelled('"Città"').decode().encode("latin-1"),
    "100 000 brackets": b"[" * 100_000,
    "33 levels": b'{"texts": ' + b"[" * 32 + b"]" * 32 + b"}",
    "a comment": b"{} // nothing",
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
async def test_a_body_that_two_readers_would_read_differently_is_no_body(source: Caller, body: bytes) -> None:
    answer = await source.post("/v1/notices", body)

    assert (answer.status, answer.problem) == (400, "malformed-body")


async def test_brackets_inside_a_text_are_no_depth(source: Caller) -> None:
    answer = await source.hand_in(texts={"it": {"title": "[" * 60 + '\\"' + "{" * 60}})

    assert answer.status == 202


@pytest.mark.parametrize("body", [b"[]", b"7", b'"text"', b"null"])
async def test_json_that_is_no_object_breaks_the_first_rule(source: Caller, body: bytes) -> None:
    answer = await source.post("/v1/notices", body)

    assert (answer.status, answer.pointers) == (422, ["#"])


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/vnd.campanella+json"},
        {"Content-Type": "application/json; charset=latin1"},
        {"Content-Type": "application/json; version=1;charset=latin1"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Encoding": "gzip"},
    ],
    ids=lambda headers: ", ".join(headers.values()),
)
async def test_another_media_type_or_encoding_is_refused(source: Caller, headers: dict[str, str]) -> None:
    answer = await source.call("POST", "/v1/notices", a_notice(), headers)

    assert (answer.status, answer.problem) == (415, "unsupported-media-type")


async def test_a_body_without_any_media_type_is_refused(source: Caller) -> None:
    answer = await source.call("POST", "/v1/notices", b"{}", {"Content-Type": ""})

    assert (answer.status, answer.problem) == (415, "unsupported-media-type")


@pytest.mark.parametrize("parameters", ['; charset="UTF-8"', "; charset=utf-8;", '; profile="a;charset=latin1"', ";"])
async def test_a_body_that_says_nothing_but_utf8_is_taken(source: Caller, parameters: str) -> None:
    answer = await source.post("/v1/notices", a_notice(), Content_Type=f"application/json{parameters}")

    assert answer.status == 202


async def test_a_body_that_is_really_compressed_is_refused(source: Caller) -> None:
    answer = await source.post("/v1/notices", gzip.compress(json.dumps(a_notice()).encode()), Content_Encoding="gzip")

    assert answer.status == 415


async def test_a_body_that_is_too_large_is_refused_with_the_limit(source: Caller) -> None:
    answer = await source.post("/v1/notices", b" " * (256 * 1024 + 1))

    assert (answer.status, answer.problem, answer.body["limit"]) == (413, "too-large", 262_144)


async def test_a_body_in_chunks_is_refused_as_soon_as_it_is_too_large(source: Caller) -> None:
    async def chunks() -> Any:
        for _ in range(40):
            yield b" " * 10_000

    headers = {"Authorization": f"Bearer {source.key}", "Content-Type": "application/json"}
    async with source.session.post("/v1/notices", data=chunks(), headers=headers) as answer:
        status, kind = answer.status, answer.content_type

    assert (status, kind) == (413, "application/problem+json")


async def test_what_was_sent_is_never_repeated(source: Caller) -> None:
    tax_code = "RSSMRA80A01H501U"

    answer = await source.hand_in(kind=tax_code, priority=tax_code, texts={"it": {"title": tax_code * 20}})

    assert answer.status == 422
    assert tax_code not in answer.text


@pytest.mark.parametrize(
    "name", ["RSSMRA80A01H501U", "rssmra80a01h501u", "IT60X0542811101000000123456", "Mario Rossi", "x" * 41]
)
async def test_a_name_that_may_be_a_persons_is_never_repeated(source: Caller, name: str) -> None:
    event = {"specversion": "1.0", "id": "1", "source": "/x", "type": "t", "data": a_notice()}
    answers = [
        await source.hand_in(**{name: "x"}),
        await source.hand_in(audience={name: "x"}),
        await source.hand_in(texts={"it": {"title": "Titolo", name: "x"}}),
        await source.post("/v1/notices/batch", [a_notice(**{name: "x"})]),
        await source.post("/v1/notices", {**event, name: {}}, Content_Type="application/cloudevents+json"),
        await source.get(f"/v1/notices?{name}=x"),
        await source.get(f"/v1/notices/0193a1b2-7c4d-7e8f-9a0b-1c2d3e4f5a6b?{name}=x"),
        await source.post("/v1/notices", a_notice(), **{"ce_id": "1", f"ce_{name.lower().replace(' ', '_')}": "%zz"}),
    ]

    assert {answer.status for answer in answers} <= {400, 422}
    assert all(answer.pointers for answer in answers)
    assert not any(name.lower().replace(" ", "") in answer.text.lower().replace(" ", "") for answer in answers)


async def test_a_name_that_is_misspelt_is_named(source: Caller) -> None:
    assert (await source.hand_in(valid_untill="x", data_base64="x")).pointers == ["#/valid_untill", "#/data_base64"]


async def test_not_more_than_twenty_places_are_named(source: Caller) -> None:
    answer = await source.hand_in(audience={"schools": [7] * 50})

    assert (len(answer.body["errors"]), answer.body["more_errors"]) == (20, 30)


async def test_what_is_refused_stores_nothing(source: Caller) -> None:
    refused = [await source.hand_in(event_id="rifiutato", kind=kind) for kind in ("x", "y")]

    stored = await source.pool.fetchval("select count(*) from notice where source = $1", source.slug)
    assert ([answer.status for answer in refused], stored) == ([422, 422], 0)
