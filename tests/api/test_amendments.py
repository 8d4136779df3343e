# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Correcting a notice and taking it back over HTTP."""

import asyncio
from functools import partial
from typing import Any

import pytest

from app.api.amendments import merged
from tests.api.calling import Caller, a_delivery, patiently

ANY = {"If-Match": "*"}
ENDED = """
update delivery set state = 'withdrawn', posts = $2::json, deleted_at = case when $3 then now() end where id = $1
"""


async def test_an_amended_notice_has_a_new_revision_and_keeps_what_was_left_out(operator: Caller) -> None:
    service = await operator.a_service()
    await operator.a_channel(service)
    source = await operator.a_source()
    texts = {"it": {"title": "Prima", "summary": "Resta"}, "en": {"title": "First"}}
    path = f"/v1/notices/{(await source.hand_in(service=service, texts=texts)).body['id']}"

    amended = await source.patch(path, {"texts": {"it": {"title": "Dopo"}, "en": None}}, **{"If-Match": '"1"'})

    (delivery,) = (await source.get(f"{path}/deliveries")).body["items"]
    assert (amended.status, amended.headers["ETag"][:4], amended.body["revision"]) == (200, '"r2-', 2)
    assert amended.body["content"]["texts"].keys() == {"it"}
    assert amended.body["content"]["texts"]["it"].items() >= {"title": "Dopo", "summary": "Resta"}.items()
    assert delivery["wanted"] == 2


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"expires": None}, "#/expires"),
        ({"": None}, "#/(withheld)"),
        ({"texts": {"it": {"titel": None}}}, "#/texts/it/titel"),
        ({"texts": {"italiano!": None}}, "#/texts/italiano!"),
        ({"audience": {"classes": None}, "priority": "bulk"}, "#/audience/classes"),
    ],
)
async def test_a_name_that_no_notice_has_is_refused_also_where_it_would_take_nothing_away(
    source: Caller, change: dict[str, Any], pointer: str
) -> None:
    path = f"/v1/notices/{(await source.hand_in()).body['id']}"

    answer = await source.patch(path, change, **ANY)

    assert (answer.status, answer.body["errors"][0]["pointer"]) == (422, pointer)
    assert (await source.get(path)).body["revision"] == 1


async def test_what_is_not_there_may_be_taken_away(source: Caller) -> None:
    path = f"/v1/notices/{(await source.hand_in()).body['id']}"

    answer = await source.patch(path, {"expires_at": None, "links": None, "texts": {"en": None}}, **ANY)

    assert (answer.status, answer.body["revision"]) == (200, 1)


async def test_the_same_content_again_is_no_new_revision(source: Caller) -> None:
    path = f"/v1/notices/{(await source.hand_in()).body['id']}"

    answers = [
        await source.patch(path, body, **ANY) for body in ({}, {"texts": {"it": {"title": "Mensa: pasto freddo"}}})
    ]

    assert [(answer.status, answer.body["revision"]) for answer in answers] == [(200, 1), (200, 1)]


async def test_a_revision_that_nobody_has_seen_is_not_overwritten(source: Caller) -> None:
    path = f"/v1/notices/{(await source.hand_in()).body['id']}"
    await source.patch(path, {"priority": "bulk"}, **{"If-Match": '"1"'})

    late = await source.patch(path, {"priority": "urgent"}, **{"If-Match": '"1"'})
    blind = await source.patch(path, {"priority": "urgent"})

    assert (late.status, late.problem, late.body["revision"]) == (412, "precondition-failed", 2)
    assert (blind.status, blind.problem) == (428, "precondition-required")


async def test_changes_of_whatever_is_there_do_not_take_each_other_back(source: Caller) -> None:
    path = f"/v1/notices/{(await source.hand_in()).body['id']}"
    change: dict[str, Any] = {
        f"valid_{end}": f"2027-01-0{day}T12:00:00Z" for day, end in enumerate(("from", "until"), 1)
    }
    change |= {"priority": "bulk", "kind": "closure", "supersedes": "x/1", "in_doubt": "hold"}
    change |= {"contacts": [{"label": "Ufficio", "phone": "0574 1"}], "audience": {"grades": ["primaria"]}}

    calls = [partial(source.patch, path, {name: value}, **ANY) for name, value in change.items()]
    answers = await asyncio.gather(*map(patiently, calls))

    assert {answer.status for answer in answers} == {200}
    shown = (await source.get(path)).body
    assert shown["revision"] == 1 + len(change)
    assert all(shown["content"][name] for name in change)
    assert {
        name: shown["content"][name] for name in ("priority", "kind", "supersedes", "in_doubt")
    }.items() <= change.items()


