# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What waits for a person: dead letters and held deliveries."""

from dataclasses import dataclass

import pytest

from tests.api.calling import Caller

REST = """
update delivery set state = $2, last_error = 'the platform will never take this', attempts = 3, settled_at = now(),
                    expires_at = $3::timestamptz, intent = '{}' where id = $1
"""

# The last two have heard nothing yet, and one was taken.
TRIED = """
insert into attempt (delivery_id, token, action, part, revision, outcome, error)
values ($1, 101, 'post', 0, 1, 'failed', '502: Bad Gateway'),
       ($1, 102, 'post', 0, 1, 'failed', '500: Internal Server Error'),
       ($1, 103, 'post', 0, 1, 'delivered', null), ($1, 104, 'post', 0, 1, null, null)
"""


@dataclass
class Waiting:
    """A delivery at rest, and where it is."""

    delivery: int
    notice: str
    channel: str


async def waiting(operator: Caller, state: str, *, over: bool = False) -> Waiting:
    service = await operator.a_service()
    channel = await operator.a_channel(service)
    source = await operator.a_source()
    notice = (await source.hand_in(service=service)).body["id"]
    delivery = await operator.pool.fetchval("select id from delivery where notice_id = $1", notice)
    moment = await operator.pool.fetchval("select now() - interval '1 minute'") if over else None
    await operator.pool.execute(REST, delivery, state, moment)
    return Waiting(delivery, notice, channel)


async def state_of(operator: Caller, delivery: int) -> str:
    return str(await operator.pool.fetchval("select state from delivery where id = $1", delivery))


@pytest.mark.parametrize(("path", "state"), [("/v1/dead-letters", "dead"), ("/v1/held", "held")])
async def test_what_waits_is_listed_with_its_reason(operator: Caller, path: str, state: str) -> None:
    one = await waiting(operator, state)

    (item,) = (await operator.get(f"{path}?channel={one.channel}")).body["items"]

    assert (item["delivery_id"], item["notice"]["id"], item["channel"]["slug"]) == (
        one.delivery,
        one.notice,
        one.channel,
    )
    assert (item["reason"], item["attempts"]) == ("the platform will never take this", 3)
    assert item["last_answer"] is None
    assert item["notice"]["title"] == "Mensa: pasto freddo"
    assert item["notice"]["link"].endswith(f"/v1/notices/{one.notice}")


async def test_what_the_platform_said_last_stays_beside_what_a_person_decided(operator: Caller) -> None:
    one = await waiting(operator, "dead")
    await operator.pool.execute(TRIED, one.delivery)

    (item,) = (await operator.get(f"/v1/dead-letters?channel={one.channel}")).body["items"]

    assert item["last_answer"] == "500: Internal Server Error"


async def test_dead_letters_come_newest_first_in_pages_and_can_be_narrowed(operator: Caller) -> None:
    several = [await waiting(operator, "dead") for _ in range(3)]

    first = await operator.get("/v1/dead-letters?limit=2")
    second = await operator.get(first.body["next"].partition(":8080")[2])
    of_one = await operator.get(f"/v1/dead-letters?notice={several[0].notice}")

    ids = [item["delivery_id"] for item in first.body["items"] + second.body["items"]]
    assert ids[:3] == [each.delivery for each in reversed(several)]
    assert [item["delivery_id"] for item in of_one.body["items"]] == [several[0].delivery]


async def test_a_dead_letter_gets_a_fresh_start_once(operator: Caller) -> None:
    one = await waiting(operator, "dead")
    path = f"/v1/dead-letters/{one.delivery}/redrive"

    first, second = [await operator.post(path) for _ in range(2)]

    assert (first.status, first.body) == (200, {"matched": 1, "redriven": 1, "doubted": 0, "dry_run": False})
    assert (second.status, second.problem) == (409, "state-conflict")
    assert await state_of(operator, one.delivery) == "due"


