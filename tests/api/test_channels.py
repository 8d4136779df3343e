# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Channels: checked before they are stored, changed, paused, retired."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from app.checks import Answer as Said
from app.database import Pool
from tests.api.calling import Caller, a_channel, fresh

OK = Said("ok", title="Scuola e famiglie", address="-1009", rights={"can_post_messages": True}, can_ask=True)
NO_ADMIN = Said("refused", "The bot is no administrator of this channel. Make it one, with the right to post.")
UPDATE = "update channel_check set answer = $2::json where answer is null and address = $1"


@asynccontextmanager
async def a_worker_that_says(pool: Pool, address: str, said: Said) -> AsyncIterator[None]:
    """Answer questions about one address as the workers do: by a row."""
    number = uuid7()
    await pool.execute("insert into worker (id, host) values ($1, 'test')", number)

    async def answer() -> None:
        while True:
            await pool.execute(UPDATE, address, json.dumps(asdict(said)))
            await asyncio.sleep(0.01)

    task = asyncio.create_task(answer())
    try:
        yield
    finally:
        task.cancel()
        await pool.execute("delete from worker where id = $1", number)


async def owed_states(caller: Caller, slug: str) -> dict[str, int]:
    counts = (await caller.get(f"/v1/channels/{slug}")).body["deliveries"]
    return {state: count for state, count in counts.items() if count}


async def test_a_channel_that_the_platform_knows_is_stored_as_the_platform_says(operator: Caller) -> None:
    new = {**a_channel(fresh("canale")), "address": "@scuola_e_famiglie"}

    async with a_worker_that_says(operator.pool, new["address"], OK):
        made = await operator.post("/v1/channels", new)

    assert (made.status, made.body["address"], made.body["title"]) == (201, "-1009", "Scuola e famiglie")
    assert (made.body["check"]["verdict"], made.body["state"]) == ("ok", "active")
    assert made.body["check"]["rights"] == [{"name": "can_post_messages", "granted": True}]
    assert made.headers["Location"] == made.body["links"]["self"]


async def test_a_channel_that_needs_a_person_is_refused_with_what_to_do_and_not_stored(operator: Caller) -> None:
    new = a_channel(fresh("canale"))

    async with a_worker_that_says(operator.pool, new["address"], NO_ADMIN):
        refused = await operator.post("/v1/channels", new)

    assert (refused.status, refused.problem, refused.pointers) == (422, "invalid-channel", ["#/address"])
    assert refused.body["detail"] == NO_ADMIN.problem
    assert (await operator.get(f"/v1/channels/{new['slug']}")).status == 404


async def test_a_channel_that_could_not_be_checked_is_stored_and_says_so(operator: Caller) -> None:
    made = await operator.post("/v1/channels", a_channel(fresh("canale")))

    assert (made.status, made.body["check"]["verdict"]) == (201, "unknown")
    assert "no worker is running" in made.body["check"]["problem"]


async def test_a_slug_and_an_address_are_taken_once(operator: Caller) -> None:
    first = a_channel(fresh("canale"))
    same_slug = {**a_channel(first["slug"])}
    same_address = {**first, "slug": fresh("canale")}

    answers = [await operator.post("/v1/channels", body) for body in (first, same_slug, same_address)]

    assert [answer.status for answer in answers] == [201, 409, 409]


async def test_one_of_ten_requests_at_once_for_one_address_is_taken(operator: Caller) -> None:
    new = a_channel("x")

    answers = await asyncio.gather(
        *(operator.post("/v1/channels", {**new, "slug": fresh("canale")}) for _ in range(10))
    )

    assert sorted(answer.status for answer in answers) == [201] + [409] * 9


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"kind": "fax"}, "#/kind"),
        ({"address": "due parole"}, "#/address"),
        ({"address": ""}, "#/address"),
        ({"language": "italiano"}, "#/language"),
        ({"slug": "Con Spazi"}, "#/slug"),
        ({"fallback": "yes"}, "#/fallback"),
        ({"audience": {"services": ["niente-di-che"]}}, "#/audience/services/0"),
        ({"audience": {"grades": [""]}}, "#/audience/grades/0"),
        ({"can_ask": True}, "#/can_ask"),
        ({"title": "uno\ndue"}, "#/title"),
    ],
)
async def test_a_channel_that_breaks_a_rule_is_refused(operator: Caller, members: dict[str, Any], pointer: str) -> None:
    answer = await operator.post("/v1/channels", {**a_channel(fresh("canale")), **members})

    assert (answer.status, answer.pointers) == (422, [pointer])


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


async def test_a_check_is_asked_again_and_kept(operator: Caller) -> None:
    new = a_channel(fresh("canale"))
    await operator.post("/v1/channels", new)
    path = f"/v1/channels/{new['slug']}"

    async with a_worker_that_says(operator.pool, new["address"], Said("ok", title="Scuola", can_ask=True)):
        looked = await operator.post(f"{path}/check", {"ask": False})
        proved = await operator.post(f"{path}/check", {"ask": True})

    assert (looked.status, looked.body["verdict"], looked.body["can_ask"]) == (200, "ok", False)
    assert (proved.body["can_ask"], (await operator.get(path)).body["check"]) == (True, proved.body)


async def test_channels_are_listed_in_pages_with_what_they_are_owed(operator: Caller) -> None:
    service = await operator.a_service()
    slug = await operator.a_channel(service)
    source = await operator.a_source()
    await source.hand_in(service=service)

    listed: dict[str, Any] = {}
    path = "/v1/channels?limit=5"
    while path:
        page = await operator.get(path)
        listed |= {item["slug"]: item for item in page.body["items"]}
        path = (page.body["next"] or "").partition(":8080")[2]

    assert listed[slug]["deliveries"]["due"] == 1
    assert not any("~" in each for each in listed)
    assert await owed_states(operator, slug) == {"due": 1}
