# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A moment that no calendar, zone or database can count with is refused by the name of its member, everywhere."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from app.api.application import api, document_of
from app.domain.notice import MOMENT, Instant
from tests.api.calling import Caller, a_notice, fresh
from tests.api.events import an_event

FAR = [f"{day}{offset}" for day in ("0001-01-01T00:00:00", "9999-12-31T23:59:59") for offset in ("+14:00", "-14:00")]
MANY = [*FAR, "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"]
each_far = pytest.mark.parametrize("far", MANY)


@each_far
@pytest.mark.parametrize("member", ["valid_from", "valid_until", "publish_at", "expires_at"])
async def test_a_notice_with_a_far_time_is_refused_with_the_place_and_stores_nothing(
    source: Caller, member: str, far: str
) -> None:
    notice = a_notice(**{member: far})

    answers = [await source.post(path, notice) for path in ("/v1/notices", "/v1/notices/preview")]

    assert [(answer.status, answer.pointers) for answer in answers] == [(422, [f"#/{member}"])] * 2
    stored = "select count(*) from notice where event_id = $1"
    assert await source.pool.fetchval(stored, notice["event_id"]) == 0


@each_far
async def test_an_event_with_a_far_end_is_refused_with_the_place(operator: Caller, far: str) -> None:
    source = await operator.a_source()
    place = f"/{source.slug}"
    await operator.patch(f"/v1/sources/{source.slug}", {"event_sources": [place]})
    event = an_event(source=place, expirytime=far)

    answer = await source.post("/v1/notices", event, Content_Type="application/cloudevents+json")

    assert answer.pointers == ["#/expirytime"]
    assert answer.status in (400, 422)


@each_far
@pytest.mark.parametrize("parameter", ["since", "until"])
async def test_the_audit_log_is_not_asked_for_a_far_time(operator: Caller, parameter: str, far: str) -> None:
    answer = await operator.get(f"/v1/audit?{parameter}={far.replace('+', '%2B')}")

    assert (answer.status, answer.pointers) == (400, [parameter])


BODIES: list[tuple[str, str, dict[str, Any]]] = [
    ("/v1/keys", "not_before", {"role": "viewer", "label": "Schermo"}),
    ("/v1/dead-letters/redrive", "before", {"dry_run": True}),
    ("/v1/held/decision", "before", {"decision": "sent", "dry_run": True}),
    ("/v1/channels/{channel}/pushes", "at", {}),
    ("/v1/callbacks/{callback}/recover", "since", {}),
    ("/v1/callbacks/{callback}/replay-missing", "since", {}),
]


@pytest.mark.parametrize(("path", "member", "body"), BODIES, ids=[member for _, member, _ in BODIES])
async def test_no_member_takes_a_far_time(operator: Caller, path: str, member: str, body: dict[str, Any]) -> None:
    channel = await operator.a_channel(await operator.a_service())
    source = await operator.a_source()
    made = await source.post("/v1/callbacks", {"url": f"https://{fresh('mensa')}.example.it/c"})
    path = path.format(channel=channel, callback=made.body["id"])

    answers = [await operator.post(path, {**body, member: far}) for far in MANY]

    assert [(answer.status, answer.pointers) for answer in answers] == [(422, [f"#/{member}"])] * len(MANY)


@pytest.mark.parametrize("year", ["2000-01-01T00:00:00+14:00", "2199-12-31T23:59:59-14:00"])
async def test_the_first_and_the_last_year_are_taken(source: Caller, year: str) -> None:
    answers = [await source.hand_in(**{member: year}) for member in ("valid_from", "valid_until")]

    assert [answer.status for answer in answers] == [202, 202]


def instants(node: Any) -> Iterator[tuple[str, str]]:
    """Give every schema of a moment that is taken from outside, with its pattern."""
    if isinstance(node, dict):
        if node.get("format") == "date-time" and "pattern" in node:
            yield node["pattern"], node.get("description", "")
        for each in node.values():
            yield from instants(each)
    elif isinstance(node, list):
        for each in node:
            yield from instants(each)


def test_the_document_says_which_years_are_taken() -> None:
    document: dict[str, Any] = document_of(api())
    bodies = ("Notice", "NoticeChange", "KeyWish", "PersonKeyWish", "CloudEvent")
    found = [list(instants(document["components"]["schemas"][name])) for name in bodies]

    assert [len(each) for each in found] == [4, 4, 1, 1, 1]
    assert all("2000 to 2199" in description for each in found for _, description in each)
    assert len(list(instants(document["paths"]["/audit"]["get"]["parameters"]))) == 2


@pytest.mark.parametrize(
    ("moment", "is_taken"),
    [
        ("2000-01-01T00:00:00Z", True),
        ("2199-12-31T23:59:59.999999+14:00", True),
        ("2026-11-27T11:30:00-03:30", True),
        ("1999-12-31T23:59:59Z", False),
        ("2200-01-01T00:00:00Z", False),
        ("2026-11-27 11:30:00Z", False),
        ("2026-11-27T11:30Z", False),
        ("2026-11-27T11:30:00", False),
        ("2026-11-27T11:30:00.1234567Z", False),
        *((far, False) for far in MANY),
    ],
)
def test_what_the_document_says_of_a_moment_is_what_the_model_takes(moment: str, *, is_taken: bool) -> None:
    said = re.search(MOMENT, moment) is not None

    try:
        TypeAdapter(Instant).validate_json(json.dumps(moment))
    except ValidationError:
        taken = False
    else:
        taken = True

    assert (said, taken) == (is_taken, is_taken)