async def test_a_dead_letter_whose_time_is_over_stays_dead(operator: Caller) -> None:
    one = await waiting(operator, "dead", over=True)

    answer = await operator.post(f"/v1/dead-letters/{one.delivery}/redrive")

    assert (answer.status, await state_of(operator, one.delivery)) == (409, "dead")


async def test_a_dead_letter_of_a_retired_channel_stays_dead(operator: Caller) -> None:
    one = await waiting(operator, "dead")
    await operator.call("DELETE", f"/v1/channels/{one.channel}")

    single = await operator.post(f"/v1/dead-letters/{one.delivery}/redrive")
    many = await operator.post("/v1/dead-letters/redrive", {"notice": one.notice})

    assert (single.status, many.body["matched"]) == (409, 0)


async def test_many_are_counted_first_and_then_redriven(operator: Caller) -> None:
    one, other = await waiting(operator, "dead"), await waiting(operator, "dead")
    wish = {"channel": one.channel}

    counted = await operator.post("/v1/dead-letters/redrive", {**wish, "dry_run": True})
    untouched = await state_of(operator, one.delivery)
    redriven = await operator.post("/v1/dead-letters/redrive", wish)

    assert counted.body == {"matched": 1, "redriven": 0, "doubted": 0, "dry_run": True}
    assert redriven.body == {"matched": 1, "redriven": 1, "doubted": 0, "dry_run": False}
    states = [await state_of(operator, each.delivery) for each in (one, other)]
    assert (untouched, states) == ("dead", ["due", "dead"])


async def test_what_may_have_arrived_is_counted_apart_and_posted_once_more_only_where_that_is_said(
    operator: Caller,
) -> None:
    one = await waiting(operator, "dead")
    await operator.pool.execute("update delivery set doubted = true where id = $1", one.delivery)
    wish = {"channel": one.channel}
    path = "/v1/dead-letters/redrive"

    (item,) = (await operator.get(f"/v1/dead-letters?channel={one.channel}")).body["items"]
    counted = [await operator.post(path, {**wish, "dry_run": True, "doubted": each}) for each in (False, True)]
    left = await operator.post(path, wish)
    stays = await state_of(operator, one.delivery)
    redriven = await operator.post(path, {**wish, "doubted": True})

    assert item["doubted"] is True
    assert [(each.body["matched"], each.body["doubted"]) for each in (*counted, left)] == [(0, 1), (1, 1), (0, 1)]
    assert (left.body["redriven"], stays, redriven.body["redriven"]) == (0, "dead", 1)
    assert await state_of(operator, one.delivery) == "due"


@pytest.mark.parametrize(("before", "matched"), [("2020-01-01T00:00:00Z", 0), ("2100-01-01T00:00:00Z", 1)])
async def test_dead_letters_can_be_redriven_by_when_they_were_given_up(
    operator: Caller, before: str, matched: int
) -> None:
    one = await waiting(operator, "dead")

    answer = await operator.post("/v1/dead-letters/redrive", {"notice": one.notice, "before": before})

    assert answer.body["matched"] == matched


@pytest.mark.parametrize(("decision", "state"), [("sent", "delivered"), ("not_sent", "due"), ("give_up", "dead")])
async def test_a_held_delivery_goes_where_the_person_says_once(operator: Caller, decision: str, state: str) -> None:
    one = await waiting(operator, "held")
    path = f"/v1/deliveries/{one.delivery}/decision"

    first, second = [await operator.post(path, {"decision": decision, "question": 0}) for _ in range(2)]

    assert (first.status, await state_of(operator, one.delivery)) == (204, state)
    assert (second.status, second.problem) == (409, "state-conflict")