async def test_a_refused_change_tells_the_version_that_is_there(source: Caller) -> None:
    path = f"/v1/notices/{(await source.hand_in()).body['id']}"
    read = (await source.get(path)).headers["ETag"]
    changed = await source.patch(path, {"priority": "bulk"}, If_Match=read)

    late = [await source.patch(path, {}, If_Match=read), await source.post(f"{path}/withdrawal", If_Match=read)]
    blind = await source.post(f"{path}/withdrawal")

    present = (await source.get(path)).headers["ETag"]
    assert present == changed.headers["ETag"]
    assert [(one.status, one.headers["ETag"]) for one in late] == [(412, present)] * 2
    assert (blind.status, blind.problem) == (428, "precondition-required")
    assert (await source.get(path)).body["withdrawn_at"] is None


@pytest.mark.parametrize(
    ("version", "status"),
    [
        ("*", 200),
        ('"1"', 200),
        ('"r1-0123456789abcdef"', 200),
        ('"r7-0123456789abcdef", "r1-0123456789abcdef"', 200),
        ('"x"', 412),
        ('""', 412),
        ('"2"', 412),
        ('"r2-0123456789abcdef", "r3-0123456789abcdef"', 412),
        ('W/"1"', 412),
        ('W/"r1-0123456789abcdef"', 412),
    ],
)
async def test_a_change_is_made_when_one_of_the_tags_has_the_present_revision(
    source: Caller, version: str, status: int
) -> None:
    path = f"/v1/notices/{(await source.hand_in()).body['id']}"

    answer = await source.patch(path, {}, **{"If-Match": version})

    assert answer.status == status


async def test_of_two_writers_with_the_same_tag_one_is_refused(source: Caller) -> None:
    path = f"/v1/notices/{(await source.hand_in()).body['id']}"
    tag = (await source.get(path)).headers["ETag"]

    changes = [{"priority": "bulk"}, {"priority": "urgent"}]
    calls = [partial(source.patch, path, change, If_Match=tag) for change in changes]
    answers = await asyncio.gather(*map(patiently, calls))

    assert sorted(answer.status for answer in answers) == [200, 412]


@pytest.mark.parametrize(
    "version", ["1", '"1', '"1" "2"', "*, *", '"\u00e8"', '"1",', "x" * 100, '"' + "1" * 1000 + '"']
)
async def test_a_version_that_is_none_is_a_wrong_header(source: Caller, version: str) -> None:
    path = f"/v1/notices/{(await source.hand_in()).body['id']}"

    answer = await source.patch(path, {}, **{"If-Match": version})

    assert (answer.status, answer.pointers) == (400, ["If-Match"])


@pytest.mark.parametrize(
    ("change", "status", "pointer"),
    [
        ({"texts": {"it": {"title": ""}}}, 422, "#/texts/it/title"),
        ({"texts": {"it": None}}, 422, "#/texts"),
        ({"colour": "red"}, 422, "#/colour"),
        ({"service": "teletrasporto"}, 422, "#/service"),
        ({"event_id": "altro"}, 409, "#/event_id"),
    ],
)
async def test_a_change_keeps_to_the_rules_of_a_notice(
    source: Caller, change: dict[str, Any], status: int, pointer: str
) -> None:
    path = f"/v1/notices/{(await source.hand_in()).body['id']}"

    answer = await source.patch(path, change, **ANY)

    assert (answer.status, answer.pointers) == (status, [pointer])
    assert (await source.get(path)).body["revision"] == 1


async def test_a_change_that_is_no_object_is_refused(source: Caller) -> None:
    path = f"/v1/notices/{(await source.hand_in()).body['id']}"

    answers = [await source.patch(path, body, **ANY) for body in (b"[]", b'"x"', b'{"texts": "\\ud800"}')]

    assert [answer.status for answer in answers] == [422, 422, 400]


