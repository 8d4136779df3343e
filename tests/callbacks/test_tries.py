# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A call is made until it is taken, given up, or unwanted: always under one id, never past what the receiver asks."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from app.audit import Actor
from app.domain.errors import StateConflictError
from app.endpoints import Whose, change_endpoint, replay, replay_one
from tests.callbacks.conftest import Office
from tests.given import accepted
from tests.workers.trap import NAME

ME = Actor("test")
IS_HELD = "select not exists (select from endpoint where id = $1 for update skip locked)"
EVER = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


async def test_consent_is_asked_before_the_first_call_and_nothing_is_sent_without_it(office: Office) -> None:
    await office.endpoint()
    office.receiver.consent = {}
    await accepted(office.pool)

    await office.look()
    refused = list(office.receiver.calls)
    office.receiver.consent = {"WebHook-Allowed-Origin": "127.0.0.1"}
    await office.pool.execute("update endpoint set ask_at = now()")
    await office.look()

    assert refused == []
    assert [asked["webhook-request-origin"] for asked in office.receiver.asked] == ["127.0.0.1"] * 2
    assert office.receiver.types() == ["notice.accepted"]


@pytest.mark.parametrize("deed", [500, 302, "swallow", "hang"])
async def test_a_call_that_fails_is_tried_again_under_the_same_id_with_the_same_body(office: Office, deed: Any) -> None:
    await office.endpoint()
    await office.pool.execute("update endpoint set consented_at = now()")
    office.receiver.script.append(deed)
    await accepted(office.pool)

    office.waits_for(3 if deed == "hang" else 15)
    await office.look()
    (failed,) = await office.calls()
    office.waits_for(15)
    await office.hurry()

    assert (failed["state"], failed["tries"]) == ("due", 1)
    assert failed["error"]
    assert await office.states() == ["delivered"]
    assert len({(call.id, call.body, call.path) for call in office.receiver.calls}) == 1
    assert all(call.verified for call in office.receiver.calls)


async def test_the_tenth_failure_is_the_last(office: Office) -> None:
    await office.endpoint()
    office.receiver.always = 500
    await accepted(office.pool)

    waits = []
    for _ in range(11):
        await office.hurry()
        waits.append(await office.pool.fetchval("select extract(epoch from due_at - tried_at)::int from endpoint_call"))

    (call,) = await office.calls()
    assert (call["state"], call["tries"], len(office.receiver.calls)) == ("failed", 10, 10)
    assert 5 <= waits[0] <= 60
    assert 79_000 < waits[8] < 96_000


@pytest.mark.parametrize(("status", "headers"), [(429, {"Retry-After": "7200"}), (503, {"Retry-After": "7200"})])
async def test_a_receiver_that_asks_for_time_gets_it(office: Office, status: int, headers: Mapping[str, str]) -> None:
    await office.endpoint()
    office.receiver.script.append((status, headers))
    await accepted(office.pool)

    await office.look()

    wait = await office.pool.fetchval("select extract(epoch from due_at - tried_at)::int from endpoint_call")
    assert 7190 <= wait <= 7210


@pytest.mark.parametrize("status", [429, 502, 504])
async def test_a_receiver_that_is_asked_too_much_rests_with_all_its_calls(office: Office, status: int) -> None:
    await office.endpoint()
    office.receiver.script.append(status)
    await accepted(office.pool)
    await accepted(office.pool)

    await office.look()

    assert len(office.receiver.calls) == 1
    assert await office.pool.fetchval("select free_at > now() + interval '30 seconds' from endpoint")


async def test_the_rate_that_a_receiver_allows_is_kept(office: Office) -> None:
    await office.endpoint()
    office.receiver.consent = {"WebHook-Allowed-Origin": "*", "WebHook-Allowed-Rate": "2"}
    await accepted(office.pool)
    await accepted(office.pool)

    await office.look()

    assert len(office.receiver.calls) == 1
    assert await office.pool.fetchval("select free_at > now() + interval '15 seconds' from endpoint")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (410, "this address is gone (410)"),
        ((200, {"webhook-delivery": "disable"}), "asked not to be called any more"),
        ((500, {"Webhook-Delivery": "disable"}), "asked not to be called any more"),
    ],
)
async def test_a_receiver_that_is_gone_is_disabled_with_a_reason_and_others_are_told(
    office: Office, answer: Any, reason: str
) -> None:
    await office.endpoint("/gone", ["notice.accepted"])
    await office.endpoint("/other", ["endpoint.disabled"])
    office.receiver.script.append(answer)
    await accepted(office.pool)

    await office.look()
    await accepted(office.pool)
    await office.look()

    assert reason in await office.pool.fetchval(
        "select disabled_reason from endpoint where types[1] = 'notice.accepted'"
    )
    told = [call for call in office.receiver.calls if call.path == "/other"]
    assert [call.event["type"] for call in told] == ["endpoint.disabled"]
    assert reason in told[0].event["data"]["reason"]
    assert len([call for call in office.receiver.calls if call.path == "/gone"]) == 1
    assert (await office.states())[-1] == "missed"


async def test_a_receiver_may_abort_one_message(office: Office) -> None:
    await office.endpoint()
    office.receiver.script.append((400, {"webhook-delivery": "abort-message"}))
    await accepted(office.pool)

    await office.look()

    assert await office.states() == ["failed"]
    assert await office.pool.fetchval("select disabled_at from endpoint") is None


