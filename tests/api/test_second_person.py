# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Urgent broadcasts that wait for a second person, over HTTP."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.database import Pool
from app.settings import Settings
from tests.api.calling import Caller, served


@pytest.fixture
async def careful(settings: Settings, pool: Pool) -> AsyncIterator[Caller]:
    """An operator of an installation that asks for a second person."""
    async with served(settings.model_copy(update={"second_person": True}), pool) as caller:
        yield caller


async def broadcast(operator: Caller, **members: Any) -> tuple[Caller, str]:
    service = await operator.a_service()
    await operator.a_channel(service)
    source = await operator.a_source()
    answer = await source.hand_in(service=service, priority="urgent", **members)
    assert answer.status == 202
    assert answer.body["status"] == "awaits_second_person"
    return source, f"/v1/notices/{answer.body['id']}"


async def an_operator(operator: Caller) -> Caller:
    made = await operator.post("/v1/keys", {"role": "operator", "label": "Seconda persona"})
    return operator.having(made.body["key"])


async def test_a_notice_says_that_it_waits_and_who_let_it_go(careful: Caller) -> None:
    source, path = await broadcast(careful)

    before = await source.get(path)
    listed = await careful.get("/v1/notices?awaits=second-person")
    answer = await careful.post(f"{path}/countersignature", {"revision": 1, "name": "Maria Rossi"})

    assert before.body["second_person"] == {"state": "waiting", "name": None, "signed_at": None}
    assert path.rpartition("/")[2] in {each["id"] for each in listed.body["items"]}
    assert (answer.status, answer.body["status"]) == (200, "accepted")
    assert (answer.body["second_person"]["state"], answer.body["second_person"]["name"]) == ("signed", "Maria Rossi")
    after = await careful.get("/v1/notices?awaits=second-person")
    assert path.rpartition("/")[2] not in {each["id"] for each in after.body["items"]}


async def test_a_correction_waits_anew_and_is_not_let_go_by_whoever_wrote_it(careful: Caller) -> None:
    source, path = await broadcast(careful)
    second = await an_operator(careful)
    await second.post(f"{path}/countersignature", {"revision": 1, "name": "Maria Rossi"})
    tag = (await second.get(path)).headers["ETag"]

    corrected = await second.patch(path, {"kind": "alert"}, If_Match=tag)
    alone = await second.post(f"{path}/countersignature", {"revision": 2, "name": "Maria Rossi"})
    stale = await careful.post(f"{path}/countersignature", {"revision": 1, "name": "Anna"})
    glass = await second.post(
        f"{path}/countersignature", {"revision": 2, "name": "Maria Rossi", "break_glass": "nessuno risponde"}
    )

    assert corrected.body["status"] == "awaits_second_person"
    assert [alone.status, stale.status, glass.status] == [403, 409, 200]
    assert (await source.get(path)).body["second_person"]["state"] == "alone"


async def test_who_let_it_go_stands_in_the_audit_log(careful: Caller) -> None:
    _, path = await broadcast(careful)

    await careful.post(f"{path}/countersignature", {"revision": 1, "name": "Maria Rossi"})

    told = await careful.pool.fetchval(
        "select after from audit where act = 'notice.countersigned' and target = $1",
        f"notice/{path.rpartition('/')[2]}",
    )
    assert json.loads(told) == {"name": "Maria Rossi", "revision": 1}


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"revision": 1}, 422),
        ({"revision": 1, "name": ""}, 422),
        ({"revision": 1, "name": "X", "break_glass": ""}, 422),
        ({"revision": 0, "name": "X"}, 422),
        ({"revision": 9, "name": "X"}, 409),
    ],
)
async def test_a_word_that_is_none_changes_nothing(careful: Caller, given: dict[str, Any], status: int) -> None:
    source, path = await broadcast(careful)

    answer = await careful.post(f"{path}/countersignature", given)

    assert (answer.status, (await source.get(path)).body["status"]) == (status, "awaits_second_person")


async def test_without_the_setting_nothing_waits_and_there_is_nothing_to_let_go(operator: Caller) -> None:
    service = await operator.a_service()
    await operator.a_channel(service)
    source = await operator.a_source()

    answer = await source.hand_in(service=service, priority="urgent")
    word = await operator.post(
        f"/v1/notices/{answer.body['id']}/countersignature", {"revision": 1, "name": "Maria Rossi"}
    )

    assert (answer.body["status"], word.status) == ("accepted", 409)
    assert (await source.get(f"/v1/notices/{answer.body['id']}")).body["second_person"] is None


async def test_a_batch_waits_as_well(careful: Caller) -> None:
    service = await careful.a_service()
    await careful.a_channel(service)
    source = await careful.a_source()
    items = [
        {"event_id": f"b/{number}", "service": service, "priority": "urgent", "texts": {"it": {"title": f"T {number}"}}}
        for number in range(2)
    ]

    answer = await source.post("/v1/notices/batch", items)

    states = {(await source.get(f"/v1/notices/{each['id']}")).body["status"] for each in answer.body["items"]}
    assert states == {"awaits_second_person"}
