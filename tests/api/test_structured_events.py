# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""CloudEvents in structured mode: every rule and every vector of the specification, by its number."""

import base64
import json
from typing import Any

import pytest

from tests.api.calling import Caller, a_notice
from tests.api.events import STRUCTURED, a_sender, an_event, structured


@pytest.fixture(scope="module")
async def sender(operator: Caller) -> Caller:
    return await a_sender(operator, "https://mensa.comune.example.it/avvisi")


NOTICE: dict[str, Any] = a_notice(event_id="2.44")
BASE64 = base64.b64encode(json.dumps(NOTICE).encode()).decode()
NO_DATA: dict[str, Any] = {"data": ..., "id": "2.44"}
STRUCTURED_VECTORS: dict[str, tuple[dict[str, Any], int, str]] = {
    "2.43 an id that is a number": ({"id": 5}, 400, "#/id"),
    "2.43 a name in capitals": ({"Subject": "x"}, 400, "#/Subject"),
    "2.43 data twice": ({"data_base64": BASE64}, 400, "#/data"),
    "2.44 bytes of an unknown type": ({**NO_DATA, "data_base64": BASE64}, 422, "#/data_base64"),
    "2.44 no base64": ({**NO_DATA, "data_base64": "§", "datacontenttype": "application/json"}, 400, "#/data_base64"),
    "2.45 a text that looks like a notice": ({"data": json.dumps(NOTICE)}, 422, "#/data"),
    "2.45 null": ({"data": None}, 422, "#/data"),
    "2.45 no data": ({"data": ...}, 422, "#/data"),
    "2.46 an object": ({"extension": {"a": 1}}, 400, "#/extension"),
    "2.46 a list": ({"extension": [1]}, 400, "#/extension"),
    "2.46 a number of 33 bits": ({"extension": 2_147_483_648}, 400, "#/extension"),
    "2.46 a fraction": ({"extension": 1.5}, 400, "#/extension"),
    "2.5 another type of data": ({"datacontenttype": "text/plain"}, 422, "#/datacontenttype"),
    "2.5 null for what is required": ({"type": None}, 400, "#/type"),
    "2.11 dataref": ({"dataref": "https://mensa.example/1"}, 422, "#/dataref"),
    "a trace as a number": ({"traceparent": 5}, 400, "#/traceparent"),
    "half of a character": ({"subject": "\ud800"}, 400, "#/subject"),
    "a rule of the notice": ({"data": {"service": "mensa", "texts": {}}}, 422, "#/data/texts"),
}


@pytest.mark.parametrize(("members", "status", "pointer"), STRUCTURED_VECTORS.values(), ids=STRUCTURED_VECTORS)
async def test_what_the_structured_mode_must_not_take(
    sender: Caller, members: dict[str, Any], status: int, pointer: str
) -> None:
    answer = await structured(sender, an_event(**members))

    assert (answer.status, answer.problem) == (status, {400: "invalid-event", 422: "invalid-notice"}[status])
    assert answer.pointers == [pointer]


TAKEN: dict[str, dict[str, Any]] = {
    "2.42 null is absent": {"subject": None},
    "2.44 bytes of a notice": {**NO_DATA, "data_base64": BASE64, "datacontenttype": "application/json"},
    "2.46 a truth": {"extension": True},
    "2.46 the smallest number": {"extension": -2_147_483_648},
    "2.5 an absent datacontenttype means JSON": {"datacontenttype": ...},
    "2.5 a stated one": {"datacontenttype": 'application/json; charset="utf-8"'},
}


@pytest.mark.parametrize("members", TAKEN.values(), ids=TAKEN)
async def test_what_the_structured_mode_takes(sender: Caller, members: dict[str, Any]) -> None:
    answer = await structured(sender, an_event(**members))

    assert answer.status == 202


@pytest.mark.parametrize("media_type", ["application/CloudEvents+JSON; charset=UTF-8", STRUCTURED])
async def test_2_40_the_media_type_is_read_whatever_its_letters(sender: Caller, media_type: str) -> None:
    answer = await structured(sender, an_event(), media_type)

    assert answer.status == 202


@pytest.mark.parametrize(
    "media_type",
    ["application/cloudevents", "application/cloudevents+avro", "application/cloudevents+xml",
     "application/cloudevents+json; charset=latin1", "application/cloudevents-batch"],
)  # fmt: skip
async def test_2_41_other_formats_are_not_taken(sender: Caller, media_type: str) -> None:
    answer = await structured(sender, an_event(), media_type)

    assert (answer.status, answer.problem) == (415, "unsupported-media-type")
    assert STRUCTURED in answer.headers["Accept"]


async def test_2_47_a_member_given_twice_is_refused(sender: Caller) -> None:
    answer = await structured(sender, json.dumps(an_event()).encode().replace(b'"type"', b'"id": "x", "type"'))

    assert (answer.status, answer.problem) == (400, "malformed-body")


async def test_2_6_headers_beside_a_structured_event_do_not_count(sender: Caller) -> None:
    event = an_event()
    headers = {"Content-Type": STRUCTURED, "ce-id": "another", "ce-specversion": "9"}

    answer = await sender.call("POST", "/v1/notices", event, headers)

    assert (answer.status, answer.body["event_id"]) == (202, event["id"])


async def test_2_8_an_event_of_64_kib_is_taken_and_one_of_257_is_not(sender: Caller) -> None:
    filler = [f"{number:03}" + "x" * 110 for number in range(200)] * 3
    event = an_event(
        data={**a_notice(), "event_id": ..., "audience": dict.fromkeys(("schools", "areas"), filler[:200])}
    )
    del event["data"]["event_id"]
    event |= {f"x{number}": "y" * 1000 for number in range(20)}

    answers = [await structured(sender, json.dumps(event).encode() + b" " * more) for more in (0, 257 * 1024)]

    assert len(json.dumps(event)) > 64 * 1024
    assert [answer.status for answer in answers] == [202, 413]
