# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Channels changed, paused, retired."""

import asyncio

from tests.api.calling import Caller, a_channel


async def test_a_change_touches_what_it_names(operator: Caller) -> None:
    service = await operator.a_service()
    slug = await operator.a_channel(service, title="Prima", audience={"services": [service], "grades": ["primaria"]})

    changed = await operator.patch(f"/v1/channels/{slug}", {"language": "zh-Hans", "audience": {"areas": ["centro"]}})

    assert (changed.status, changed.body["language"], changed.body["title"]) == (200, "zh-Hans", "Prima")
    assert changed.body["audience"] == {
        "services": [service],
        "grades": ["primaria"],
        "schools": [],
        "areas": ["centro"],
    }


async def test_a_title_can_be_taken_away_and_a_language_can_not(operator: Caller) -> None:
    slug = await operator.a_channel(await operator.a_service(), title="Prima")
    path = f"/v1/channels/{slug}"

    without, refused = [await operator.patch(path, body) for body in ({"title": None}, {"language": None})]

    assert (without.status, without.body["title"]) == (200, None)
    assert (refused.status, refused.pointers) == (422, ["#/language"])


async def test_a_change_must_be_a_merge_patch(operator: Caller) -> None:
    slug = await operator.a_channel(await operator.a_service())

    answer = await operator.call("PATCH", f"/v1/channels/{slug}", {"paused": True})

    assert (answer.status, answer.problem) == (415, "unsupported-media-type")
    assert "application/merge-patch+json" in answer.body["detail"]
    assert answer.headers["Accept-Patch"] == "application/merge-patch+json"


async def test_a_paused_channel_keeps_what_it_is_owed_and_gives_it_back(operator: Caller) -> None:
    service = await operator.a_service()
    slug = await operator.a_channel(service)
    source = await operator.a_source()
    numbers = [(await source.hand_in(service=service)).body["id"]]

    paused = await operator.patch(f"/v1/channels/{slug}", {"paused": True})
    numbers.append((await source.hand_in(service=service)).body["id"])

    parked = [(await source.get(f"/v1/notices/{each}/deliveries")).body["items"][0]["parked"] for each in numbers]
    resumed = await operator.patch(f"/v1/channels/{slug}", {"paused": False})
    free = [(await source.get(f"/v1/notices/{each}/deliveries")).body["items"][0]["parked"] for each in numbers]
    assert (paused.body["state"], paused.body["paused_reason"]) == ("paused", "paused by hand")
    assert (parked, free) == ([True, True], [False, False])
    assert (resumed.body["state"], resumed.body["deliveries"]["due"]) == ("active", 2)


async def test_a_change_that_cannot_be_carried_out_whole_changes_nothing(operator: Caller) -> None:
    service = await operator.a_service()
    slug = await operator.a_channel(service, title="Prima")
    await (await operator.a_source()).hand_in(service=service)
    await operator.patch(f"/v1/channels/{slug}", {"paused": True})
    holding = "select from delivery d join channel c on c.id = d.channel_id where c.slug = $1 for update of d"

    async with operator.pool.acquire() as connection, connection.transaction():
        await connection.execute(holding, slug)
        change = asyncio.create_task(operator.patch(f"/v1/channels/{slug}", {"title": "Dopo", "paused": False}))
        while not change.done():  # what accepting a notice asks of the channel is there all the time
            await operator.pool.execute("select from channel where slug = $1 for key share nowait", slug)
            await asyncio.sleep(0.05)
        refused = await change

    channel = (await operator.get(f"/v1/channels/{slug}")).body
    assert (refused.status, channel["title"], channel["state"]) == (503, "Prima", "paused")


async def test_a_pause_with_a_change_writes_nothing_down_before_it_has_the_deliveries(operator: Caller) -> None:
    """Whoever decides about one of them has it, and queues for the audit log."""
    service = await operator.a_service()
    slug = await operator.a_channel(service)
    await (await operator.a_source()).hand_in(service=service)
    holding = "select from delivery d join channel c on c.id = d.channel_id where c.slug = $1 for update of d"
    waits = "select exists (select from pg_stat_activity where $1 = any(pg_blocking_pids(pid)))"
    nobody_has_the_log = "select pg_try_advisory_xact_lock(7264151033)"

    async with operator.pool.acquire() as connection, connection.transaction():
        await connection.execute(holding, slug)
        change = asyncio.create_task(operator.patch(f"/v1/channels/{slug}", {"title": "Dopo", "paused": True}))
        while not change.done() and not await operator.pool.fetchval(waits, connection.get_server_pid()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        free = await operator.pool.fetchval(nobody_has_the_log)
    await change

    assert free


async def test_a_retired_channel_is_owed_nothing_and_its_slug_is_free(operator: Caller) -> None:
    service = await operator.a_service()
    slug = await operator.a_channel(service)
    source = await operator.a_source()
    path = f"/v1/notices/{(await source.hand_in(service=service)).body['id']}"

    retired = await operator.call("DELETE", f"/v1/channels/{slug}")

    (delivery,) = (await source.get(f"{path}/deliveries")).body["items"]
    assert (retired.status, retired.text, (await operator.get(f"/v1/channels/{slug}")).status) == (204, "", 404)
    assert (delivery["state"], delivery["last_error"]) == ("withdrawn", "the channel was retired")
    assert (await source.hand_in(service=service)).body["status"] == "reaches_nobody"
    assert (await operator.post("/v1/channels", a_channel(slug))).status == 201


async def test_what_a_worker_reports_of_a_retired_channel_changes_nothing(operator: Caller) -> None:
    service = await operator.a_service()
    slug = await operator.a_channel(service)
    source = await operator.a_source()
    number = (await source.hand_in(service=service)).body["id"]
    leased = "update delivery set lease_until = now() + interval '1 minute', token = 7 where notice_id = $1"
    await operator.pool.execute(leased, number)

    await operator.call("DELETE", f"/v1/channels/{slug}")

    row = await operator.pool.fetchrow("select token, lease_until, state from delivery where notice_id = $1", number)
    assert row is not None
    assert tuple(row) == (8, None, "withdrawn")
