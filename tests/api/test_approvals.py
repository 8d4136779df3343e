# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Services whose texts a person approves, over HTTP."""

import asyncio
import json
from typing import Any

import pytest

from tests.api.calling import Caller, patiently
from tests.reliability.ground import until

WAITS_FOR_A_LOCK = """
select exists (select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database())
"""
TEXTS: dict[str, Any] = {"it": {"title": "Sciopero"}, "zh-Hans": {"title": "Ba gong"}}


async def guarded(operator: Caller) -> tuple[Caller, str]:
    """Make a service whose Chinese needs an approval, and hand in a notice about it; give who did, and its address."""
    service = await operator.a_service()
    await operator.call("PUT", f"/v1/services/{service}", {"name": "Un servizio", "approvals": ["zh-Hans", "ar"]})
    source = await operator.a_source()
    return source, f"/v1/notices/{(await source.hand_in(service=service, texts=TEXTS)).body['id']}"


async def test_a_service_keeps_its_approvals_when_it_is_only_renamed(operator: Caller) -> None:
    service = await operator.a_service()
    path = f"/v1/services/{service}"

    set_once = await operator.call("PUT", path, {"name": "Prima", "approvals": ["zh-Hans"]})
    renamed = await operator.call("PUT", path, {"name": "Dopo"})
    cleared = await operator.call("PUT", path, {"name": "Dopo", "approvals": []})

    assert [answer.body["approvals"] for answer in (set_once, renamed, cleared)] == [["zh-Hans"], ["zh-Hans"], []]


async def test_a_notice_says_which_texts_are_missing_waiting_and_approved(operator: Caller) -> None:
    source, path = await guarded(operator)

    before = {each["language"]: each["state"] for each in (await source.get(path)).body["approvals"]}
    answer = await source.post(
        f"{path}/approvals", {"language": "zh-Hans", "revision": 1, "name": "Mediatrice linguistica"}
    )

    after = {each["language"]: (each["state"], each["name"]) for each in answer.body["approvals"]}
    assert before == {"zh-Hans": "waiting", "ar": "missing"}
    assert (answer.status, after) == (
        200,
        {"zh-Hans": ("approved", "Mediatrice linguistica"), "ar": ("missing", None)},
    )


async def test_a_text_that_was_taken_under_older_rules_is_shown_and_withdrawn(operator: Caller) -> None:
    source, path = await guarded(operator)
    old = "update notice set content = replace(content::text, 'Ba gong', repeat('x', 999))::json where id = $1"
    await operator.pool.execute(old, path.rpartition("/")[2])

    shown, withdrawn = await source.get(path), await source.post(f"{path}/withdrawal", {}, If_Match="*")

    assert (shown.status, withdrawn.status) == (200, 200)
    assert [each["state"] for each in shown.body["approvals"]] == ["waiting", "missing"]


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"language": "zh-Hans", "revision": 2, "name": "X"}, 409),
        ({"language": "it", "revision": 1, "name": "X"}, 409),
        ({"language": "ar", "revision": 1, "name": "X"}, 409),
        ({"language": "zh-Hans", "revision": 1, "name": ""}, 422),
        ({"language": "zh-Hans", "revision": 1}, 422),
    ],
)
async def test_what_was_not_read_is_not_approved(operator: Caller, given: dict[str, Any], status: int) -> None:
    source, path = await guarded(operator)

    answer = await source.post(f"{path}/approvals", given)

    states = {each["state"] for each in (await source.get(path)).body["approvals"]}
    assert (answer.status, states) == (status, {"waiting", "missing"})


async def test_a_source_approves_only_its_own(operator: Caller) -> None:
    _, path = await guarded(operator)
    other = await operator.a_source()

    answer = await other.post(f"{path}/approvals", {"language": "zh-Hans", "revision": 1, "name": "X"})

    assert answer.status == 404


async def test_who_approved_stands_in_the_audit_log_also_when_a_source_passes_it_on(operator: Caller) -> None:
    source, path = await guarded(operator)

    await source.post(f"{path}/approvals", {"language": "zh-Hans", "revision": 1, "name": "Maria Rossi"})

    told = await operator.pool.fetchval(
        "select after from audit where act = 'notice.approved' and target = $1", f"notice/{path.rpartition('/')[2]}"
    )
    assert json.loads(told) == {"language": "zh-Hans", "name": "Maria Rossi", "revision": 1}


async def test_a_channel_says_whether_it_shows_another_text_meanwhile(operator: Caller) -> None:
    channel = await operator.a_channel(await operator.a_service(), language="zh-Hans", interim=True)

    shown = await operator.get(f"/v1/channels/{channel}")
    changed = await operator.patch(f"/v1/channels/{channel}", {"interim": False})

    assert (shown.body["interim"], changed.body["interim"]) == (True, False)


async def test_what_a_claim_wrote_that_still_saw_the_languages_of_before_is_looked_at_again(operator: Caller) -> None:
    service = await operator.a_service()
    path, pool = f"/v1/services/{service}", operator.pool
    await operator.call("PUT", path, {"name": "Un servizio", "approvals": ["zh-Hans"]})
    await operator.a_channel(service, language="zh-Hans", interim=True)
    number = (await (await operator.a_source()).hand_in(service=service, texts=TEXTS)).body["id"]
    await pool.execute("insert into pace (kind, slowdown) values ('telegram', 1) on conflict do nothing")

    async with asyncio.TaskGroup() as group, pool.acquire() as claim, claim.transaction():
        await claim.execute("select from pace where kind = 'telegram' for update")
        await claim.execute("update delivery set state = 'delivered', awaits = 'zh-Hans' where notice_id = $1", number)
        free = {"name": "Un servizio", "approvals": []}
        call = group.create_task(patiently(lambda: operator.call("PUT", path, free)))

        async def is_over_or_waits() -> bool:
            return call.done() or bool(await pool.fetchval(WAITS_FOR_A_LOCK))

        await until(is_over_or_waits)

    row = await pool.fetchrow("select state, awaits from delivery where notice_id = $1", number)
    assert row is not None
    assert (call.result().status, *row) == (200, "due", None)