async def test_a_source_changes_only_its_own(operator: Caller, source: Caller) -> None:
    path = f"/v1/notices/{(await source.hand_in()).body['id']}"
    other = await operator.a_source()

    answers = [await other.patch(path, {}, **ANY), await other.post(f"{path}/withdrawal", If_Match="*")]

    assert [answer.status for answer in answers] == [404, 404]


async def test_a_notice_cannot_be_moved_to_a_service_that_is_not_allowed(operator: Caller) -> None:
    source = await operator.a_source(["mensa"])
    path = f"/v1/notices/{(await source.hand_in()).body['id']}"

    answer = await source.patch(path, {"service": "trasporto"}, **ANY)

    assert (answer.status, answer.problem) == (403, "forbidden")


async def test_a_withdrawn_notice_stays_withdrawn(operator: Caller, source: Caller) -> None:
    notice = (await source.hand_in()).body
    path = f"/v1/notices/{notice['id']}"

    first, second = [await each.post(f"{path}/withdrawal", If_Match="*") for each in (source, operator)]

    amended = await source.patch(path, {"priority": "bulk"}, **ANY)
    again = await source.hand_in(event_id=notice["event_id"])
    assert [(answer.status, answer.body["status"]) for answer in (first, second)] == [(200, "withdrawn")] * 2
    assert (amended.status, amended.problem) == (409, "state-conflict")
    assert (again.status, again.body["status"]) == (202, "withdrawn")


@pytest.mark.parametrize("state", ["held", "dead"])
async def test_a_delivery_says_that_what_should_be_taken_back_still_stands(operator: Caller, state: str) -> None:
    source, path, delivery = await a_delivery(operator)
    await source.post(f"{path}/withdrawal", If_Match="*")
    posts = '[{"reference": "42", "digest": "d"}]'

    await operator.pool.execute("update delivery set state = $2, posts = $3 where id = $1", delivery, state, posts)

    (seen,) = (await source.get(f"{path}/deliveries")).body["items"]
    assert (seen["state"], seen["taken_back"]) == (state, "stands")


@pytest.mark.parametrize(
    ("posts", "deleted", "taken_back"),
    [
        ("[]", True, "deleted"),
        ('[{"reference": "42", "digest": "d"}]', False, "struck"),
        ('[{"reference": "42", "digest": "d"}]', True, "partly_deleted"),
        ("[]", False, None),
    ],
)
async def test_a_delivery_says_whether_it_was_deleted_or_struck(
    operator: Caller, posts: str, *, deleted: bool, taken_back: str | None
) -> None:
    source, path, delivery = await a_delivery(operator)

    answer = await source.post(f"{path}/withdrawal", {"delete": True}, If_Match="*")
    await operator.pool.execute(ENDED, delivery, posts, deleted)

    (seen,) = (await source.get(f"{path}/deliveries")).body["items"]
    assert (answer.status, answer.body["status"]) == (200, "withdrawn")
    assert (seen["taken_back"], seen["deleted_at"] is not None) == (taken_back, deleted)


@pytest.mark.parametrize(
    ("body", "status", "pointers"),
    [({"delete": "yes"}, 422, ["#/delete"]), ({"erase": True}, 422, ["#/erase"]), ({}, 200, None)],
)
async def test_a_withdrawal_says_what_is_wrong_with_its_wish(
    source: Caller, body: dict[str, Any], status: int, pointers: list[str] | None
) -> None:
    path = f"/v1/notices/{(await source.hand_in()).body['id']}"

    answer = await source.post(f"{path}/withdrawal", body, If_Match="*")

    assert answer.status == status
    assert pointers is None or answer.pointers == pointers
    assert ((await source.get(path)).body["status"] == "withdrawn") == (status == 200)


@pytest.mark.parametrize(
    ("target", "change", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ({"a": "foo"}, {"a": {"b": 1}}, {"a": {"b": 1}}),
    ],
)
def test_a_merge_patch_does_what_rfc_7396_shows(target: Any, change: Any, result: Any) -> None:
    assert merged(target, change) == result
