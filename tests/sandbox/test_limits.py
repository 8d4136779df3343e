# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Rates: what passes, what is told to wait, and what those get who do not."""

import asyncio

import pytest

from deploy.sandbox import Limits, Sandbox
from deploy.sandbox.limits import Gate
from deploy.sandbox.refusals import RefusedError
from tests.sandbox.town import CHANNEL, OTHER, PERSON, Caller

NONE = Limits(0, 0, 0)


def wait_at(gate: Gate, now: float, chat: int = PERSON) -> int:
    """Write once; give the seconds to wait, 0 if it passed."""
    try:
        gate.pass_write(chat, now)
    except RefusedError as error:
        return int(error.parameters["retry_after"])
    return 0


def test_a_bot_writes_so_often_in_any_second() -> None:
    gate = Gate(Limits(3, 0, 0))

    waits = [wait_at(gate, now) for now in (0.0, 0.5, 0.9, 0.95)]

    assert waits == [0, 0, 0, 1]
    assert [wait_at(gate, now) for now in (2.0, 2.1, 2.2, 2.3)] == [0, 0, 0, 1]


def test_the_second_slides() -> None:
    gate = Gate(Limits(2, 0, 0))

    assert [wait_at(gate, now) for now in (0.0, 0.6, 1.0, 1.6, 2.0, 2.5)] == [0, 0, 0, 0, 0, 1]


def test_each_chat_has_its_own_second() -> None:
    gate = Gate(Limits(0, 1, 0))

    assert [wait_at(gate, 0.0, chat) for chat in (PERSON, CHANNEL, PERSON)] == [0, 0, 1]


def test_a_channel_has_a_minute_too_and_a_person_has_none() -> None:
    gate = Gate(Limits(0, 0, 20))

    channel = [wait_at(gate, float(second), CHANNEL) for second in range(21)]
    person = [wait_at(gate, float(second), PERSON) for second in range(21)]

    assert (channel, person) == ([0] * 20 + [40], [0] * 21)


async def test_each_item_of_an_album_counts(sandbox: Sandbox, call: Caller) -> None:
    sandbox.limits = Limits(0, 0, 5)
    media = [{"type": "photo", "media": f"https://a.it/{place}.jpg"} for place in range(3)]

    first, second = [await call("sendMediaGroup", chat_id=CHANNEL, media=media) for _ in range(2)]
    single = await call("sendMessage", chat_id=OTHER, text="x")

    assert (first.status, second.status, single.status) == (200, 429, 200)


def test_more_than_a_window_holds_needs_all_of_it() -> None:
    gate = Gate(Limits(0, 1, 0))

    gate.pass_write(PERSON, 0.0, 10)

    assert [wait_at(gate, now) for now in (0.9, 2.0)] == [1, 0]


def test_a_rate_below_one_is_one_in_a_longer_time() -> None:
    gate = Gate(Limits(0, 0.5, 0))

    assert [wait_at(gate, now) for now in (0.0, 1.9, 4.0, 6.0)] == [0, 1, 0, 0]


def test_slack_forgives_a_little() -> None:
    gate = Gate(Limits(0, 1, 0, slack=0.05))

    assert [wait_at(gate, now) for now in (0.0, 0.96)] == [0, 0]


def test_calls_on_their_way_when_the_flood_begins_are_not_punished() -> None:
    gate = Gate(Limits(1, 0, 0))

    waits = [wait_at(gate, place / 1000) for place in range(200)]

    assert waits == [0] + [1] * 199


def test_hammering_during_a_flood_lengthens_it() -> None:
    gate = Gate(Limits(0, 0, 1))

    waits = [wait_at(gate, now, CHANNEL) for now in (0.0, 1.0, 3.0, 4.0, 5.0, 6.0, 7.0)]

    assert waits == [0, 59, 57, 56, 55, 118, 236]
    assert wait_at(gate, 7.0 + 236, CHANNEL) == 0


def test_without_escalation_the_wait_only_runs_out() -> None:
    gate = Gate(Limits(0, 0, 1, escalate=False))

    assert [wait_at(gate, float(now), CHANNEL) for now in range(8)] == [0, *range(59, 52, -1)]


async def test_a_flood_is_told_in_the_body_and_in_the_header(sandbox: Sandbox, call: Caller) -> None:
    sandbox.limits = Limits(0, 0.01, 0)

    await call.post(PERSON)
    answer = await call("sendMessage", chat_id=PERSON, text="x")

    wait = answer.json["parameters"]["retry_after"]
    assert 0 < wait <= 100
    assert (answer.status, answer.headers["Retry-After"]) == (429, str(wait))
    assert answer.json == {
        "ok": False,
        "error_code": 429,
        "description": f"Too Many Requests: retry after {wait}",
        "parameters": {"retry_after": wait},
    }
    assert (sandbox.journal[-1].code, sandbox.journal[-1].retry_after) == (429, wait)


async def test_after_the_wait_the_chat_is_open_again(sandbox: Sandbox, call: Caller) -> None:
    sandbox.limits = Limits(0, 1, 0)
    await call.post(PERSON)

    await asyncio.sleep(1.01)

    assert await call.post(PERSON)


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("editMessageText", {"message_id": "2", "text": "x"}),
        ("editMessageReplyMarkup", {"message_id": "999"}),
        ("deleteMessage", {"message_id": "2"}),
        ("pinChatMessage", {"message_id": "2"}),
        ("forwardMessage", {"message_id": "2", "from_chat_id": OTHER}),
    ],
)
async def test_every_write_counts_for_its_chat(
    method: str, parameters: dict[str, str], sandbox: Sandbox, call: Caller
) -> None:
    await call.post(OTHER)
    sandbox.limits = Limits(0, 0.01, 0)
    await call.post(CHANNEL)

    answer = await call(method, chat_id=CHANNEL, **parameters)

    assert answer.status == 429


async def test_questions_and_malformed_calls_do_not_count(sandbox: Sandbox, call: Caller) -> None:
    sandbox.limits = Limits(1, 1, 1)

    for _ in range(3):
        await call("getChat", chat_id=CHANNEL)
        await call("sendMessage", chat_id=CHANNEL, text="")
        await call("sendMessage", chat_id=-1009999, text="x")

    assert await call.post(CHANNEL)


async def test_far_too_many_unanswered_calls_are_refused_after_a_pause(sandbox: Sandbox, call: Caller) -> None:
    sandbox.limits = Limits(0, 0, 0, guard_pause=0.01)
    waiting = [sandbox.world.gate.under_way(CHANNEL, 0) for _ in range(310)]
    for each in waiting:
        each.__enter__()

    crowded = await call("sendMessage", chat_id=CHANNEL, text="x")
    other = await call("sendMessage", chat_id=OTHER, text="x")
    for each in waiting:
        each.__exit__(None, None, None)

    assert crowded.json["parameters"] == {"retry_after": 60}
    assert (other.status, (await call("sendMessage", chat_id=CHANNEL, text="x")).status) == (200, 200)