async def test_five_days_of_nothing_but_failures_disable_an_endpoint(office: Office) -> None:
    await office.endpoint()
    office.receiver.always = 500
    for _ in range(3):
        await accepted(office.pool)

    await office.look()
    started = await office.pool.fetchval("select failing_since is not null from endpoint")
    await office.pool.execute("update endpoint set failing_since = failing_since - interval '4 days 23 hours'")
    await office.hurry()
    early = await office.pool.fetchval("select disabled_at from endpoint")
    await office.pool.execute("update endpoint set failing_since = failing_since - interval '2 hours'")
    await office.hurry()

    assert (started, early) == (True, None)
    assert await office.pool.fetchval("select disabled_reason from endpoint") == "for 5 days every call has failed"


async def test_one_success_stops_the_clock(office: Office) -> None:
    await office.endpoint()
    office.receiver.script.extend([500, 500, 500])
    for _ in range(3):
        await accepted(office.pool)

    await office.look()
    await office.hurry()

    row = await office.pool.fetchrow("select failures, failed_at, failing_since from endpoint")
    assert row is not None
    assert tuple(row) == (0, None, None)


async def test_two_failures_a_day_start_no_clock(office: Office) -> None:
    await office.endpoint()
    office.receiver.always = 500
    await accepted(office.pool)
    for _ in range(4):
        await office.hurry()
        await office.pool.execute("update endpoint set failed_at = failed_at - interval '25 hours'")

    assert await office.pool.fetchval("select failing_since from endpoint") is None


async def test_an_endpoint_is_enabled_from_its_source_on_so_that_no_two_changes_wait_for_each_other(
    office: Office,
) -> None:
    whose = Whose(await office.endpoint(), "mensa")
    await office.pool.execute("insert into source (slug, name) values ('mensa', 'Mensa') on conflict do nothing")
    async with office.pool.acquire() as one, office.pool.acquire() as other, other.transaction():
        await other.execute("set local lock_timeout = 0")
        async with one.transaction():
            await one.execute("select from source where slug = 'mensa' for update")
            enabling = asyncio.create_task(change_endpoint(other, ME, whose, None, enabled=True))
            waits = await office.waits(other, enabling)
            held = await one.fetchval(IS_HELD, whose.id)
        await enabling

    assert (waits, held) == (True, False)


async def test_what_was_missed_and_what_failed_is_made_up_for_under_the_old_ids(office: Office) -> None:
    whose = Whose(await office.endpoint(types=["notice.accepted"]), "mensa")
    office.receiver.script.append((500, {"webhook-delivery": "abort-message"}))
    await accepted(office.pool)
    await office.look()
    async with office.pool.acquire() as connection, connection.transaction():
        await change_endpoint(connection, ME, whose, None, enabled=False)
    await accepted(office.pool)
    await office.look()
    states = await office.states()
    async with office.pool.acquire() as connection, connection.transaction():
        with pytest.raises(StateConflictError):
            await replay(connection, ME, whose, "missed", EVER)
        await change_endpoint(connection, ME, whose, None, enabled=True)
        counts = [await replay(connection, ME, whose, state, EVER) for state in ("failed", "missed")]

    await office.look()
    ids = [call["id"] for call in await office.calls()]
    async with office.pool.acquire() as connection, connection.transaction():
        await replay_one(connection, ME, whose, ids[0])
    await office.look()

    assert (states, counts) == (["failed", "missed"], [1, 1])
    assert await office.states() == ["delivered", "delivered"]
    assert sorted(call.id for call in office.receiver.calls) == sorted([ids[0], *ids, ids[0]])


async def test_an_endpoint_on_this_machine_is_never_dialled(office: Office) -> None:
    await office.endpoint()
    await office.pool.execute("update endpoint set url = 'https://127.0.0.1:8443/hook', consented_at = now()")
    await accepted(office.pool)

    await office.look()

    (call,) = await office.calls()
    assert (call["state"], call["tries"], office.receiver.calls) == ("due", 1, [])
    assert call["error"] == "this host is no public one"


async def test_an_endpoint_whose_name_leads_to_this_machine_is_never_dialled(office: Office) -> None:
    """Where the address behind the name is an exception, the same name is called."""
    await office.endpoint()
    await office.pool.execute("update endpoint set url = $1, consented_at = now()", f"https://{NAME}/hook")
    await accepted(office.pool)

    async with office.lied_to():
        await office.look()
    (refused,), calls = await office.calls(), len(office.receiver.calls)
    async with office.lied_to([office.receiver.host]):
        await office.hurry()

    assert (refused["state"], refused["tries"], refused["error"]) == ("due", 1, "the address is not a public one")
    assert (calls, len(office.receiver.calls)) == (0, 1)
    assert await office.states() == ["delivered"]


async def test_a_worker_that_dies_in_a_call_loses_nothing(office: Office) -> None:
    """What it leaves behind is a turn that lapses and a call that is still due."""
    await office.endpoint()
    await accepted(office.pool)
    await office.pool.execute("update endpoint set turn_until = now() + interval '1 minute'")
    await office.look()
    waiting = list(office.receiver.calls)

    await office.pool.execute("update endpoint set turn_until = now() - interval '1 second'")
    await office.hurry()

    assert waiting == []
    assert await office.states() == ["delivered"]


async def test_without_the_keys_nothing_is_sent_and_nothing_is_lost(office: Office) -> None:
    await office.endpoint()
    await office.pool.execute("update secret set key_id = 'deadbeef'")
    await accepted(office.pool)

    await office.look()

    assert await office.states() == ["due"]
    assert office.receiver.calls == []
