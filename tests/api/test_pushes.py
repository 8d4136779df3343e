# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What is worth a push, and what was pushed, as an operator sees and decides it."""

from app.pushes import Question, ask
from tests.api.calling import Caller, a_delivery, fresh


async def asked(operator: Caller, words: str = "3 of this month's pushes are left") -> tuple[str, int]:
    _, notice, delivery = await a_delivery(operator)
    await ask(operator.pool, Question(delivery, 1, words))
    return notice, delivery


async def mine(operator: Caller, delivery: int) -> list[dict[str, object]]:
    return [item for item in await operator.every("/v1/choices") if item["delivery_id"] == delivery]


async def test_what_waits_for_a_choice_is_listed_with_what_is_left(operator: Caller) -> None:
    notice, delivery = await asked(operator)

    (item,) = await mine(operator, delivery)

    assert (item["quota"], item["priority"], item["correction"]) == (
        "3 of this month's pushes are left",
        "normal",
        False,
    )
    assert str(item["notice"]).endswith(notice)


async def test_a_choice_is_made_once_and_named_in_the_audit(operator: Caller) -> None:
    _, delivery = await asked(operator)

    first = await operator.post(f"/v1/deliveries/{delivery}/choice", {"choice": "send"})
    second = await operator.post(f"/v1/deliveries/{delivery}/choice", {"choice": "leave"})

    assert (first.status, second.status) == (204, 409)
    assert await mine(operator, delivery) == []
    target = f"delivery/{delivery}"
    assert await operator.pool.fetchval("select act from audit where target = $1", target) == "delivery.chosen"


async def test_what_is_left_ends_as_a_dead_letter_that_says_so(operator: Caller) -> None:
    notice, delivery = await asked(operator)

    await operator.post(f"/v1/deliveries/{delivery}/choice", {"choice": "leave"})

    (seen,) = (await operator.get(f"{notice}/deliveries")).body["items"]
    assert (seen["state"], seen["last_error"]) == ("dead", "a person chose not to spend a push on it")


async def test_a_delivery_that_asks_for_nothing_has_no_choice(operator: Caller) -> None:
    _, _, delivery = await a_delivery(operator)

    answer = await operator.post(f"/v1/deliveries/{delivery}/choice", {"choice": "send"})

    assert (answer.status, answer.problem) == (409, "state-conflict")


async def test_choices_come_in_pages_urgent_ones_first(operator: Caller) -> None:
    several = [(await asked(operator))[1] for _ in range(3)]
    await operator.pool.execute("update delivery set lane = 0 where id = $1", several[2])

    found: list[int] = []
    path = "/v1/choices?limit=1"
    while path:
        page = (await operator.get(path)).body
        found += [item["delivery_id"] for item in page["items"]]
        path = str(page["next"]).partition("8080")[2] if page["next"] else ""

    assert [number for number in found if number in several] == [several[2], several[0], several[1]]


async def test_a_push_made_by_hand_is_entered_and_listed(operator: Caller) -> None:
    slug = await operator.a_channel(await operator.a_service())

    made = await operator.post(
        f"/v1/channels/{slug}/pushes", {"at": "2026-11-24T10:00:00+01:00", "note": "Ufficio stampa"}
    )
    page = (await operator.get(f"/v1/channels/{slug}/pushes")).body

    assert made.status == 201
    (item,) = page["items"]
    assert (item["id"], item["state"], item["note"]) == (made.body["id"], "by_hand", "Ufficio stampa")
    assert page["allowance"] is None


async def test_pushes_of_no_channel_are_not_found(operator: Caller) -> None:
    assert (await operator.get(f"/v1/channels/{fresh('nessuno')}/pushes")).status == 404


async def several(operator: Caller, many: int, articles: int = 2) -> list[int]:
    """Let some notices of one channel wait for a choice; give their deliveries."""
    service = await operator.a_service()
    await operator.a_channel(service)
    source = await operator.a_source()
    numbers: list[int] = []
    for _ in range(many):
        notice = (await source.hand_in(service=service)).body["id"]
        delivery = await operator.pool.fetchval("select id from delivery where notice_id = $1", notice)
        await ask(operator.pool, Question(delivery, 1, "3 of this month's pushes are left", articles))
        numbers.append(delivery)
    return numbers


async def test_several_are_chosen_at_once_or_none_and_the_audit_says_with_whom(operator: Caller) -> None:
    one, two = await several(operator, 2)
    _, other = await asked(operator)

    refused = [
        await operator.post("/v1/choices", {"deliveries": given, "choice": "send"})
        for given in ([one, other], [one, 2**62], [one, one], [])
    ]
    made = await operator.post("/v1/choices", {"deliveries": [one, two], "choice": "send"})
    again = await operator.post("/v1/choices", {"deliveries": [two], "choice": "leave"})

    assert [answer.status for answer in refused] == [409, 409, 422, 422]
    assert (made.status, again.status) == (204, 409)
    assert [await mine(operator, number) for number in (one, two)] == [[], []]
    assert len(await mine(operator, other)) == 1
    said = await operator.pool.fetchval("select after::text from audit where target = $1", f"delivery/{one}")
    assert (str(two) in said, '"send"' in said) == (True, True)


async def test_no_more_than_one_push_holds_can_be_chosen_for_one_push(operator: Caller) -> None:
    numbers = await several(operator, 3, articles=3)

    both = await operator.post("/v1/choices", {"deliveries": numbers, "choice": "send"})
    left = await operator.post("/v1/choices", {"deliveries": numbers, "choice": "leave"})

    assert (both.status, both.problem, left.status) == (409, "state-conflict", 204)
    assert "they are 9 articles, and one push holds 8" in str(both.body)


async def test_what_is_waited_for_says_how_many_articles_it_would_be(operator: Caller) -> None:
    (number,) = await several(operator, 1, articles=2)

    (item,) = await mine(operator, number)

    assert item["articles"] == 2