async def test_a_decision_of_another_question_decides_nothing(operator: Caller) -> None:
    """Said again after an answer that was lost, while the delivery is held anew: of what became of its withdrawal."""
    one = await waiting(operator, "held")
    path = f"/v1/deliveries/{one.delivery}/decision"
    (listed,) = (await operator.get(f"/v1/held?channel={one.channel}")).body["items"]
    said = {"decision": "sent", "question": listed["question"]}
    first = await operator.post(path, said)
    await operator.pool.execute("update delivery set state = 'held' where id = $1", one.delivery)

    again = await operator.post(path, said)
    stays = await state_of(operator, one.delivery)
    (listed,) = (await operator.get(f"/v1/held?channel={one.channel}")).body["items"]
    other = await operator.post(path, said | {"question": listed["question"]})

    assert (first.status, again.status, again.problem, stays, other.status) == (204, 409, "state-conflict", "held", 204)


async def test_a_decision_names_its_question(operator: Caller) -> None:
    one = await waiting(operator, "held")

    answer = await operator.post(f"/v1/deliveries/{one.delivery}/decision", {"decision": "sent"})

    assert (answer.status, answer.pointers, await state_of(operator, one.delivery)) == (422, ["#/question"], "held")


async def test_what_cannot_be_decided_is_refused(operator: Caller) -> None:
    one = await waiting(operator, "held")

    answers = [
        await operator.post(path, {"decision": decision, "question": 0})
        for path, decision in (
            (f"/v1/deliveries/{one.delivery}/decision", "perhaps"),
            ("/v1/deliveries/999999999/decision", "sent"),
            ("/v1/deliveries/x/decision", "sent"),
            ("/v1/deliveries/99999999999999999999/decision", "sent"),
        )
    ]

    assert [answer.status for answer in answers] == [422, 404, 404, 404]
    assert [(await operator.post(f"/v1/dead-letters/{each}/redrive")).status for each in ("999999999", "x")] == [
        404
    ] * 2


@pytest.mark.parametrize("written", ["42", "https://t.me/c/{chat}/42", "https://t.me/La_Scuola/42"])
async def test_a_person_says_where_the_post_is_by_its_number_or_its_link(operator: Caller, written: str) -> None:
    one = await waiting(operator, "held")
    address = await operator.pool.fetchval("select address from channel where slug = $1", one.channel)
    place = written.format(chat=address.removeprefix("-100"))
    known = "update channel set check_result = json_build_object('link', 'https://t.me/la_scuola') where slug = $1"
    await operator.pool.execute(known, one.channel)

    answer = await operator.post(
        f"/v1/deliveries/{one.delivery}/decision", {"decision": "sent", "question": 0, "references": [place]}
    )

    (seen,) = (await operator.get(f"/v1/notices/{one.notice}/deliveries")).body["items"]
    assert (answer.status, seen["references"]) == (204, ["42"])


@pytest.mark.parametrize(
    ("decision", "references", "pointer"),
    [
        ("sent", ["https://t.me/c/1/42"], "#/references/0"),
        ("sent", ["https://t.me/altrocanale/42"], "#/references/0"),
        ("sent", ["42", "in alto"], "#/references/1"),
        ("not_sent", ["42"], "#"),
    ],
)
async def test_a_place_that_is_none_changes_nothing(
    operator: Caller, decision: str, references: list[str], pointer: str
) -> None:
    one = await waiting(operator, "held")

    answer = await operator.post(
        f"/v1/deliveries/{one.delivery}/decision", {"decision": decision, "question": 0, "references": references}
    )

    assert (answer.status, answer.pointers) == (422, [pointer])
    assert await state_of(operator, one.delivery) == "held"


async def test_the_post_of_another_delivery_is_not_taken_for_this_one(operator: Caller) -> None:
    one, other = await waiting(operator, "held"), await waiting(operator, "delivered")
    shown = """update delivery set posts = '[{"reference": "42", "digest": "d"}]', channel_id = d.channel_id
                 from delivery d where d.id = $2 and delivery.id = $1"""
    await operator.pool.execute(shown, other.delivery, one.delivery)

    answer = await operator.post(
        f"/v1/deliveries/{one.delivery}/decision", {"decision": "sent", "question": 0, "references": ["42"]}
    )

    assert (answer.status, answer.problem) == (409, "state-conflict")
    assert await state_of(operator, one.delivery) == "held"
