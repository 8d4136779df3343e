# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Held deliveries decided with one call."""

import json
from typing import Any

import pytest

from tests.api.calling import Caller
from tests.api.test_waiting import state_of, waiting

PATH = "/v1/held/decision"
IN_ONE = "update delivery set channel_id = (select channel_id from delivery where id = $2) where id = $1"
READY = "update delivery set ready_at = $2::timestamptz where id = $1"
CHANGED = """
update delivery set posts = '[{"reference": "42", "digest": "d"}]', intent = json_build_object(
         'action', 'edit', 'number', 0, 'parts', 1, 'digest', 'e', 'payload', '', 'revision', 2, 'reference', '42')
 where id = $1
"""
LATEST = "select act, target, after from audit where act = 'delivery.decided' order by number desc limit 1"


def counts(matched: int, decided: int, changes: int = 0, *, dry_run: bool = False) -> dict[str, Any]:
    return {"matched": matched, "decided": decided, "changes": changes, "dry_run": dry_run}


@pytest.mark.parametrize(("decision", "state"), [("sent", "delivered"), ("not_sent", "due"), ("give_up", "dead")])
async def test_many_are_counted_first_and_then_go_where_the_person_says_once(
    operator: Caller, decision: str, state: str
) -> None:
    several = [await waiting(operator, "held") for _ in range(3)]
    other = several.pop()
    ids = [each.delivery for each in several]
    await operator.pool.execute(IN_ONE, ids[1], ids[0])
    wish = {"decision": decision, "channel": several[0].channel}

    counted = await operator.post(PATH, {**wish, "dry_run": True})
    untouched = [await state_of(operator, each) for each in ids]
    first, second = [await operator.post(PATH, wish) for _ in range(2)]

    assert [each.body for each in (counted, first, second)] == [counts(2, 0, dry_run=True), counts(2, 2), counts(0, 0)]
    states = [await state_of(operator, each) for each in (*ids, other.delivery)]
    assert (untouched, states) == (["held"] * 2, [state, state, "held"])
    act = await operator.pool.fetchrow(LATEST)
    assert act is not None
    assert json.loads(act["after"]) == {"decision": decision, "deliveries": ids, "count": 2}


async def test_what_was_to_be_posted_before_a_moment_is_decided_apart_from_what_came_after(operator: Caller) -> None:
    early, late = [await waiting(operator, "held") for _ in range(2)]
    for each, moment in ((early, "2026-11-24T08:00:00Z"), (late, "2026-11-24T10:00:00Z")):
        moved = await operator.pool.fetchval("select $1::text::timestamptz", moment)
        await operator.pool.execute(READY, each.delivery, moved)

    answers = [
        await operator.post(PATH, {"decision": "sent", "notice": each.notice, "before": "2026-11-24T10:00:00+01:00"})
        for each in (early, late)
    ]

    assert [answer.body["decided"] for answer in answers] == [1, 0]
    assert [await state_of(operator, each.delivery) for each in (early, late)] == ["delivered", "held"]


async def test_what_became_of_a_change_is_another_question_and_left_out_unless_it_is_asked_for(
    operator: Caller,
) -> None:
    one = await waiting(operator, "held")
    await operator.pool.execute(CHANGED, one.delivery)
    wish = {"decision": "sent", "notice": one.notice}

    left = await operator.post(PATH, wish)
    stays = await state_of(operator, one.delivery)
    decided = await operator.post(PATH, {**wish, "changes": True})

    assert (left.body, stays, decided.body) == (counts(0, 0, 1), "held", counts(1, 1, 1))
    assert await state_of(operator, one.delivery) == "due"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"decision": "perhaps"}, "#/decision"),
        ({}, "#/decision"),
        ({"decision": "sent", "references": ["42"]}, "#/references"),
        ({"decision": "sent", "before": "ieri"}, "#/before"),
    ],
)
async def test_what_cannot_be_said_of_many_changes_nothing(
    operator: Caller, body: dict[str, Any], pointer: str
) -> None:
    one = await waiting(operator, "held")

    answer = await operator.post(PATH, {"notice": one.notice, **body})

    assert (answer.status, answer.pointers) == (422, [pointer])
    assert await state_of(operator, one.delivery) == "held"
