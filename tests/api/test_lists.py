# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Lists of notices and deliveries: in pages, narrowed, and nothing twice."""

import pytest

from tests.api.calling import Answer, Caller, a_delivery


async def paged(caller: Caller, path: str) -> list[Answer]:
    """Follow `next` to the end."""
    pages = [await caller.get(path)]
    while pages[-1].body["next"] is not None:
        pages.append(await caller.get(pages[-1].body["next"].partition(":8080")[2]))
    return pages


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


async def test_the_deliveries_of_a_notice_come_in_pages_and_by_state(operator: Caller) -> None:
    service = await operator.a_service()
    slugs = [await operator.a_channel(service) for _ in range(3)]
    source = await operator.a_source()
    path = f"/v1/notices/{(await source.hand_in(service=service)).body['id']}/deliveries"

    pages = await paged(source, f"{path}?limit=2")

    shown = [item["channel"]["slug"] for page in pages for item in page.body["items"]]
    assert sorted(shown) == sorted(slugs)
    assert (await source.get(f"{path}?state=dead")).body["items"] == []


async def test_more_parameters_than_anybody_means_are_refused(operator: Caller) -> None:
    answer = await operator.get("/v1/notices?" + "&".join(f"p{number}=1" for number in range(60)))

    assert (answer.status, answer.problem) == (400, "invalid-parameter")


async def test_an_address_of_its_own_is_no_id_of_a_notice(operator: Caller) -> None:
    answer = await operator.call("OPTIONS", "/v1/notices/batch")

    assert (answer.status, answer.headers["Allow"]) == (204, "OPTIONS, POST")


async def test_an_address_of_its_own_knows_its_own_methods_only(operator: Caller) -> None:
    answer = await operator.get("/v1/notices/batch")

    assert (answer.status, answer.headers["Allow"]) == (405, "OPTIONS, POST")
