# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What becomes of a notice is told to the endpoints of its source: the right events, thin, signed, each once."""

import asyncio
import json

import pytest
from standardwebhooks.webhooks import Webhook

from app.amend import Change, withdraw
from app.domain.callback import LARGEST
from tests.callbacks.conftest import Office
from tests.given import a_channel, accepted

CANARY = "Testo che nessun sistema deve ricevere"


async def test_an_accepted_notice_is_told_thin_and_signed(office: Office) -> None:
    await office.endpoint()
    notice = await accepted(office.pool, event_id="mensa/1", texts={"it": {"title": CANARY, "body": CANARY}})

    await office.look()

    (call,) = office.receiver.calls
    event = Webhook(office.receiver.secrets[0]).verify(call.body, dict(call.headers))
    assert (event["type"], event["data"]["id"]) == ("notice.accepted", str(notice.id))
    assert event["data"]["links"]["self"].endswith(f"/v1/notices/{notice.id}")
    assert CANARY not in call.body.decode()
    assert len(call.body) < LARGEST
    assert event["timestamp"].endswith("Z")
    assert "." not in call.id


async def test_a_notice_is_delivered_when_every_channel_shows_it_and_that_is_told_once(office: Office) -> None:
    await office.endpoint(types=["notice.delivered"])
    for slug in ("uno", "due", "tre"):
        await a_channel(office.pool, slug)
    await accepted(office.pool)

    await office.comes_to("delivered", "id % 3 = 1")
    await office.look()
    early = list(office.receiver.calls)
    await office.comes_to("delivered")
    await office.look()
    await office.look()

    assert early == []
    (call,) = office.receiver.calls
    assert call.event["data"]["deliveries"] == {"delivered": 3}


@pytest.mark.parametrize("state", ["dead", "held", "in_doubt", "expired"])
async def test_what_a_single_delivery_comes_to_names_its_channel(office: Office, state: str) -> None:
    await office.endpoint()
    await a_channel(office.pool, "scuola")
    await accepted(office.pool)

    await office.comes_to(state)
    await office.look()

    told = [call.event for call in office.receiver.calls if call.event["type"] == f"notice.{state}"]
    assert [event["data"]["delivery"]["channel"] for event in told] == ["scuola"]
    assert told[0]["data"]["delivery"]["state"] == state


async def test_a_withdrawal_is_told_when_no_channel_shows_the_notice_any_more(office: Office) -> None:
    await office.endpoint(types=["notice.withdrawn"])
    await a_channel(office.pool)
    notice = await accepted(office.pool)
    await office.comes_to("delivered")

    await withdraw(office.pool, Change(notice.id, "mensa", "test", None))
    await office.look()
    early = list(office.receiver.calls)
    await office.comes_to("withdrawn")
    await office.look()

    assert early == []
    assert office.receiver.types() == ["notice.withdrawn"]


async def test_a_withdrawn_notice_that_no_channel_reached_is_told_too(office: Office) -> None:
    await office.endpoint(types=["notice.withdrawn"])
    notice = await accepted(office.pool)

    await withdraw(office.pool, Change(notice.id, "mensa", "test", None))
    await office.look()

    assert office.receiver.types() == ["notice.withdrawn"]


async def test_only_the_endpoints_of_the_source_are_told_and_only_what_they_chose(office: Office) -> None:
    await office.endpoint("/mensa", ["notice.accepted"])
    await office.endpoint("/other", ["notice.accepted"], source="trasporto")
    await office.endpoint("/dead", ["notice.dead"])
    await accepted(office.pool)

    await office.look()

    assert [call.path for call in office.receiver.calls] == ["/mensa"]


async def test_a_change_that_is_rolled_back_is_never_told(office: Office) -> None:
    await office.endpoint()
    await a_channel(office.pool)
    await accepted(office.pool)
    await office.look()

    async with office.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("update delivery set state = 'delivered'")
        await transaction.rollback()
    await office.look()

    assert office.receiver.types() == ["notice.accepted"]


async def test_where_nobody_asks_to_be_told_nothing_is_written_for_it(office: Office) -> None:
    await office.endpoint(source="trasporto")
    await a_channel(office.pool)
    await accepted(office.pool)
    await office.comes_to("delivered")

    assert await office.pool.fetchval("select count(*) from endpoint_change") == 0


async def test_the_notice_of_a_reply_is_told_wholly_to_the_endpoint_that_was_named(office: Office) -> None:
    named = await office.endpoint("/named", [])
    await office.endpoint("/other", [])
    notice = await accepted(office.pool)
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-02"
    reply = "update notice set reply_to = $2, correlation = 'corr-1', traceparent = $3 where id = $1"
    await office.pool.execute(reply, notice.id, named, trace)

    await office.look()

    (call,) = office.receiver.calls
    assert (call.path, call.headers["x-correlation-id"], call.headers["traceparent"]) == ("/named", "corr-1", trace)


async def test_two_workers_at_once_tell_each_event_once(office: Office) -> None:
    await office.endpoint()
    await a_channel(office.pool)
    for _ in range(20):
        await accepted(office.pool)
    await office.comes_to("delivered")

    await asyncio.gather(*(office.look() for _ in range(4)))
    await office.look()

    ids = [call.id for call in office.receiver.calls]
    assert len(ids) == len(set(ids)) == 40
    assert json.loads(office.receiver.calls[0].body)["type"] == "notice.accepted"
