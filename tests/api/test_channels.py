# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Channels: checked before they are stored, changed, paused, retired."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import partial
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from app.checks import Answer as Said
from app.database import Pool
from tests.api.calling import Caller, a_channel, fresh, patiently

OK = Said("ok", title="Scuola e famiglie", address="-1009", rights={"can_post_messages": True}, can_ask=True)
NO_ADMIN = Said("refused", "The bot is no administrator of this channel. Make it one, with the right to post.")
UPDATE = "update channel_check set answer = $2::json where answer is null and address = $1"
OWED_TO = "select d.id from delivery d join channel c on c.id = d.channel_id where c.slug = $1"
SET = "update delivery set state = $2, parked = $3 where id = $1"
PAST = """
with one as (select d.*, c.id as channel from channel c join delivery d on d.channel_id = c.id where c.slug = $1),
     past as (
  insert into notice (id, source, event_id, service, kind, priority, content, policy)
  select gen_random_uuid(), 'past', number::text, service, kind, priority, content, policy
    from generate_series(1, 620) as number, notice where notice.id = (select notice_id from one)
  returning id, event_id::int as number
)
insert into delivery (notice_id, channel_id, lane, rank, ready_at, due_at, give_up_at, state, wanted)
select past.id, one.channel, 1, now(), now(), now(), now(), case when number <= 20 then 'dead' else 'delivered' end, 1
  from past, one order by number
"""


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

    calls = [partial(operator.post, "/v1/channels", {**new, "slug": fresh("canale")}) for _ in range(10)]
    answers = await asyncio.gather(*map(patiently, calls))

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


async def test_a_channel_that_turns_out_to_be_another_one_is_refused(operator: Caller) -> None:
    first, second = a_channel(fresh("canale")), {**a_channel(fresh("canale")), "address": f"@{fresh('canale')}"}
    for new in (first, second):
        assert (await operator.post("/v1/channels", new)).status == 201
    same = Said("ok", address=first["address"])

    async with a_worker_that_says(operator.pool, second["address"], same):
        answer = await operator.post(f"/v1/channels/{second['slug']}/check", {"ask": False})

    assert (answer.status, answer.problem) == (409, "state-conflict")
    assert (await operator.get(f"/v1/channels/{second['slug']}")).body["address"] == second["address"]


async def test_a_channel_counts_all_that_waits_and_its_latest_ends(operator: Caller) -> None:
    service = await operator.a_service()
    slug = await operator.a_channel(service)
    source = await operator.a_source()
    for _ in range(6):
        await source.hand_in(service=service)
    states = ["delivered", "withdrawn", "held", "dead", "in_doubt", "due"]
    ids = await operator.pool.fetch(
        "select d.id from delivery d join channel c on c.id = channel_id where slug = $1", slug
    )
    for row, state in zip(ids, states, strict=True):
        await operator.pool.execute(
            "update delivery set state = $2, parked = $2 = 'due' where id = $1", row["id"], state
        )

    assert await owed_states(operator, slug) == dict.fromkeys(states, 1)


async def test_of_a_channels_long_past_only_the_latest_are_counted(operator: Caller) -> None:
    service = await operator.a_service()
    slug = await operator.a_channel(service)
    await (await operator.a_source()).hand_in(service=service)
    await operator.pool.execute(PAST, slug)

    assert await owed_states(operator, slug) == {"due": 1, "dead": 20, "delivered": 500}
