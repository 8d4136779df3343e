# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Looking at notices and their deliveries, one and many."""

from typing import Any

import pytest

from tests.api.calling import Answer, Caller, fresh
from tests.api.calling import a_notice as an_ordinary_notice

INTENT = "insert into attempt (delivery_id, token, action, part, revision, outcome, wire, error) values "


async def paged(caller: Caller, path: str) -> list[Answer]:
    """Follow `next` to the end."""
    pages = [await caller.get(path)]
    while pages[-1].body["next"] is not None:
        pages.append(await caller.get(pages[-1].body["next"].partition(":8080")[2]))
    return pages


async def a_delivery(operator: Caller) -> tuple[Caller, str, int]:
    """Hand in a notice that one channel follows; give who did, its address, and the delivery."""
    service = await operator.a_service()
    await operator.a_channel(service)
    source = await operator.a_source()
    number = (await source.hand_in(service=service)).body["id"]
    delivery = await operator.pool.fetchval("select id from delivery where notice_id = $1", number)
    return source, f"/v1/notices/{number}", delivery


async def test_a_source_sees_its_own_notice_with_its_content(source: Caller) -> None:
    number = (await source.hand_in(event_id="mio/1")).body["id"]

    shown = await source.get(f"/v1/notices/{number}")

    assert (shown.status, shown.body["event_id"], shown.body["title"]) == (200, "mio/1", "Mensa: pasto freddo")
    assert shown.body["content"]["texts"]["it"]["title"] == "Mensa: pasto freddo"
    assert shown.headers["ETag"] == '"1"'


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


async def test_a_list_shows_the_newest_first_in_pages(source: Caller) -> None:
    numbers = [(await source.hand_in()).body["id"] for _ in range(5)]

    pages = await paged(source, "/v1/notices?limit=2")

    assert [len(page.body["items"]) for page in pages] == [2, 2, 1]
    assert [item["id"] for page in pages for item in page.body["items"]] == numbers[::-1]


async def test_a_page_that_is_just_full_is_the_last(source: Caller) -> None:
    for _ in range(2):
        await source.hand_in()

    answer = await source.get("/v1/notices?limit=2")

    assert (len(answer.body["items"]), answer.body["next"]) == (2, None)


async def test_notices_that_arrive_while_paging_shift_nothing(source: Caller) -> None:
    numbers = [(await source.hand_in()).body["id"] for _ in range(4)]
    first = await source.get("/v1/notices?limit=2")
    await source.hand_in()

    second = await source.get(first.body["next"].partition(":8080")[2])

    assert [item["id"] for item in first.body["items"] + second.body["items"]] == numbers[::-1]


async def test_notices_of_one_moment_are_all_shown_once(source: Caller) -> None:
    numbers = {(await source.hand_in()).body["id"] for _ in range(5)}
    await source.pool.execute("update notice set created_at = '2026-11-24 10:00Z' where source = $1", source.slug)

    pages = await paged(source, "/v1/notices?limit=2")

    shown = [item["id"] for page in pages for item in page.body["items"]]
    assert (len(shown), set(shown)) == (5, numbers)


async def test_a_list_can_be_narrowed(operator: Caller) -> None:
    source, path, delivery = await a_delivery(operator)
    await source.hand_in(event_id="altro")
    await operator.pool.execute("update delivery set state = 'dead' where id = $1", delivery)
    wanted = path.rsplit("/", 1)[-1]
    service = (await source.get(path)).body["service"]

    found = {
        query: [item["id"] for item in (await operator.get(f"/v1/notices?source={source.slug}&{query}")).body["items"]]
        for query in ("state=dead", f"service={service}", "state=held", "event_id=altro")
    }

    assert found["state=dead"] == found[f"service={service}"] == [wanted]
    assert (found["state=held"], len(found["event_id=altro"])) == ([], 1)


async def test_a_source_lists_nothing_of_another(operator: Caller, source: Caller) -> None:
    await source.hand_in()
    other = await operator.a_source()

    lists = [await other.get(path) for path in ("/v1/notices", f"/v1/notices?source={source.slug}")]

    assert [answer.body for answer in lists] == [{"items": [], "next": None}] * 2


async def test_a_cursor_fits_only_the_list_it_came_from(source: Caller) -> None:
    for _ in range(3):
        await source.hand_in()
    cursor = (await source.get("/v1/notices?limit=1")).body["next"].partition("cursor=")[2]
    forged = cursor[:-3] + ("AAA" if cursor[-3:] != "AAA" else "BBB")
    paths = [
        f"/v1/notices?cursor={forged}",
        f"/v1/notices?service=mensa&cursor={cursor}",
        f"/v1/services?cursor={cursor}",
    ]

    answers = [await source.get(path) for path in (*paths, "/v1/notices?cursor=abc", f"/v1/notices?cursor={'A' * 500}")]

    assert {(answer.status, answer.problem) for answer in answers} == {(400, "invalid-cursor")}


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        ("limit=1&limit=2", "limit"),
        ("page=2", "page"),
        ("state=lost", "state"),
        ("cursor=%21", "cursor"),
        ("service=MENSA", "service"),
    ],
)
async def test_a_wrong_parameter_is_named(source: Caller, query: str, parameter: str) -> None:
    answer = await source.get(f"/v1/notices?{query}")

    assert (answer.status, answer.problem) == (400, "invalid-parameter")
    assert parameter in answer.pointers


@pytest.mark.parametrize("query", ["q=%ff", "service=a%00b", "q=\xff"])
async def test_a_query_that_is_no_text_is_refused(source: Caller, query: str) -> None:
    answer = await source.get(f"/v1/notices?{query}")

    assert (answer.status, answer.problem) == (400, "invalid-parameter")


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


async def test_the_deliveries_of_a_notice_come_in_pages_and_by_state(operator: Caller) -> None:
    service = await operator.a_service()
    slugs = [await operator.a_channel(service) for _ in range(3)]
    source = await operator.a_source()
    path = f"/v1/notices/{(await source.hand_in(service=service)).body['id']}/deliveries"

    pages = await paged(source, f"{path}?limit=2")

    shown = [item["channel"]["slug"] for page in pages for item in page.body["items"]]
    assert sorted(shown) == sorted(slugs)
    assert (await source.get(f"{path}?state=dead")).body["items"] == []


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
