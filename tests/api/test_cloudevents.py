# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""CloudEvents in binary mode: every rule and every vector of the specification, by its number."""

import json

import pytest

from tests.alerts.given import cap
from tests.api.calling import Caller, a_notice
from tests.api.events import SOURCE, a_sender, binary

Headers = dict[str, str | None]
BINARY: dict[str, tuple[Headers, int]] = {
    "2.20 no id": ({"ce-id": None}, 400),
    "2.21 no specversion": ({"ce-specversion": None}, 400),
    "2.21 no type": ({"ce-type": None}, 400),
    "2.21 no source": ({"ce-source": None}, 400),
    "2.22 an empty id": ({"ce-id": ""}, 400),
    "2.22 version 2.0": ({"ce-specversion": "2.0"}, 400),
    "2.22 version 1.0.2": ({"ce-specversion": "1.0.2"}, 400),
    "2.22 version 0.3": ({"ce-specversion": "0.3"}, 400),
    "2.23 overlong": ({"ce-subject": "%C0%A0"}, 400),
    "2.23 a surrogate": ({"ce-subject": "%ED%A0%80"}, 400),
    "2.23 a byte that begins nothing": ({"ce-subject": "%FF"}, 400),
    "2.27 a percent sign at the end": ({"ce-subject": "100%"}, 400),
    "2.27 one digit": ({"ce-subject": "%4"}, 400),
    "2.27 no digits": ({"ce-subject": "%zz"}, 400),
    "2.28 a line break": ({"ce-subject": "a%0Ab"}, 400),
    "2.28 a NUL": ({"ce-subject": "a%00b"}, 400),
    "2.28 no character": ({"ce-subject": "%EF%BF%BE"}, 400),
    "2.28 no character of another plane": ({"ce-subject": "%F0%9F%BF%BF"}, 400),
    "2.29 datacontenttype": ({"ce-datacontenttype": "application/json"}, 400),
    "2.30 no time": ({"ce-time": "yesterday"}, 400),
    "2.30 no offset": ({"ce-time": "2026-01-01T00:00:00"}, 400),
    "2.30 no such day": ({"ce-time": "2026-02-30T00:00:00Z"}, 400),
    "2.31 no URI": ({"ce-source": "not a uri %%"}, 400),
    "2.31 a blank": ({"ce-source": "not%20a%20uri"}, 400),
    "2.32 no name": ({"ce-my_ext": "x"}, 400),
    "2.32 a name of 65 letters": ({"ce-" + "x" * 65: "x"}, 400),
    "2.35 plain text": ({"Content-Type": "text/plain"}, 415),
    "2.4 letters beyond ASCII": ({"ce-subject": "Città"}, 400),
    "2.4 one quote": ({"ce-subject": 'a"b'}, 400),
    "2.1 only a subject": ({"ce-id": None, "ce-source": None, "ce-type": None, "ce-specversion": None,
                            "ce-subject": "x"}, 400),
    "2.3 data as a header": ({"ce-data": "x"}, 400),
    "2.10 an event source of somebody else": ({"ce-source": "/trasporto"}, 403),
    "2.10 a time in the future": ({"ce-time": "2999-01-01T00:00:00Z"}, 422),
    "2.10 an expiry that is no time": ({"ce-expirytime": "tomorrow"}, 400),
    "2.10 an id with a blank": ({"ce-id": "a%20b"}, 422),
    "2.11 dataref": ({"ce-dataref": "https://mensa.example/1"}, 422),
    "2.11 an extension of 1025 bytes": ({"ce-long": "x" * 1025}, 400),
    "2.11 21 extensions": ({f"ce-x{number}": "x" for number in range(21)}, 400),
    "a dataschema without a scheme": ({"ce-dataschema": "/schema"}, 400),
    "an empty subject": ({"ce-subject": '""'}, 400),
}  # fmt: skip


@pytest.fixture(scope="module")
async def sender(operator: Caller) -> Caller:
    return await a_sender(operator, "https://mensa.comune.example.it/avvisi")


@pytest.mark.parametrize(("headers", "status"), BINARY.values(), ids=BINARY)
async def test_what_the_binary_mode_must_not_take(sender: Caller, headers: Headers, status: int) -> None:
    before = await stored(sender)

    answer = await binary(sender, headers)

    problems = {400: "invalid-event", 403: "forbidden", 415: "unsupported-media-type", 422: "invalid-notice"}
    assert (answer.status, answer.problem) == (status, problems[status])
    assert status == 415 or answer.pointers[0].startswith("ce-")
    assert await stored(sender) == before


async def stored(sender: Caller) -> int:
    number: int = await sender.pool.fetchval("select count(*) from notice where source = $1", sender.slug)
    return number


