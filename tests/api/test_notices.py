# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Looking at notices and their deliveries, one and many."""

import re
from typing import Any

import pytest

from tests.api.calling import Caller, a_delivery, fresh
from tests.api.calling import a_notice as an_ordinary_notice

INTENT = "insert into attempt (delivery_id, token, action, part, revision, outcome, wire, error) values "


async def test_a_source_sees_its_own_notice_with_its_content(source: Caller) -> None:
    number = (await source.hand_in(event_id="mio/1")).body["id"]

    shown = await source.get(f"/v1/notices/{number}")

    assert (shown.status, shown.body["event_id"], shown.body["title"]) == (200, "mio/1", "Mensa: pasto freddo")
    assert shown.body["content"]["texts"]["it"]["title"] == "Mensa: pasto freddo"
    assert re.fullmatch(r'"r1-[0-9a-f]{16}"', shown.headers["ETag"])
    assert shown.headers["Cache-Control"] == "private, max-age=0, must-revalidate"


async def test_a_notice_that_has_not_changed_is_not_sent_again(source: Caller) -> None:
    path = f"/v1/notices/{(await source.hand_in()).body['id']}"
    first = await source.get(path)
    tag = first.headers["ETag"]

    again = [await source.get(path, If_None_Match=tags) for tags in (tag, f"W/{tag}", f'"other", {tag}', "*")]
    other = await source.get(path, If_None_Match='"r1-0000000000000000"')
    none = await source.get(path, If_None_Match="r1")

    told = {(one.status, one.text, one.headers["ETag"], one.headers["Cache-Control"]) for one in again}
    assert told == {(304, "", tag, "private, max-age=0, must-revalidate")}
    assert not any("Content-Type" in one.headers for one in again)
    assert (other.status, other.text) == (200, first.text)
    assert (none.status, none.problem, none.pointers) == (400, "invalid-header", ["If-None-Match"])


async def test_the_tag_changes_with_what_becomes_of_a_notice_and_a_change_does_not_mind(operator: Caller) -> None:
    source, path, delivery = await a_delivery(operator)
    before = (await source.get(path)).headers["ETag"]
    await operator.pool.execute("update delivery set state = 'delivered' where id = $1", delivery)

    after = await source.get(path, If_None_Match=before)
    changed = await source.patch(path, {"priority": "bulk"}, If_Match=before)

    assert (after.status, after.headers["ETag"] != before) == (200, True)
    assert (changed.status, changed.headers["ETag"].startswith('"r2-')) == (200, True)


async def test_a_page_of_a_list_has_a_weak_tag_that_holds_while_the_page_does(operator: Caller) -> None:
    source = await operator.a_source()
    for _ in range(3):
        await source.hand_in()

    first, same = [await source.get("/v1/notices?limit=2") for _ in range(2)]
    await source.hand_in()
    other = await source.get("/v1/notices?limit=2")

    assert re.fullmatch(r'W/"[0-9a-f]{16}"', first.headers["ETag"])
    assert first.headers["ETag"] == same.headers["ETag"] != other.headers["ETag"]


@pytest.mark.parametrize("path", ["", "/deliveries"])
async def test_the_notice_of_another_source_is_not_found(operator: Caller, source: Caller, path: str) -> None:
    number = (await source.hand_in()).body["id"]
    other = await operator.a_source()

    foreign = await other.get(f"/v1/notices/{number}{path}")

    missing = await other.get(f"/v1/notices/0193a1b2-7c4d-7e8f-9a0b-1c2d3e4f5a6b{path}")
    assert (foreign.status, foreign.problem) == (404, "not-found")
    assert foreign.body["detail"] == missing.body["detail"]


async def test_operators_and_viewers_see_the_notices_of_all(operator: Caller, source: Caller) -> None:
    number = (await source.hand_in()).body["id"]
    viewer = operator.having((await operator.post("/v1/keys", {"role": "viewer", "label": "Sala"})).body["key"])

    seen = [await each.get(f"/v1/notices/{number}") for each in (operator, viewer)]

    assert [answer.status for answer in seen] == [200, 200]


async def test_an_id_that_cannot_exist_is_not_found(source: Caller) -> None:
    answers = [await source.get(f"/v1/notices/{number}") for number in ("7", "x" * 200, "..%2f..", "%ff", "a%00b")]

    assert {(answer.status, answer.problem) for answer in answers} == {(404, "not-found")}


async def test_a_delivery_shows_what_is_wanted_what_is_shown_and_every_try(operator: Caller) -> None:
    source, path, delivery = await a_delivery(operator)
    pool = operator.pool
    await pool.execute(INTENT + "($1, 1, 'post', 0, 1, 'failed', 'none', 'no route')", delivery)
    await pool.execute(INTENT + "($1, 2, 'post', 0, 1, 'delivered', 'response', null)", delivery)
    posts = """update delivery set state = 'delivered', shown = 1, attempts = 2, posts = $2::json where id = $1"""
    await pool.execute(posts, delivery, '[{"reference": "42", "digest": "x"}, {"reference": "43", "digest": "y"}]')

    (shown,) = (await source.get(f"{path}/deliveries")).body["items"]

    assert (shown["id"], shown["state"], shown["wanted"], shown["shown"]) == (delivery, "delivered", 1, 1)
    assert (shown["attempts"], shown["references"], shown["channel"]["kind"]) == (2, ["42", "43"], "telegram")
    assert [(each["outcome"], each["wire_phase"]) for each in shown["attempt_log"]] == [
        ("failed", "none"),
        ("delivered", "response"),
    ]


@pytest.mark.parametrize(
    ("states", "status"),
    [
        (["due", "due"], "accepted"),
        (["due", "delivered"], "in_progress"),
        (["held", "delivered"], "in_progress"),
        (["in_doubt", "dead"], "in_progress"),
        (["delivered", "delivered"], "delivered"),
        (["delivered", "dead"], "partly_delivered"),
        (["dead", "expired"], "undelivered"),
        (["expired", "expired"], "expired"),
        (["withdrawn", "withdrawn"], "withdrawn"),
    ],
)
async def test_the_status_says_where_a_notice_stands(operator: Caller, states: list[str], status: str) -> None:
    service = await operator.a_service()
    for _ in states:
        await operator.a_channel(service)
    source = await operator.a_source()
    number = (await source.hand_in(service=service)).body["id"]
    rows = await operator.pool.fetch("select id from delivery where notice_id = $1", number)
    for row, state in zip(rows, states, strict=True):
        await operator.pool.execute("update delivery set state = $2 where id = $1", row["id"], state)

    shown: Any = await source.get(f"/v1/notices/{number}")

    assert shown.body["status"] == status
    assert sum(shown.body["deliveries"].values()) == 2


async def test_a_long_title_of_any_script_comes_back_as_it_was(source: Caller) -> None:
    title = "通知 " * 40 + fresh("fine")
    number = (await source.post("/v1/notices", an_ordinary_notice(texts={"zh-Hans": {"title": title}}))).body["id"]

    shown = await source.get(f"/v1/notices/{number}")

    assert shown.body["title"] == title
