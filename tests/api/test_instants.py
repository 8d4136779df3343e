# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A moment that no calendar, zone or database can count with is refused by the name of its member, everywhere."""

from typing import Any

import pytest

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