DECODED = {
    "2.24 quotes": ('"a b"', "a b"),
    "2.24 a quote in quotes": ('"a\\"b"', 'a"b'),
    "2.25 lower-case digits": ("Euro%20%e2%82%ac%20%F0%9F%98%80", "Euro € 😀"),
    "2.26 one round only": ("%2541", "%41"),
    "2.26 a needless escape": ("%41", "A"),
    "2.4 blanks around": ("  a  ", "a"),
    "2.4 a blank inside": ("a b", "a b"),
}


@pytest.mark.parametrize(("written", "meant"), DECODED.values(), ids=DECODED)
async def test_a_header_is_decoded_as_the_binding_says(sender: Caller, written: str, meant: str) -> None:
    answer = await binary(sender, {"ce-subject": written})

    event = json.loads(await sender.pool.fetchval("select event from notice where id = $1", answer.body["id"]))
    assert (answer.status, event["subject"]) == (202, meant)


async def test_2_33_a_header_given_twice_is_refused(sender: Caller) -> None:
    headers = [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-id", "2"), ("ce-source", SOURCE), ("ce-type", "t")]
    whose = [("Authorization", f"Bearer {sender.key}"), ("Content-Type", "application/json")]

    async with sender.session.post("/v1/notices", json=a_notice(), headers=[*headers, *whose]) as answer:
        said = await answer.json()

    assert (answer.status, said["errors"][0]["parameter"]) == (400, "ce-id")


async def test_2_34_a_body_that_is_half_a_document_is_no_data(sender: Caller) -> None:
    answer = await binary(sender, {}, b"{")

    assert (answer.status, answer.problem) == (400, "malformed-body")


async def test_2_10_what_an_event_says_becomes_the_notice(sender: Caller) -> None:
    data = {name: value for name, value in a_notice().items() if name != "event_id"}
    about: Headers = {"ce-id": "mensa/7", "ce-expirytime": "2027-01-01T00:00:00Z", "ce-colour": "red"}

    answer = await binary(sender, {**about, "ce-time": "2026-01-01T00:00:00.123456789+01:00"}, data)

    row = await sender.pool.fetchrow("select * from notice where id = $1", answer.body["id"])
    assert row is not None
    assert (answer.status, answer.body["event_id"], row["event_source"]) == (202, "mensa/7", "")
    assert json.loads(row["content"])["expires_at"] == "2027-01-01T00:00:00Z"
    assert json.loads(row["event"])["extensions"] == {"expirytime": "2027-01-01T00:00:00Z", "colour": "red"}


async def test_2_10_an_expiry_in_the_data_goes_before_that_of_the_event(sender: Caller) -> None:
    data = a_notice(event_id="mensa/8", expires_at="2027-02-01T00:00:00Z")

    answer = await binary(sender, {"ce-id": "mensa/8", "ce-expirytime": "2027-01-01T00:00:00Z"}, data)

    content = await sender.pool.fetchval("select content from notice where id = $1", answer.body["id"])
    assert json.loads(content)["expires_at"] == "2027-02-01T00:00:00Z"


async def test_2_10_another_event_id_in_the_data_is_refused(sender: Caller) -> None:
    answer = await binary(sender, {"ce-id": "mensa/9"}, a_notice(event_id="mensa/10"))

    assert (answer.status, answer.pointers) == (422, ["#/event_id"])


async def test_2_10_a_source_without_event_sources_sends_no_events(source: Caller) -> None:
    answer = await binary(source, {})

    assert (answer.status, answer.problem) == (403, "forbidden")
    assert "event_sources" in answer.body["detail"]


async def test_2_10_the_same_id_of_two_event_sources_is_two_events(sender: Caller) -> None:
    one = await binary(sender, {"ce-id": "mensa/11"})

    two = await binary(sender, {"ce-id": "mensa/11", "ce-source": "https://mensa.comune.example.it/avvisi"})

    assert one.body["id"] != two.body["id"]


async def test_2_11_twenty_extensions_are_kept(sender: Caller) -> None:
    answer = await binary(sender, {f"ce-x{number}": str(number) for number in range(20)})

    event = json.loads(await sender.pool.fetchval("select event from notice where id = $1", answer.body["id"]))
    assert len(event["extensions"]) == 20


@pytest.mark.parametrize(
    ("path", "media_type", "body"),
    [
        ("/v1/notices", "application/cap+xml", cap()),
        ("/v1/notices", "application/xml", cap()),
        ("/v1/notices", "application/vnd.campanella.bulletin+json", b"{}"),
        ("/v1/notices/batch", "application/json", b"[]"),
    ],
)
async def test_2_35_data_that_is_no_notice_in_json_is_refused_with_the_headers_of_an_event(
    sender: Caller, path: str, media_type: str, body: bytes
) -> None:
    headers = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": SOURCE, "ce-type": "t", "Content-Type": media_type}

    answer = await sender.call("POST", path, body, headers)

    assert (answer.status, answer.problem) == (415, "unsupported-media-type")
